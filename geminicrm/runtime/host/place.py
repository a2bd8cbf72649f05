"""Where a host finds itself after the fork: what the supervisor grants it and expects of it."""

from msgspec import Struct

from geminicrm.runtime.host.messages import Line, Number


class Place(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The surroundings of one generation.

    `reads` are the paths, files and folders, that it may read. `canary` is a file that exists and
    must be out of its reach. `uid` is the user to become; where it is None for a locked host,
    `uid_off` says why, for the level in force. After `idle_seconds` without a conversation it ends
    itself. `parent` is the pid of the zygote: a host whose parent is another has lost it already.
    """

    generation: Number
    reads: tuple[Line, ...]
    canary: Line
    uid: int | None
    uid_off: Line
    idle_seconds: float
    parent: Number
