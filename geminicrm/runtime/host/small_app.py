"""The small Flask application that each loaded version has for its routes."""

from collections.abc import Iterator
from contextlib import contextmanager
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
        with self.answering(environ) as response:
            body = b"".join(parts_of(response))
        return Answer(response.status, response.headers.to_wsgi_list(), body)

    @contextmanager
    def answering(self, environ: dict[str, Any]) -> Iterator[Response]:
        """Give the answer to one request while its body may still be in the making.

        Raises whatever the extension raises and does not handle.
        """
        with self.request_context(environ):
            response = self.full_dispatch_request()
            response.direct_passthrough = False
            try:
                yield response
            finally:
                response.close()


def parts_of(response: Response) -> Iterator[bytes]:
    """Give the body as it is made; AnswerTooLarge past `MOST_BYTES`."""
    size = 0
    for part in response.iter_encoded():
        size += len(part)
        if size > MOST_BYTES:
            raise AnswerTooLarge(f"its answer is longer than {MOST_BYTES} bytes")
        yield part
