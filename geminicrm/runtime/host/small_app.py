"""The small Flask application that each loaded version has for its routes."""

from collections.abc import Iterable
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import NullSession, SecureCookieSessionInterface
from typing_extensions import override
from werkzeug.routing import MapAdapter

from geminicrm.runtime.host.parts import Answer

MOST_BYTES = 10 * 1024 * 1024


class AnswerTooLarge(Exception):
    """The extension answers more than the core takes."""


class _NoSessions(SecureCookieSessionInterface):
    """No cookie comes in and none goes out; reading says so as Flask does."""

    @override
    def open_session(self, app: Flask, request: Request) -> None:
        return None

    @override
    def make_null_session(self, app: Flask) -> NullSession:
        return NullSession()


class SmallApp(Flask):
    """Flask without what an extension can't have, so that it costs little inside of the core."""

    session_interface = _NoSessions()

    def __init__(self, package: str, folder: str) -> None:
        super().__init__(package, root_path=folder, static_folder=None)
        self.debug = False

    @override
    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        # Without subdomains and mounts, which Flask would work out anew for each request.
        if request is None:
            return None
        environ = request.environ
        return self.url_map.bind(
            environ.get("HTTP_HOST") or environ["SERVER_NAME"],
            url_scheme=environ["wsgi.url_scheme"],
            default_method=environ["REQUEST_METHOD"],
            path_info=request.path,
            query_args=environ["QUERY_STRING"],
        )

    def answer(self, environ: dict[str, Any]) -> Answer:
        """Answer one request, with the body read to its end.

        Raises whatever the extension raises and does not handle, and AnswerTooLarge.
        """
        with self.request_context(environ):
            response = self.full_dispatch_request()
            try:
                body = _read(response)
            finally:
                response.close()
        return Answer(response.status, response.headers.to_wsgi_list(), body)


def _read(response: Response) -> bytes:
    response.direct_passthrough = False
    chunks: Iterable[bytes] = response.iter_encoded()
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MOST_BYTES:
            raise AnswerTooLarge(f"its answer is longer than {MOST_BYTES} bytes")
    return bytes(body)
