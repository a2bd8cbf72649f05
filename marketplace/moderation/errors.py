"""What moderation refuses.

Conflict
├── WrongState (409)
└── LiftedAlready (409)
Forbidden
└── NotYours (403)
NotFound
└── UnknownNotice (404)
"""

from collections.abc import Collection

from geminicrm.kernel.errors import Conflict, Forbidden, NotFound


class WrongState(Conflict):
    """The version is in a state from which this does not lead on."""

    code = "wrong_state"
    title = "The version is in another state"

    def __init__(
        self, extension_id: str, version: str, state: str, wanted: Collection[str]
    ) -> None:
        known = " or ".join(wanted)
        super().__init__(
            f"{extension_id} {version} is {state}; this goes for versions that are {known}.",
            state=state,
        )


class LiftedAlready(Conflict):
    """The order or advisory has been taken back before."""

    code = "taken_back"
    title = "It was taken back before"


class NotYours(Forbidden):
    """Only the publisher's members and operators may do this."""

    code = "not_yours"
    title = "This is another publisher's"

    def __init__(self, who: str, extension_id: str) -> None:
        super().__init__(
            f"{who} is no member of the publisher of {extension_id}, and does not operate this "
            "installation."
        )


class UnknownNotice(NotFound):
    """There is no such order or advisory."""

    code = "unknown_notice"

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(kind, identifier)
        self.detail = f"There is no {kind} {identifier!r}."
        self.args = (self.detail,)
