"""What goes out and what comes back: the request, checked before anything is opened."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from geminicrm.kernel.errors import Finding, ValidationFailed

MAX_BYTES = 10 * 1024 * 1024
DEADLINE_SECONDS = 30.0
# The WebDAV methods are those of calendar and file services.
METHODS = frozenset(
    {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
    | {"PROPFIND", "PROPPATCH", "REPORT", "MKCOL", "MKCALENDAR"}
)
# The client writes these itself: a caller's copy could smuggle a second request.
_OURS = frozenset(
    {"host", "connection", "keep-alive"}
    | {"content-length", "transfer-encoding", "accept-encoding", "trailer", "upgrade", "expect"}
    | {"te"}  # codespell:ignore te
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,16384}")


@dataclass(frozen=True)
class HttpRequest:
    """One outside call.

    `deadline_seconds` covers everything from the look-up of the name to the last byte;
    `max_bytes` bounds the answer's body: past it ResponseTooLarge, or with `truncate` an answer
    cut there. `keep` names who may use the connection afterwards, "" nobody: it carries
    credentials, so it is one caller's own. `repeatable` says that twice does no more than once.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    deadline_seconds: float = DEADLINE_SECONDS
    max_bytes: int = MAX_BYTES
    https_only: bool = False
    truncate: bool = False
    keep: str = ""
    repeatable: bool = False

    @property
    def may_repeat(self) -> bool:
        """Whether it does no harm to send it twice (RFC 9110, section 9.2.2)."""
        return self.repeatable or self.method in SAFE_METHODS

    def check(self) -> None:
        """Raise ValidationFailed with every header and method that may not go out."""
        findings = [finding for name in self.headers for finding in self._check_header(name)]
        if self.method not in METHODS:
            findings.append(
                Finding("/method", "method_refused", f"Use one of {', '.join(sorted(METHODS))}.")
            )
        if findings:
            raise ValidationFailed(findings)

    def _check_header(self, name: str) -> list[Finding]:
        if not _NAME.fullmatch(name):
            return [Finding("/headers", "header_refused", f"{name!r} is no header name.")]
        if name.lower() in _OURS or name.lower().startswith("proxy-"):
            return [Finding(f"/headers/{name}", "header_refused", "The client sets this itself.")]
        if not _VALUE.fullmatch(self.headers[name]):
            text = "Line breaks, control characters and characters outside Latin-1 can't be sent."
            return [Finding(f"/headers/{name}", "header_refused", text)]
        return []


@dataclass(frozen=True)
class HttpResponse:
    """The answer, whatever its status; redirects are answers too.

    Names in `headers` are in lower case, repeated ones joined with a comma; `elapsed_ms` runs
    from the look-up of the name to the last byte.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: float
    truncated: bool = False


class Sink(Protocol):
    """Where the body of a streamed answer goes; may raise an AppError to end the call."""

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Take note of the head, which comes once and first; names are in lower case."""
        ...

    def write(self, chunk: bytes) -> object:
        """Take the next bytes of the body."""
        ...
