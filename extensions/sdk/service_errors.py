"""What an outside service says when it does not do what was asked; integrations raise these.

ServiceError
+-- AuthenticationError   it refuses the credentials: the connection has to be renewed
+-- AccessDenied          it knows the credentials, and they may not do this
+-- ServiceNotFound       it has no such thing
+-- ServiceRefused        it refuses the values that it was given
+-- RateLimited           too many calls; `retry_after` says when to come again
+-- ServiceUnavailable    it is down, or answers with nonsense
+-- OutcomeUnknown        it may have done what was asked: a person decides
NotConnected              the workspace has no connection that could be used

Each carries `mend`, what a person can do, and `accepted`: `no` where the service has certainly not
done what was asked, else `unknown`. Only after `no` may the same be asked of another provider.
"""

from typing import ClassVar, Literal

from extensions.sdk.errors import SdkError

Accepted = Literal["no", "unknown"]


class ServiceError(SdkError):
    """The service did not do it. `service_code` is its own name for the reason, "" for none.

    `retry_after` is in seconds, 0 where the service does not say.
    """

    code: ClassVar[str] = "service_error"
    usual_mend: ClassVar[str] = ""
    usually_accepted: ClassVar[Accepted] = "no"

    def __init__(
        self,
        detail: str,
        *,
        mend: str = "",
        service_code: str = "",
        accepted: Accepted | None = None,
        retry_after: int = 0,
    ) -> None:
        super().__init__(detail)
        self.mend = mend or self.usual_mend
        self.service_code = service_code
        self.accepted: Accepted = accepted or self.usually_accepted
        self.retry_after = retry_after


class AuthenticationError(ServiceError):
    """The service refuses the credentials."""

    code = "authentication_failed"
    usual_mend = "Renew the credentials on the connection's page, then test it."


class AccessDenied(ServiceError):
    """The credentials are good and may not do this."""

    code = "access_denied"
    usual_mend = "Give the credentials this right at the service, or connect again with more."


class ServiceNotFound(ServiceError):
    """The service has no such thing."""

    code = "service_not_found"
    usual_mend = "Check that it still exists at the service."


class ServiceRefused(ServiceError):
    """The service refuses the values."""

    code = "service_refused"
    usual_mend = "Mend the values that the service names."


class RateLimited(ServiceError):
    """Too many calls."""

    code = "rate_limited"
    usual_mend = (
        "Nothing to do: it is tried again later. If it stays, raise the limit at the service."
    )


class ServiceUnavailable(ServiceError):
    """The service is down or can't be reached."""

    code = "service_unavailable"
    usual_mend = "Look at the service's status page; it is tried again later."


class OutcomeUnknown(ServiceError):
    """The answer was lost after the request had left: the service may have done it."""

    code = "outcome_unknown"
    usual_mend = "Look at the service whether it was done, then decide."
    usually_accepted = "unknown"


class NotConnected(SdkError):
    """There is no connection to use; `service` is the extension's id."""

    code = "not_connected"

    def __init__(self, service: str) -> None:
        super().__init__(f"{service} is not connected: connect it under Integrations first.")
        self.service = service
