"""Cookie sessions: for browsers, not for programs."""

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from typing_extensions import override

_BEARER = "bearer "


class _Unkept(SecureCookieSession):
    """The session of a program: empty, and gone with the answer."""


class BrowserSessions(SecureCookieSessionInterface):
    """Flask's own sessions, left out where a bearer token says who asks.

    The guard looks at no cookie then, and a twelfth of the time of a small read went into them.
    """

    @override
    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        authorization = request.headers.get("Authorization", "")
        if authorization[: len(_BEARER)].lower() == _BEARER:
            return _Unkept()
        return super().open_session(app, request)

    @override
    def save_session(self, app: Flask, session: SecureCookieSession, response: Response) -> None:  # type: ignore[override]  # as Flask's own class, it keeps this one kind
        if not isinstance(session, _Unkept):
            super().save_session(app, session, response)
