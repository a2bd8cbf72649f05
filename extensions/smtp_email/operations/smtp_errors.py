"""What a mail server's refusals mean (RFC 5321, enhanced codes of RFC 3463)."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from extensions.sdk.capabilities.email import RefusedRecipient
from extensions.sdk.service_errors import (
    AuthenticationError,
    RateLimited,
    ServiceError,
    ServiceRefused,
    ServiceUnavailable,
)

_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_SIGN_IN: Final = frozenset({530, 534, 535, 538})
_PERMANENT: Final = 500
_MOST: Final = 300
# Words of Gmail (4.2.1, 5.4.5), Exchange ("submission quota") and SES ("Throttling failure").
_TOO_MANY: Final = re.compile(
    r"\brate\b|limit|throttl|too many|quota exceeded|5\.4\.5|4\.7\.28", re.IGNORECASE
)
_FULL_BOX: Final = re.compile(r"[45]\.2\.2|mailbox (is )?full|over quota", re.IGNORECASE)
_A_DAY: Final = re.compile(r"\bdaily\b|5\.4\.5", re.IGNORECASE)
_HOUR_SECONDS: Final = 3600
_MINUTE_SECONDS: Final = 60


class Reply(NamedTuple):
    """One reply of a server; 0 as the code stands for a connection that ended."""

    code: int
    text: str

    @classmethod
    def of(cls, raw: tuple[int, bytes]) -> "Reply":
        """Read what smtplib gives."""
        text = raw[1].decode("utf-8", "replace").replace("\n", " ")
        return cls(raw[0], "".join(one for one in text if one.isprintable())[:_MOST])

    @property
    def ok(self) -> bool:
        """Whether the server did what it was asked."""
        return 200 <= self.code < 300  # noqa: PLR2004 - positive replies of RFC 5321, 4.2.1

    @property
    def service_code(self) -> str:
        """The code and the enhanced one."""
        found = _ENHANCED.search(self.text)
        return f"{self.code} {found[0]}" if found else str(self.code)

    @property
    def is_permanent(self) -> bool:
        """Whether the same would be refused again."""
        return self.code >= _PERMANENT and not self.is_too_many

    @property
    def is_too_many(self) -> bool:
        """Whether it speaks of too many mails, not of a full mailbox."""
        return bool(_TOO_MANY.search(self.text)) and not _FULL_BOX.search(self.text)


def error_of(reply: Reply, doing: str, mend: str = "") -> ServiceError:
    """Give the error for a refusal; nothing was accepted."""
    detail = f"{doing}: the server answered {reply.code} {reply.text}".rstrip()
    if reply.code in _SIGN_IN:
        return AuthenticationError(detail, mend=mend, service_code=reply.service_code)
    if reply.is_too_many:
        wait = _HOUR_SECONDS if _A_DAY.search(reply.text) else _MINUTE_SECONDS
        return RateLimited(detail, service_code=reply.service_code, retry_after=wait)
    if reply.is_permanent:
        return ServiceRefused(detail, mend=mend, service_code=reply.service_code)
    return ServiceUnavailable(detail, service_code=reply.service_code, retry_after=_MINUTE_SECONDS)


def refused(email: str, reply: Reply) -> RefusedRecipient:
    """Give a recipient that was not taken."""
    return RefusedRecipient(
        email=email, code=reply.service_code, reason=reply.text, permanent=reply.is_permanent
    )


def all_refused(replies: Sequence[tuple[str, Reply]]) -> ServiceError:
    """Give the error for a mail that nobody is to get: temporary, if one refusal is."""
    worst = min((reply for _, reply in replies), key=lambda one: one.is_permanent)
    listed = "; ".join(f"{email}: {reply.code} {reply.text}" for email, reply in replies[:5])
    error = error_of(worst, "No recipient was taken")
    error.args = (f"No recipient was taken. {listed}",)
    return error
