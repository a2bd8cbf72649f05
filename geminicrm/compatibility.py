"""Addresses that earlier products have given to outside services, each led to where it is now."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from geminicrm.api.http import problem
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.ids import new_id
from geminicrm.webhooks.incoming.receive_api import OLD_PATH

_SERVICE: Final = "<service>"
_GET: Final = frozenset({"GET", "HEAD"})
_POST: Final = frozenset({"POST"})


@dataclass(frozen=True, slots=True)
class OldPath:
    """One address, with and without a slash at its end; `target` is None while nothing serves it.

    `<service>` stands for the id of an extension in all three.
    """

    path: str
    methods: frozenset[str]
    extension_id: str
    target: str | None


OLD_PATHS: Final = (
    OldPath("/api/calls/webhook/incoming", _POST, "twilio", "/api/webhooks/twilio"),
    OldPath("/api/calls/webhook/status", _POST, "twilio", "/api/webhooks/twilio"),
    OldPath("/api/calls/webhook/recording", _POST, "twilio", "/api/webhooks/twilio"),
    OldPath("/api/emails/connect-gmail", _GET, "gmail", "/integrations/new/gmail"),
    OldPath("/api/emails/gmail-callback", _GET, "gmail", "/integrations/gmail/callback"),
    OldPath("/api/auth/google/login", _GET | _POST, "google-sign-in", None),
    OldPath("/api/auth/google/signup", _GET | _POST, "google-sign-in", None),
    OldPath("/api/auth/google/callback", _GET, "google-sign-in", None),
    OldPath("/integrations/<service>/callback", _GET, _SERVICE, "/integrations/<service>/callback"),
    OldPath("/webhooks/<service>", _POST, _SERVICE, "/api/webhooks/<service>"),
)


class ExtensionLacking(AppError):
    """An address is kept for an extension that runs in no workspace of this server."""

    code = "extension_lacking"
    status = 404
    title = "The extension for this address is missing"

    def __init__(self, path: str, extension_id: str) -> None:
        super().__init__(
            f"{path} belongs to the extension {extension_id!r}, which runs in no workspace of this "
            "server: install it from the marketplace and enable it."
        )


class NotServedYet(AppError):
    """An address is kept for something that this version of the server does not do."""

    code = "not_served"
    status = 501
    title = "This address is not served yet"

    def __init__(self, path: str, extension_id: str) -> None:
        super().__init__(
            f"{path} is kept for the extension {extension_id!r}; this version of the server has "
            "nothing that answers it."
        )


class OldPaths:
    """Stands before the application: reads are redirected, the rest goes on as it came.

    A service that posts follows no redirect. What is led on meets every guard of its new address.
    """

    def __init__(self, app: Flask, runs: Callable[[str], bool]) -> None:
        """Stand before `app`; `runs` tells whether an extension is enabled in any workspace."""
        self._inner = app.wsgi_app
        self._routes: Map = app.url_map
        self._runs = runs

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        found = led_on(path, method)
        if found is None or found.target == path:
            return self._inner(environ, start_response)
        wrong = self._wrong(path, method, found)
        if wrong is not None:
            answer = problem(wrong, new_id("req"))
        elif method in _GET:
            query = environ.get("QUERY_STRING", "")
            answer = Response(status=307)
            answer.headers["Location"] = f"{quote(found.target or '')}{'?' if query else ''}{query}"
        else:
            led = {**environ, OLD_PATH: path, "PATH_INFO": found.target}
            return self._inner(led, start_response)
        answer.headers["Cache-Control"] = "no-store"
        return answer(environ, start_response)

    def _wrong(self, path: str, method: str, found: OldPath) -> AppError | None:
        if found.target is None or not self._is_served(found.target, method):
            return NotServedYet(path, found.extension_id)
        if not self._runs(found.extension_id):
            return ExtensionLacking(path, found.extension_id)
        return None

    def _is_served(self, target: str, method: str) -> bool:
        try:
            self._routes.bind("localhost").match(target, method)
        except HTTPException:
            return False
        return True


def led_on(path: str, method: str) -> OldPath | None:
    """Give the entry for a request, with the service filled in; None where it is no old one."""
    for one in OLD_PATHS:
        pattern = re.escape(one.path).replace(_SERVICE, "([a-z][a-z0-9-]{0,63})") + "/?"
        fits = re.fullmatch(pattern, path) if method in one.methods else None
        if fits is not None:
            service = fits[1] if fits.groups() else one.extension_id
            target = one.target.replace(_SERVICE, service) if one.target is not None else None
            return OldPath(one.path, one.methods, service, target)
    return None
