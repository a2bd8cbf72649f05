"""What can go wrong between us and the service that gives tokens."""

from typing import Final

from geminicrm.kernel.errors import AppError, BadRequest

_OF_THE_CLIENT: Final = frozenset({"invalid_client", "unauthorized_client", "incorrect_client"})
_SIGN_IN_AGAIN: Final = "Sign in again on the connection's page."
_CHECK_CLIENT: Final = (
    "Check the client id and the client secret on the connection's page against the service's."
)


class GrantRefused(Exception):
    """The service gives no token, and asking again changes nothing; `code` is its own word."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code

    @property
    def mend(self) -> str:
        """What a person can do."""
        return _CHECK_CLIENT if self.code in _OF_THE_CLIENT else _SIGN_IN_AGAIN


class ProviderAway(Exception):
    """The service gave no token that could be read; `retry_after` is in seconds, 0 for unsaid."""

    def __init__(self, detail: str, retry_after: int = 0) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class StateRefused(BadRequest):
    """What came back belongs to no journey that this browser began, or to one that is over."""

    code = "sign_in_unknown"
    title = "This sign-in can't be finished"

    def __init__(self) -> None:
        super().__init__(
            "It is over, or was begun in another browser: begin again on the connection's page."
        )


class IssuerRefused(BadRequest):
    """The answer names another service than the one that was asked (RFC 9207, section 2.4)."""

    code = "issuer_mismatch"
    title = "This answer comes from another service"

    def __init__(self) -> None:
        super().__init__(
            "The answer does not say that it is from the service where the sign-in began. Nothing "
            "was stored; begin again on the connection's page."
        )


class SignInFailed(AppError):
    """The service did not let us in; `connection_id` is where people go on."""

    code = "sign_in_failed"
    status = 502
    title = "The service did not sign you in"

    def __init__(self, connection_id: str, detail: str) -> None:
        super().__init__(detail)
        self.connection_id = connection_id
