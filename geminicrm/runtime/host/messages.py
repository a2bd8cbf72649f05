"""The messages on the wire between the core, the supervisor and the hosts: typed, closed, small.

Every message is a header in MessagePack with raw bytes beside it. Nothing in a header is untyped:
a decoder that builds what the sender likes can be made to grow to many times the frame. Values of
free form (a record, the arguments of a hook) travel in the raw bytes as JSON, see `values.py`.

A conversation is started by the core and has a number; the host calls back on the same connection
and nothing else reaches the core. `seconds` is what is left of the one deadline of the call.
`more` says that further raw bytes of the same message follow as Chunk.

Three rules keep a decoder small, whatever it is sent. Tags are numbers, and no text is a Literal:
the refusal of an unknown one would hold its text twice over. Every list has its `max_length`, which
MessagePack lets msgspec check before it builds one. Text is checked after it is built, up to five
times its bytes: so `wire.py` bounds the whole header.
"""

from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

MOST_HEADERS: Final = 100
MOST_FINDINGS: Final = 100
Short: TypeAlias = Annotated[str, Meta(max_length=200)]
Line: TypeAlias = Annotated[str, Meta(max_length=2_000)]
Address: TypeAlias = Annotated[str, Meta(max_length=8_192)]
Headers: TypeAlias = Annotated[tuple[tuple[Short, Address], ...], Meta(max_length=MOST_HEADERS)]
Number: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=3_600)]
Days: TypeAlias = Annotated[float, Meta(ge=0, le=86_400)]


class Message(Struct, frozen=True, tag=True, array_like=True, forbid_unknown_fields=True):
    """Base of all messages."""


class ErrorFacts(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One of the SDK's errors: its code, its text and whatever its class keeps, see `raised.py`."""

    code: Short
    text: Line
    about: Annotated[dict[Short, Line | int | bool | None], Meta(max_length=8)] = {}
    findings: Annotated[tuple[tuple[Line, Short, Line], ...], Meta(max_length=MOST_FINDINGS)] = ()


# From the core to a host


class Request(Message, frozen=True, tag=1):
    """An HTTP request to a route, as the extension may see it; its body is beside it."""

    id: Number
    seconds: Seconds
    method: Short
    path: Address
    query: Address
    scheme: Short
    server: Short
    port: Short
    protocol: Short
    headers: Headers
    more: bool = False


class Invoke(Message, frozen=True, tag=2):
    """A call of a hook, of install(), uninstall() or perform_action(); arguments are JSON.

    `what` is "hook", "install", "uninstall" or "action".
    """

    id: Number
    seconds: Seconds
    what: Short
    name: Short = ""


class Reply(Message, frozen=True, tag=3):
    """What a door of the core gave to the call back `seq`, as JSON."""

    id: Number
    seq: Number


class HttpReply(Message, frozen=True, tag=4):
    """What an outside host answered to the call back `seq`; its body is beside it."""

    id: Number
    seq: Number
    status: Number
    headers: Headers
    more: bool = False


class Refusal(Message, frozen=True, tag=5):
    """A door of the core refused the call back `seq`."""

    id: Number
    seq: Number
    error: ErrorFacts


# From a host to the core


class Hello(Message, frozen=True, tag=6):
    """The first word of a host on each connection: nothing was worked on before it."""

    generation: Number


class Back(Message, frozen=True, tag=7):
    """A call back: a method of a door, with its arguments as JSON."""

    id: Number
    seq: Number
    door: Short
    method: Short


class HttpBack(Message, frozen=True, tag=8):
    """A call back to `app.http`; the request's body is beside it."""

    id: Number
    seq: Number
    method: Short
    url: Address
    timeout: Seconds
    headers: Headers
    retries: Number = 3
    key: Short | None = None
    key_header: Short = "Idempotency-Key"
    cache_seconds: Days = 0.0
    more: bool = False


class Answer(Message, frozen=True, tag=9):
    """The answer to a Request; its body is beside it."""

    id: Number
    status: Short
    headers: Headers
    more: bool = False


class Value(Message, frozen=True, tag=10):
    """What an Invoke returned, as JSON."""

    id: Number


class Raised(Message, frozen=True, tag=11):
    """The extension let one of the SDK's errors through, `where` in its own code."""

    id: Number
    error: ErrorFacts
    where: Line = ""


class Failed(Message, frozen=True, tag=12):
    """The extension's code raised another error: `where` in its own code, and what it says."""

    id: Number
    where: Line
    reason: Line


class Goaway(Message, frozen=True, tag=13):
    """The host takes no new conversation here, and will not begin what it has not begun."""


# Both ways


class Chunk(Message, frozen=True, tag=14):
    """Further raw bytes of a message that said `more`."""

    id: Number
    more: bool


ToHost: TypeAlias = Request | Invoke | Reply | HttpReply | Refusal | Chunk
ToCore: TypeAlias = Hello | Back | HttpBack | Answer | Value | Raised | Failed | Goaway | Chunk
