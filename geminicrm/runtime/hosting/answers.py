"""What comes back from a host, made into what the same code would give in process.

Whatever a host sends here was made by code that may mean harm: it is of the right type and shape,
or it is a failure of the extension.
"""

import re
from typing import Any, Literal

from msgspec import Struct

from extensions.sdk.actions import ActionResult
from extensions.sdk.blocks import Badge
from extensions.sdk.errors import Invalid
from geminicrm.runtime.failures import RemoteFailure
from geminicrm.runtime.host import values
from geminicrm.runtime.host.messages import Answer as AnswerMessage
from geminicrm.runtime.host.parts import Answer

# As RFC 9110 has them, and without what could end a line: a second header, a second answer.
_STATUS = re.compile(r"[2-5][0-9]{2} ?[\t\x20-\x7e]*")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class _Badge(Struct, forbid_unknown_fields=True):
    """A badge as it travels."""

    text: str
    tone: str = "neutral"
    type: Literal["badge"] = "badge"


class _Action(Struct, forbid_unknown_fields=True):
    """What `perform_action` gave, as it travels."""

    toast: str | None = None
    refresh: bool = False
    navigate: str | None = None
    field_errors: dict[str, str] = {}


def answer_of(message: object, body: bytes) -> Answer:
    """Give the answer to a request. Raises RemoteFailure for one that can't be sent on."""
    if not isinstance(message, AnswerMessage):
        raise RemoteFailure("", f"it answers with {type(message).__name__}")
    if not _STATUS.fullmatch(message.status):
        raise RemoteFailure("", f"ValueError: it answers with the status {message.status!r:.80}")
    for name, value in message.headers:
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise RemoteFailure("", f"ValueError: it answers with a wrong header {name!r:.80}")
    return Answer(message.status, list(message.headers), body)


def anything(body: bytes) -> Any:
    """Give a value of free form. Raises RemoteFailure."""
    return _decoded(body, Any)


def badges_of(body: bytes) -> dict[str, Badge] | None:
    """Give badges by record id. Raises RemoteFailure."""
    found: dict[str, _Badge] | None = _decoded(body, dict[str, _Badge] | None)
    if found is None:
        return None
    return {key: _badge(one) for key, one in found.items()}


def _badge(one: _Badge) -> Badge:
    return Badge(one.text, one.tone)  # type: ignore[arg-type]  # looked at where all blocks are


def action_of(body: bytes) -> ActionResult:
    """Give what an action asks the page to do. Raises RemoteFailure."""
    found: _Action = _decoded(body, _Action)
    try:
        return ActionResult(
            toast=found.toast,
            refresh=found.refresh,
            navigate=found.navigate,
            field_errors=found.field_errors,
        )
    except Invalid as error:
        raise RemoteFailure("", f"Invalid: {error}") from error


def _decoded(body: bytes, kind: Any) -> Any:
    try:
        return values.decode(body, kind)
    except values.ValueRefused as error:
        raise RemoteFailure("", f"TypeError: what it gives can't be used: {error}") from error
