"""Requests on their way into an extension's own small application, and its answers back out.

Extensions see neither the caller's credentials nor the proxy in front, and what they answer can
do nothing in a browser that the page itself could do.
"""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, Protocol

from flask import Blueprint, Response, request

from geminicrm.kernel.work import Actor
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.failures import ExtensionUnknown
from geminicrm.runtime.host.loading import MOUNT
from geminicrm.runtime.host.parts import Answer
from geminicrm.runtime.live import Installed

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
# A sandboxed page has an origin of its own, runs no script and sends no form.
_SAFETY = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_KEPT_VARIABLES = frozenset(
    {
        "REQUEST_METHOD",
        "PATH_INFO",
        "QUERY_STRING",
        "CONTENT_TYPE",
        "SERVER_NAME",
        "SERVER_PORT",
        "SERVER_PROTOCOL",
        "wsgi.version",
        "wsgi.url_scheme",
        "wsgi.errors",
        "wsgi.multithread",
        "wsgi.multiprocess",
        "wsgi.run_once",
    }
)
_HIDDEN_HEADERS = frozenset(
    {
        "HTTP_AUTHORIZATION",
        "HTTP_CLIENT_IP",
        "HTTP_CONNECTION",
        "HTTP_COOKIE",
        "HTTP_EXPECT",
        "HTTP_FORWARDED",
        "HTTP_IDEMPOTENCY_KEY",
        "HTTP_TE",
        "HTTP_TRANSFER_ENCODING",
        "HTTP_TRUE_CLIENT_IP",
        "HTTP_UPGRADE",
        "HTTP_VIA",
        "HTTP_X_CLIENT_IP",
        "HTTP_X_CSRFTOKEN",
        "HTTP_X_CSRF_TOKEN",
        "HTTP_X_ORIGINAL_URL",
        "HTTP_X_REAL_IP",
        "HTTP_X_REQUEST_ID",
        "HTTP_X_REWRITE_URL",
        "HTTP_X_XSRF_TOKEN",
    }
)
_HIDDEN_PREFIXES = ("HTTP_X_FORWARDED", "HTTP_PROXY", "HTTP_CF_", "HTTP_SEC_WEBSOCKET")
_ALLOWED_HEADERS = frozenset(
    {
        "accept-ranges",
        "allow",
        "cache-control",
        "content-disposition",
        "content-language",
        "content-range",
        "content-type",
        "deprecation",
        "etag",
        "expires",
        "last-modified",
        "link",
        "location",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "sunset",
        "vary",
        "x-total-count",
    }
)


class Finder(Protocol):
    """Finds the installation of an extension in a workspace."""

    def find(self, workspace_id: str, extension_id: str) -> Installed | None:
        """Give it if it is switched on."""
        ...


class Runs(Protocol):
    """The guarded call."""

    def run(self, call: CallContext, function: Callable[[], Answer]) -> Answer:
        """Run the function for the call."""
        ...


class Dispatcher:
    """Runs an extension's routes; `seconds` is what one request may take of its time."""

    def __init__(self, finder: Finder, calls: Runs, seconds: float) -> None:
        self._finder = finder
        self._calls = calls
        self._seconds = seconds

    def answer(
        self, actor: Actor, extension_id: str, environ: Mapping[str, Any], body: bytes
    ) -> Response:
        """Answer one request with what the extension says.

        Raises ExtensionUnknown, ExtensionFailed, ExtensionBusy, ExtensionPaused.
        """
        installed = self._finder.find(actor.workspace_id, extension_id)
        if installed is None:
            raise ExtensionUnknown(extension_id)
        call = CallContext(installed, actor, "route", self._seconds)
        inner = inner_environ(environ, body)
        answer = self._calls.run(call, lambda: installed.loaded.answer(inner))
        return safe_response(answer)


def inner_environ(environ: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """Give the request as the extension may see it."""
    inner = {name: value for name, value in environ.items() if _is_shown(name)}
    inner["SCRIPT_NAME"] = ""
    inner["CONTENT_LENGTH"] = str(len(body))
    inner["wsgi.input"] = BytesIO(body)
    inner["wsgi.input_terminated"] = True
    return inner


def _is_shown(name: str) -> bool:
    if not name.startswith("HTTP_"):
        return name in _KEPT_VARIABLES
    return name not in _HIDDEN_HEADERS and not name.startswith(_HIDDEN_PREFIXES)


def safe_response(answer: Answer) -> Response:
    """Give an extension's answer as a browser may have it: chosen headers, sandboxed."""
    headers = [pair for pair in answer.headers if pair[0].lower() in _ALLOWED_HEADERS]
    # What one caller may see must not come out of a shared cache for another.
    if any(name.lower() == "cache-control" for name, _ in headers):
        headers.append(("Vary", "Authorization, Cookie"))
    else:
        headers.append(("Cache-Control", "private, no-store"))
    headers.extend(_SAFETY)
    return Response(answer.body, answer.status, headers)


def blueprint(dispatcher: Dispatcher, current_actor: Callable[[], Actor]) -> Blueprint:
    """Make the door to the routes of all extensions; the app's guard stands in front of it.

    The guard must have kept the body (`request.get_data()`) where it read a form from it.
    """
    door = Blueprint("extension_routes", __name__, url_prefix=MOUNT)

    def route(extension_id: str, path: str = "") -> Response:  # noqa: ARG001 - the extension matches the path itself
        body = request.get_data(cache=True) if request.method not in BODILESS else b""
        return dispatcher.answer(current_actor(), extension_id, request.environ, body)

    for rule in ("/<extension_id>", "/<extension_id>/<path:path>", "/<extension_id>/"):
        door.add_url_rule(
            rule,
            "route",
            route,
            methods=METHODS,
            provide_automatic_options=False,
            strict_slashes=True,
            merge_slashes=False,
        )
    return door
