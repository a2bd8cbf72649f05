"""Calls of an extension's hooks and methods: arguments from JSON, results to JSON."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.actions import ActionResult
from extensions.sdk.blocks import Badge, validate_blocks
from extensions.sdk.events import Event
from extensions.sdk.jobs import Schedule
from extensions.sdk.records import RecordChange
from geminicrm.runtime.host.jobs import JobFacts
from geminicrm.runtime.host.loading import Loaded
from geminicrm.runtime.host.messages import Invoke
from geminicrm.runtime.host.values import ValueRefused, decode, encode
from geminicrm.runtime.host.wire import WireBroken

_ARGUMENTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "before_record_save": tuple[RecordChange],
        "on_event": tuple[Event],
        "on_schedule": tuple[Schedule],
        "run_job": tuple[JobFacts],
    }
)
"""What the arguments of a hook are where they are not plain data."""


def invoke(loaded: Loaded, message: Invoke, body: bytes) -> bytes:
    """Call what the message names; give the result as JSON.

    Raises whatever the extension raises, TypeError for a result of the wrong kind, WireBroken for
    a call that no core makes.
    """
    call = _CALLS.get(message.what)
    if call is None:
        raise WireBroken(f"there is nothing to call {message.what!r}")
    return encode(call(loaded, message.name, body))


def _hook(loaded: Loaded, name: str, body: bytes) -> object:
    hook = loaded.hooks.get(name)
    if hook is None:
        raise WireBroken(f"there is no hook {name!r}")
    given = _given(body, _ARGUMENTS.get(name, list[Any]))
    found = hook.call(*(one.job() if isinstance(one, JobFacts) else one for one in given))
    reader = _RESULTS.get(name)
    return reader(found) if reader is not None else None


def _install(loaded: Loaded, _name: str, _body: bytes) -> object:
    return loaded.extension.install()


def _uninstall(loaded: Loaded, _name: str, _body: bytes) -> object:
    return loaded.extension.uninstall()


def _act(loaded: Loaded, _name: str, body: bytes) -> object:
    given = _given(body, tuple[str, dict[str, Any], str | None, str | None])
    found: object = loaded.extension.perform_action(*given)
    if not isinstance(found, ActionResult):
        kind = type(found).__name__
        raise TypeError(f"perform_action() must return an ActionResult, not {kind}")
    return found.to_dict()


def _given(body: bytes, kind: Any) -> Any:
    try:
        return decode(body, kind)
    except ValueRefused as error:
        raise WireBroken(f"arguments of another kind: {error}") from error


def _blocks(found: Any) -> object:
    return None if found is None else validate_blocks(found)


def _badges(found: Any) -> object:
    return {record_id: _badge(badge) for record_id, badge in (found or {}).items()}


def _as_it_is(found: Any) -> object:
    return found


def _badge(badge: object) -> object:
    if not isinstance(badge, Badge):
        raise TypeError(f"collect_badges must give Badge values, not {type(badge).__name__}")
    return badge.to_dict()


_CALLS: Final[Mapping[str, Callable[[Loaded, str, bytes], object]]] = MappingProxyType(
    {"hook": _hook, "install": _install, "uninstall": _uninstall, "action": _act}
)
_RESULTS: Final[Mapping[str, Callable[[Any], object]]] = MappingProxyType(
    {
        "collect_panel": _blocks,
        "collect_widget": _blocks,
        "collect_settings_panel": _blocks,
        "collect_badges": _badges,
        "run_operation": _as_it_is,
    }
)
"""How the results of hooks are written; what the others return is of no interest."""
