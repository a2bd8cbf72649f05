"""The marketplace in Python: publish, look up and install without going through HTTP."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urljoin

from flask import Flask, current_app, has_app_context
from sqlalchemy import select

from geminicrm.identity.actor import SystemActor
from geminicrm.identity.models import Workspace
from geminicrm.kernel.errors import AppError, BadRequest, Finding, ValidationFailed
from geminicrm.kernel.http import HttpRequest, HttpResponse
from geminicrm.kernel.paging import MAX_LIMIT, Page
from geminicrm.kernel.work import Works
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.package_rules import MAX_PACKAGE_BYTES
from geminicrm.runtime.service import LifeCycle
from marketplace.errors import UnknownExtension
from marketplace.listings import Release
from marketplace.package_reader import open_package
from marketplace.search import Query
from marketplace.service import Registry, Wish
from marketplace.signed_package import split_package

EXTENSION = "geminicrm.marketplace"
_REDIRECTS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})
_OK = 200


class HttpDoor(Protocol):
    """The guarded way out: `geminicrm.kernel.http.HttpClient`."""

    def request(self, request: HttpRequest) -> HttpResponse:
        """Make one call; HttpFailed."""
        ...


@dataclass(frozen=True)
class Doors:
    """What the facade reaches; the composition root keeps it in `app.extensions[EXTENSION]`."""

    works: Works
    registry: Registry
    life_cycle: LifeCycle
    http: HttpDoor


class FetchFailed(BadRequest):
    """The address of a package does not answer with a package."""

    code = "fetch_failed"
    title = "The package could not be fetched"


class ExtensionRegistry:
    """The operator's hand on the marketplace, for scripts and the shell.

    Whoever can call this runs code in the CRM's own process and so can do whatever the CRM can:
    asking for a consent that the same caller would give is no protection. `install_extension`
    therefore grants what the manifest requests and gives the trust that unconfined code needs. It
    is written to the audit log as an act of the operator.

    `workspace` is an id or a slug; without it there must be exactly one workspace. `app` may be
    left out inside an application context. Raises RuntimeError where either can't be told.
    """

    def __init__(self, app: Flask | None = None, workspace: str | None = None) -> None:
        self._app = app
        self._workspace = workspace

    def publish_extension(self, manifest: Mapping[str, Any] | str, code_url: str) -> dict[str, Any]:
        """Fetch the package at `code_url` and publish it; give its public members.

        `manifest` (an object or its JSON text) has to equal the package's own. Raises HttpFailed
        or FetchFailed for the address, ValidationFailed with every finding, and what
        `Registry.publish` raises.
        """
        doors = self._doors()
        wanted = _manifest(manifest)
        package = _fetch(doors.http, code_url)
        _same(
            wanted, json.loads(open_package(split_package(package)[0]).manifest.decode("utf-8-sig"))
        )
        published = doors.registry.publish(self._actor(doors), package, Wish(code_url=code_url))
        return _public(published.release)

    def list_extensions(self) -> list[dict[str, Any]]:
        """Give every extension with its newest good version, by name."""
        doors = self._doors()
        actor = self._actor(doors)
        found = doors.registry.search(actor, Query(sort="name", page=Page(MAX_LIMIT)))
        listings = found.listings
        while found.next_cursor is not None:
            page = Page(MAX_LIMIT, found.next_cursor)
            found = doors.registry.search(actor, Query(sort="name", page=page))
            listings = [*listings, *found.listings]
        return [_public(doors.registry.get(actor, each.id)[1]) for each in listings]

    def get_extension(self, extension_id: str) -> dict[str, Any] | None:
        """Give one extension with its newest good version; None where there is none."""
        doors = self._doors()
        try:
            return _public(doors.registry.get(self._actor(doors), extension_id)[1])
        except UnknownExtension:
            return None

    def install_extension(self, extension_id: str, app: Flask | None = None) -> dict[str, Any]:
        """Install the newest good version in the workspace, with all that it requests.

        Gives `{"success": True, "message"}`, or `{"success": False, "error"}` with the reason.
        """
        doors = self._doors(app)
        request = InstallRequest(
            extension_id=extension_id, grant="requested", trust=extension_id, allow_unsigned=True
        )
        try:
            doors.life_cycle.install(self._actor(doors), request)
        except AppError as error:
            return {"success": False, "error": error.detail}
        return {"success": True, "message": f"{extension_id} is installed."}

    def _doors(self, app: Flask | None = None) -> Doors:
        app = app or self._app
        if app is None:
            if not has_app_context():
                raise RuntimeError(
                    "Which application? Give it as ExtensionRegistry(app), or call this inside "
                    "`with app.app_context():`."
                )
            app = current_app
        return app.extensions[EXTENSION]  # type: ignore[no-any-return]  # Flask leaves it untyped

    def _actor(self, doors: Doors) -> SystemActor:
        with doors.works.across_workspaces("choose the operator's workspace") as work:
            rows = work.session.scalars(select(Workspace)).all()
        named = self._workspace
        chosen = [row.id for row in rows if named is None or named in {row.id, row.slug}]
        if len(chosen) != 1:
            known = ", ".join(sorted(row.slug for row in rows)) or "none yet"
            raise RuntimeError(f"Name one workspace; there are: {known}.")
        return SystemActor(chosen[0], label="Operator")


def _public(release: Release) -> dict[str, Any]:
    members = release.to_dict()
    names = ("id", "name", "version", "description", "author", "code_url", "published_at")
    return {name: members[name] for name in names}


def _manifest(given: Mapping[str, Any] | str) -> dict[str, Any]:
    if not isinstance(given, str):
        return dict(given)
    try:
        parsed = json.loads(given)
    except ValueError as error:
        raise _wrong("not_json", f"The manifest is not JSON: {error}.") from None
    if not isinstance(parsed, dict):
        raise _wrong("wrong_type", "A manifest is one JSON object.")
    return parsed


def _same(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    differing = sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))
    if differing:
        raise ValidationFailed(
            Finding(f"/{name}", "other_manifest", "differs from the package's own manifest.json")
            for name in differing
        )


def _wrong(code: str, message: str) -> ValidationFailed:
    return ValidationFailed([Finding("", code, message)])


def _fetch(http: HttpDoor, url: str) -> bytes:
    """Read a package; redirects are followed, each checked like the first address."""
    https_only = url.startswith("https://")  # a redirect must not drop the encryption
    for _ in range(_REDIRECTS):
        answer = http.request(
            HttpRequest(method="GET", url=url, max_bytes=MAX_PACKAGE_BYTES, https_only=https_only)
        )
        location = answer.headers.get("location")
        if answer.status not in _MOVED or location is None:
            break
        url = urljoin(url, location)
    if answer.status != _OK:
        raise FetchFailed(f"The address answered {answer.status} instead of a package.")
    return answer.body
