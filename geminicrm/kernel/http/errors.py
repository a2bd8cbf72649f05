"""What can go wrong with an outside call; every error says whether the receiver may have seen it.

HttpFailed
├── AddressRefused (422)
├── ConnectFailed (502)
├── TlsFailed (502)
├── HttpTimeout (504)
├── ResponseTooLarge (502)
└── ResponseBroken (502)
"""

from geminicrm.kernel.errors import AppError


class HttpFailed(AppError):
    """An outside call gave no usable answer.

    `where` is scheme, host and port (never the path, which may hold a secret). `sent` is False
    only where certainly no byte of the request left, so that a repeat can't act twice.
    """

    code = "http_failed"
    status = 502
    title = "The other side could not be reached"

    def __init__(self, detail: str, *, where: str, sent: bool) -> None:
        super().__init__(detail, where=where, sent=sent)
        self.where = where
        self.sent = sent


class AddressRefused(HttpFailed):
    """The address is one that the core never calls; `reason` is a stable word for why.

    Reasons: scheme, https, userinfo, host, spelling, name, port, address, url.
    """

    code = "address_refused"
    status = 422
    title = "This address may not be called"

    def __init__(self, reason: str, detail: str, *, where: str) -> None:
        super().__init__(detail, where=where, sent=False)
        self.reason = reason
        self.extra["reason"] = reason


class ConnectFailed(HttpFailed):
    """The name does not resolve, or nothing accepts the connection; nothing was sent."""

    code = "connect_failed"
    title = "No connection to the other side"


class TlsFailed(HttpFailed):
    """The certificate does not hold or the handshake failed; nothing was sent."""

    code = "tls"
    title = "The other side could not prove who it is"


class HttpTimeout(HttpFailed):
    """The total deadline passed; `stage` is resolve, connect, tls, send or read."""

    code = "timeout"
    status = 504
    title = "The other side took too long"

    def __init__(self, detail: str, *, where: str, stage: str, sent: bool) -> None:
        super().__init__(detail, where=where, sent=sent)
        self.stage = stage
        self.extra["stage"] = stage


class ResponseTooLarge(HttpFailed):
    """The answer is longer than the caller takes; it was read no further."""

    code = "response_too_large"
    title = "The other side answered too much"


class ResponseBroken(HttpFailed):
    """The answer is not HTTP, or it ended before its announced end."""

    code = "response_broken"
    title = "The other side broke off or did not speak HTTP"
