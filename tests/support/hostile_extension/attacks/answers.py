"""Answers to a browser: headers, status lines and bodies that no extension may give."""

from collections.abc import Callable, Mapping

from flask import Response

_MIB = 1024 * 1024
EVIL = "evil-value"


def _with(name: str, value: str) -> Callable[[], Response]:
    return lambda: Response("{}", headers={name: value}, mimetype="application/json")


def _status(line: str) -> Callable[[], Response]:
    return lambda: Response("{}", status=line, mimetype="application/json")


def _raw(name: str, value: str) -> Callable[[], Response]:
    """Put a header past the checks of Werkzeug."""

    def make() -> Response:
        answer = Response("{}", mimetype="application/json")
        answer.headers._list.append((name, value))  # noqa: SLF001 - the attack
        return answer

    return make


def _cookie() -> Response:
    answer = Response("{}")
    answer.set_cookie("session", EVIL)
    return answer


ANSWERS: Mapping[str, Callable[[], Response]] = {
    "cookie": _cookie,
    "cookie_by_hand": _with("Set-Cookie", f"geminicrm_session={EVIL}; Path=/"),
    "split_header": _raw("ETag", f"x\r\nSet-Cookie: session={EVIL}\r\n\r\n<h1>"),
    "split_by_line_feed": _raw("Link", f"x\nSet-Cookie: session={EVIL}"),
    "split_in_name": _raw(f"ETag: x\r\nSet-Cookie: session={EVIL}\r\nX", "y"),
    "zero_in_header": _raw("ETag", f"x\x00{EVIL}"),
    "header_beyond_latin": _raw("ETag", "\u2603\ud800"),
    "content_security_policy": _with("Content-Security-Policy", f"script-src {EVIL}"),
    "report_only_policy": _with("Content-Security-Policy-Report-Only", f"report-uri {EVIL}"),
    "sniffing": _with("X-Content-Type-Options", EVIL),
    "frames": _with("X-Frame-Options", EVIL),
    "cross_origin": _with("Access-Control-Allow-Origin", EVIL),
    "strict_transport": _with("Strict-Transport-Security", EVIL),
    "clear_site_data": _with("Clear-Site-Data", EVIL),
    "service_worker": _with("Service-Worker-Allowed", EVIL),
    "refresh": _with("Refresh", f"0; url=https://{EVIL}.example"),
    "connection": _with("Connection", EVIL),
    "transfer_encoding": _with("Transfer-Encoding", EVIL),
    "upgrade": _with("Upgrade", EVIL),
    "proxy_authenticate": _with("Proxy-Authenticate", EVIL),
    "wrong_length": _with("Content-Length", "1"),
    "internal_redirect": _with("X-Accel-Redirect", EVIL),
    "send_file": _with("X-Sendfile", EVIL),
    "server_name": _with("Server", EVIL),
    "request_id": _with("X-Request-Id", EVIL),
    "status_words": _status(EVIL),
    "status_split": _status(f"200 OK\r\nSet-Cookie: session={EVIL}"),
    "status_informal": _status("100 Continue"),
    "status_switch": _status("101 Switching Protocols"),
    "status_too_high": _status("999 High"),
    "status_negative": _status("-1 Low"),
    "status_of_nothing": _status("0"),
    "huge": lambda: Response(b"x" * (12 * _MIB)),
    "endless": lambda: Response(b"x" * _MIB for _ in range(10_000)),
    "many_headers": lambda: Response("{}", headers=[("Link", "x" * 4_000)] * 1_000),
    "not_text": lambda: Response(b"\xff\xfe\x00", mimetype="application/json"),
    "script": lambda: Response("<script>alert(1)</script>", mimetype="text/html"),
}
