"""What stands for an extension in the core while its code runs in a host."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import msgspec
from flask import Blueprint
from typing_extensions import override

from extensions.extension_base import ExtensionBase
from extensions.sdk.actions import ActionResult
from extensions.sdk.context import Context
from extensions.sdk.errors import PermissionDenied, SdkError
from extensions.sdk.hookspecs import BUDGET_SECONDS, hook_arguments
from extensions.sdk.jobs import Job
from geminicrm.api.http import problem
from geminicrm.kernel.errors import TooLarge
from geminicrm.runtime.failures import RemoteFailure
from geminicrm.runtime.host.jobs import JobFacts
from geminicrm.runtime.host.messages import Failed, Invoke, Raised
from geminicrm.runtime.host.parts import Answer, Hook
from geminicrm.runtime.host.raised import error_of
from geminicrm.runtime.host.values import encode
from geminicrm.runtime.host.wire import TooLong, WireBroken
from geminicrm.runtime.hosting.answers import action_of, answer_of, anything, badges_of
from geminicrm.runtime.hosting.conversation import Task
from geminicrm.runtime.hosting.endpoint import Endpoint
from geminicrm.runtime.hosting.opening import HARMLESS, opening_of
from geminicrm.runtime.sdk_errors import to_core

_READERS: Mapping[str, Callable[[bytes], Any]] = MappingProxyType(
    {
        "collect_panel": anything,
        "collect_widget": anything,
        "collect_settings_panel": anything,
        "collect_badges": badges_of,
        "run_operation": anything,
    }
)
"""How the results of hooks are read; those of the others are of no interest."""
_SCOPE = re.compile("[a-z0-9:._-]{1,80}")


class Remote:
    """Calls into one host; `draft` says that its installation may not be stored yet."""

    def __init__(self, endpoint: Endpoint, *, draft: bool) -> None:
        self._endpoint = endpoint
        self._draft = draft

    def invoke(self, what: str, name: str = "", arguments: object = ()) -> bytes:
        """Call a method; give what it gave, as JSON.

        Raises the SDK's errors that the extension let through, RemoteFailure for all others;
        ExtensionTimeout, HostUnavailable.
        """
        task = Task(
            opening=lambda number, seconds: Invoke(number, seconds, what, name),
            body=encode(arguments),
            draft=self._draft,
        )
        try:
            ending = self._endpoint.ask(task)
        except TooLong as error:
            raise RemoteFailure(
                "", f"what it is given does not fit into a message: {error}"
            ) from error
        _raise(ending.message)
        return ending.body

    def hook(self, name: str, *arguments: object) -> Any:
        """Call a hook with its arguments in their order; give what the hook gives."""
        given = self.invoke("hook", name, [_as_sent(one) for one in arguments])
        reader = _READERS.get(name)
        return reader(given) if reader is not None else None

    def answer(self, environ: dict[str, Any]) -> Answer:
        """Answer a request; errors of the SDK are answers too. Raises as `invoke`."""
        task = Task(
            opening=opening_of(environ),
            body=environ["wsgi.input"].read(),
            repeatable=environ["REQUEST_METHOD"] in HARMLESS,
            draft=self._draft,
        )
        extension_id = self._endpoint.spec.extension_id
        try:
            ending = self._endpoint.ask(task)
        except TooLong:
            refusal = TooLarge("The address or the headers of the request are too long.")
            return _problem(refusal, environ)
        message = ending.message
        if isinstance(message, Raised):
            return _problem(to_core(_error(message), extension_id), environ)
        _raise(message)
        return answer_of(message, ending.body)


class HostedExtension(ExtensionBase):
    """The methods of an extension, called in its host."""

    def __init__(self, app: Context, remote: Remote) -> None:
        super().__init__(app)
        self._remote = remote

    @override
    def install(self) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = anything(self._remote.invoke("install"))
        return found

    @override
    def uninstall(self) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = anything(self._remote.invoke("uninstall"))
        return found

    @override
    def get_routes(self) -> Blueprint:
        raise NotImplementedError("its routes are in its host")

    @override
    def perform_action(
        self,
        action: str,
        values: Mapping[str, Any],
        record_type: str | None,
        record_id: str | None,
    ) -> ActionResult:
        arguments = (action, values, record_type, record_id)
        return action_of(self._remote.invoke("action", "", arguments))


def hosted_hooks(remote: Remote, names: Iterable[str]) -> Mapping[str, Hook]:
    """Give the hooks with these names; one that this core does not have is left out."""
    return MappingProxyType(
        {
            name: Hook(partial(remote.hook, name), tuple(range(len(hook_arguments(name)))))
            for name in names
            if name in BUDGET_SECONDS
        }
    )


def _as_sent(argument: object) -> object:
    if not isinstance(argument, Job):
        return argument
    facts = JobFacts(argument.id, argument.name, argument.payload, argument.attempt)
    return msgspec.structs.asdict(facts)


def _raise(message: object) -> None:
    if isinstance(message, Failed):
        raise RemoteFailure(message.where, message.reason)
    if isinstance(message, Raised):
        raise _error(message) from RemoteFailure(message.where, message.error.text)


def _error(message: Raised) -> SdkError:
    try:
        error = error_of(message.error)
    except WireBroken as broken:
        raise RemoteFailure("", f"its process does not keep to the protocol: {broken}") from broken
    # It becomes a part of a header of the answer.
    if isinstance(error, PermissionDenied) and not _SCOPE.fullmatch(error.scope):
        raise RemoteFailure(
            message.where, f"PermissionDenied: {error.scope!r:.80} is no permission"
        )
    return error


def _problem(error: Any, environ: Mapping[str, Any]) -> Answer:
    response = problem(error, environ["PATH_INFO"])
    return Answer(response.status, response.headers.to_wsgi_list(), response.get_data())
