import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from flask import Flask

from geminicrm.app import Core
from geminicrm.kernel.errors import NotFound, ValidationFailed
from geminicrm.kernel.http import AddressRefused, HttpClient, HttpRequest, HttpResponse
from geminicrm.kernel.work import Actor
from geminicrm.runtime.consent import InstallRequest
from marketplace import extension_registry
from marketplace.extension_registry import EXTENSION, Doors, ExtensionRegistry, FetchFailed
from marketplace.service import Registry
from tests.support.core import Tenant, make_tenant
from tests.unit.marketplace.conftest import Author

URL = "https://code.example/deal-insights.gcx"


@dataclass
class Web:
    """Answers by address."""

    pages: dict[str, HttpResponse] = field(default_factory=dict)
    asked: list[HttpRequest] = field(default_factory=list)

    def put(
        self, url: str, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self.pages[url] = HttpResponse(status, headers or {}, body, 1.0)

    def request(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        return self.pages[request.url]


@dataclass
class LifeCycle:
    """Remembers what was to be installed."""

    asked: list[tuple[Actor, InstallRequest]] = field(default_factory=list)

    def install(self, actor: Actor, request: InstallRequest) -> None:
        self.asked.append((actor, request))
        if request.extension_id == "nothing":
            raise NotFound("extension", "nothing")


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def life() -> LifeCycle:
    return LifeCycle()


@pytest.fixture
def doors(core: Core, registry: Registry, web: Web, life: LifeCycle, tenant: Tenant) -> Doors:
    """The tenant is there before the facade looks for its workspace."""
    assert tenant.id
    return Doors(core.works, registry, life, web)


@pytest.fixture
def bare(doors: Doors) -> Flask:
    app = Flask("bare")
    app.extensions[EXTENSION] = doors
    return app


def manifest_of(author: Author, extension_id: str = "deal-insights") -> str:
    folder = author.folder / extension_id.replace("-", "_")
    return (folder / "manifest.json").read_text()


@pytest.mark.parametrize("read", [json.loads, str])
def test_a_package_is_fetched_and_published(bare: Flask, web: Web, author: Author, read):
    web.put(URL, author.package(name="Deal Insights", version="1.0.0"))

    published = ExtensionRegistry(bare).publish_extension(read(manifest_of(author)), URL)

    assert published == {
        "id": "deal-insights",
        "name": "Deal Insights",
        "version": "1.0.0",
        "description": "Greets each lead on its page.",
        "author": "Your name",
        "code_url": URL,
        "published_at": "2026-11-21T09:00:00.000000Z",
    }
    assert ExtensionRegistry(bare).get_extension("deal-insights") == published


def test_redirects_are_followed_and_keep_the_encryption(bare: Flask, web: Web, author: Author):
    web.put(URL, b"", 302, {"location": "/files/1"})
    web.put("https://code.example/files/1", author.package())

    ExtensionRegistry(bare).publish_extension(manifest_of(author), URL)

    assert [request.https_only for request in web.asked] == [True, True]


def test_redirects_end(bare: Flask, web: Web):
    web.put(URL, b"", 302, {"location": URL})

    with pytest.raises(FetchFailed, match="answered 302"):
        ExtensionRegistry(bare).publish_extension({}, URL)


@pytest.mark.parametrize(("status", "headers"), [(404, {}), (301, {})])
def test_an_address_without_a_package_is_told(
    bare: Flask, web: Web, status: int, headers: dict[str, str]
):
    web.put(URL, b"", status, headers)

    with pytest.raises(FetchFailed, match=f"answered {status}"):
        ExtensionRegistry(bare).publish_extension({}, URL)


def test_files_of_the_machine_are_not_fetched(bare: Flask, doors: Doors):
    bare.extensions[EXTENSION] = Doors(doors.works, doors.registry, doors.life_cycle, HttpClient())

    with pytest.raises(AddressRefused):
        ExtensionRegistry(bare).publish_extension({}, "file:///etc/passwd")


def test_another_manifest_than_the_packages_own_is_refused(bare: Flask, web: Web, author: Author):
    web.put(URL, author.package())
    other = {**json.loads(manifest_of(author)), "permissions": [], "colour": "red"}

    with pytest.raises(ValidationFailed) as caught:
        ExtensionRegistry(bare).publish_extension(other, URL)

    assert [finding.pointer for finding in caught.value.findings] == ["/colour", "/permissions"]


@pytest.mark.parametrize("manifest", ["{", "[]"])
def test_a_manifest_that_is_none_is_refused(bare: Flask, manifest: str):
    with pytest.raises(ValidationFailed):
        ExtensionRegistry(bare).publish_extension(manifest, URL)


def test_all_extensions_are_listed(
    bare: Flask, doors: Doors, author: Author, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(extension_registry, "MAX_LIMIT", 1)
    for extension_id in ("mail-sync", "chat-alerts", "lead-scorer"):
        doors.registry.publish(tenant.owner(), author.package(extension_id))

    found = ExtensionRegistry(bare).list_extensions()

    assert [each["id"] for each in found] == ["chat-alerts", "lead-scorer", "mail-sync"]


def test_an_empty_registry_lists_nothing(bare: Flask):
    assert ExtensionRegistry(bare).list_extensions() == []
    assert ExtensionRegistry(bare).get_extension("nothing") is None


def test_installing_grants_what_is_requested(bare: Flask, life: LifeCycle, tenant: Tenant):
    answer = ExtensionRegistry().install_extension("deal-insights", bare)

    assert answer == {"success": True, "message": "deal-insights is installed."}
    actor, request = life.asked[0]
    assert (actor.workspace_id, actor.label) == (tenant.id, "Operator")
    assert request == InstallRequest(
        extension_id="deal-insights",
        grant="requested",
        trust="deal-insights",
        allow_unsigned=True,
    )


def test_a_failed_install_gives_its_reason(bare: Flask):
    answer = ExtensionRegistry(bare).install_extension("nothing")

    assert answer["success"] is False
    assert "'nothing'" in answer["error"]


def test_inside_an_application_context_nothing_needs_to_be_named(bare: Flask):
    with bare.app_context():
        assert ExtensionRegistry().list_extensions() == []


def test_outside_of_an_application_one_is_asked_for():
    with pytest.raises(RuntimeError, match="Which application"):
        ExtensionRegistry().list_extensions()


def test_of_several_workspaces_one_has_to_be_named(bare: Flask, core: Core, life: LifeCycle):
    south = make_tenant(core, "south")

    with pytest.raises(RuntimeError, match="there are: north, south"):
        ExtensionRegistry(bare).list_extensions()
    ExtensionRegistry(bare, "south").install_extension("a")
    ExtensionRegistry(bare, south.id).install_extension("b")
    assert [actor.workspace_id for actor, _ in life.asked] == [south.id, south.id]


def test_an_unknown_workspace_is_told(bare: Flask):
    with pytest.raises(RuntimeError, match="there are: north"):
        ExtensionRegistry(bare, "west").list_extensions()
