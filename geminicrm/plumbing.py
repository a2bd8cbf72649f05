"""What happens around every request: its id, its guard, its log line, its errors.

Programs (`/api/...`) get problem documents, people get pages; both from the same errors.
"""

import hashlib
import logging
import time
from datetime import timedelta
from urllib.parse import quote

import structlog
from flask import Flask, Response, g, redirect, request
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, SQLAlchemyError
from typing_extensions import override
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from geminicrm.api.http import MAX_BODY, problem
from geminicrm.config import Settings
from geminicrm.identity.guards import Guard
from geminicrm.kernel import logs
from geminicrm.kernel.db import Base, Database
from geminicrm.kernel.errors import AppError, BadRequest, Unauthenticated
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.metrics import Metrics
from geminicrm.kernel.trouble import trouble
from geminicrm.web.errors import ErrorPage, render_error

_log = structlog.get_logger(__name__)
_STANDARD = logging.getLogger(__name__)
_FOR_PROGRAMS = ("/api/", "/healthz", "/readyz", "/metrics", "/oauth/", "/.well-known/")
_HSTS = "max-age=31536000; includeSubDomains"
_NUL = "NUL (0x00)"


class _HttpFault(AppError):
    """An error that Flask found on its own, such as an unknown path or a wrong method."""

    def __init__(self, found: HTTPException) -> None:
        super().__init__(found.description or found.name)
        self.status = found.code or 500  # type: ignore[misc]  # this one class takes it from what Flask found
        self.title = found.name  # type: ignore[misc]  # as above
        self.code = found.name.lower().replace(" ", "_").replace("'", "")  # type: ignore[misc]  # as above
        self.headers = {
            name: value for name, value in found.get_headers() if name in ("Allow", "Retry-After")
        }


class _BoundSQLAlchemy(SQLAlchemy):
    """Flask-SQLAlchemy on the engine that the kernel made."""

    def __init__(self, database: Database) -> None:
        self._database = database
        super().__init__(metadata=Base.metadata)

    @override
    def _make_engine(self, bind_key: str | None, options: dict[str, object], app: Flask) -> Engine:
        return self._database.engine


def bind_database(app: Flask, database: Database, url: str) -> None:
    """Bind Flask-SQLAlchemy and Flask-Migrate to the engine that the core has."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    bound = _BoundSQLAlchemy(database)
    bound.init_app(app)
    Migrate(app, bound)


def configure(app: Flask, settings: Settings, cookie: str = "geminicrm") -> None:
    """Set what Flask goes by; `cookie` keeps apart what runs on one host, whatever the port."""
    first_key = settings.encryption_keys[0]
    app.config.update(
        SECRET_KEY=hashlib.sha256(f"cookies {first_key}".encode()).hexdigest(),
        MAX_CONTENT_LENGTH=MAX_BODY,
        SESSION_COOKIE_NAME=cookie,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        PERMANENT_SESSION_LIFETIME=timedelta(days=settings.session_days),
        PROPAGATE_EXCEPTIONS=False,
    )


def install(app: Flask, guard: Guard, metrics: Metrics, *, secure: bool) -> None:
    """Put the plumbing around all of the app's views."""

    @app.before_request
    def _begin() -> None:
        g.started = time.perf_counter()
        g.request_id = new_id("req")
        logs.unbind()
        logs.bind(request_id=g.request_id)
        guard.check()

    @app.after_request
    def _finish(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        if secure:
            response.headers["Strict-Transport-Security"] = _HSTS
        if "Cache-Control" not in response.headers:
            # What an actor sees is nobody else's; a browser may keep it to ask again with its tag.
            response.headers["Cache-Control"] = "private, no-cache"
        _count(metrics, response.status_code)
        return response

    _answer_errors(app)


def _answer_errors(app: Flask) -> None:
    @app.errorhandler(AppError)
    def _expected(error: AppError) -> AnyResponse:
        return _answer(error)

    @app.errorhandler(HTTPException)
    def _found_by_flask(error: HTTPException) -> AnyResponse:
        return _answer(_HttpFault(error))

    @app.errorhandler(SQLAlchemyError)
    def _database(error: SQLAlchemyError) -> AnyResponse:
        if isinstance(error, DataError) and _NUL in str(error.orig):
            # What was asked for has a NUL in it: SQLite just finds nothing, PostgreSQL says so.
            return _answer(BadRequest("An address or a field has a NUL character in it."))
        told = trouble(error)
        if told is None:
            return _unexpected(error)
        _log.error("the database failed a request", path=_shown_path(), error=str(error))
        return _answer(told)

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> AnyResponse:
        _log.error("unexpected error", path=_shown_path(), exc_info=error)
        return _answer(
            AppError("The server failed; the reference below finds the reason in its log.")
        )


def _answer(error: AppError) -> AnyResponse:
    if request.path.startswith(_FOR_PROGRAMS):
        return problem(error, g.request_id)
    if isinstance(error, Unauthenticated) and request.method == "GET":
        return redirect(f"/sign-in?next={quote(request.full_path.rstrip('?'))}")
    page = render_error(
        ErrorPage(
            status=error.status,
            title=error.title,
            detail=error.detail,
            reference=g.request_id,
            retry_url=request.full_path.rstrip("?") if request.method == "GET" else "",
        )
    )
    response = Response(page, error.status)
    response.headers.update(error.headers)
    return response


def _shown_path() -> str:
    """Give the path as the log may have it: the template where the path itself lets somebody in."""
    secret = g.get("secret_address") and request.url_rule is not None
    return request.url_rule.rule if secret and request.url_rule else request.path


def _count(metrics: Metrics, status: int) -> None:
    seconds = time.perf_counter() - g.started
    route = request.url_rule.rule if request.url_rule else "(none)"
    metrics.request(route, request.method, status, seconds)
    # One line for each request only when asked for; to ask costs less than to be filtered.
    if _STANDARD.isEnabledFor(logging.DEBUG):
        _log.debug(
            "request",
            method=request.method,
            path=_shown_path(),
            status=status,
            ms=round(seconds * 1000, 2),
        )
