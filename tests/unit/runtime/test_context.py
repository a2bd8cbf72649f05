from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from extensions.sdk import errors as sdk
from geminicrm.app import Core
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.context import ExtensionContext
from tests.support.core import Tenant, make_tenant
from tests.support.loopback import Server
from tests.support.sample_extensions import HEAD, QUIET, Stage

SETTINGS = [
    {"id": "size", "type": "number", "label": "Size", "description": "A size.", "default": 5},
    {"id": "word", "type": "text", "label": "Word", "description": "A word."},
    {"id": "key", "type": "password", "label": "Key", "description": "A key."},
    {"id": "url", "type": "url", "label": "Address", "description": "An address."},
]
NETWORK = [
    {"host": "api.example.com", "reason": "Its service."},
    {"setting": "url", "reason": "A service of your own."},
]
Inside = Callable[..., Any]


@pytest.fixture
def inside(stage: Stage, tenant: Tenant) -> Inside:
    """Run a function inside a call of the sample; `granted` and the caller can be chosen."""
    rows: dict[str, Any] = {
        "settings": {"word": "hello"},
        "secrets": stage.seal(key="s3cret"),
    }

    def run(function: Callable[[ExtensionContext], Any], caller: Any = None, **row: Any) -> Any:
        stage.put(tenant, HEAD + QUIET, settings=SETTINGS, network=NETWORK, row={**rows, **row})
        installed = stage.find(tenant)
        context: Any = installed.loaded.extension.app
        call = CallContext(
            installed, caller or tenant.owner(), "route", 5.0, passes=(sdk.SdkError,)
        )
        return stage.runtime.calls.run(call, lambda: function(context))

    return run


def test_records_are_made_read_changed_and_deleted(inside: Inside):
    def act(app: ExtensionContext) -> Any:
        lead = app.leads.create({"last_name": "Lovelace", "email": "ada@example.com"})
        changed = app.leads.update(lead["id"], {"status": "qualified"}, if_version=lead["version"])
        page = app.leads.list(limit=10, status="qualified", sort="-created_at", q="love")
        many = app.leads.get_many([lead["id"], "lead_unknown"])
        two = app.contacts.create_many([{"last_name": "A"}, {"last_name": "B"}])
        more = app.contacts.update_many({one["id"]: {"phone": "123"} for one in two})
        app.leads.delete(lead["id"], if_version=changed["version"])
        doors = (app.companies, app.deals, app.activities)
        return lead, changed, page, many, more, [door.list().data for door in doors]

    lead, changed, page, many, more, empty = inside(act)
    assert changed["status"] == "qualified"
    assert page.data == (changed,)
    assert page.next_cursor is None
    assert [one["id"] for one in many] == [lead["id"]]
    assert [one["phone"] for one in more] == ["123", "123"]
    assert empty == [(), (), ()]


@pytest.mark.parametrize(
    ("act", "error", "text"),
    [
        (lambda app: app.leads.get("lead_x"), sdk.NotFound, "no lead with the id lead_x"),
        (lambda app: app.leads.create({"last_name": 3}), sdk.Invalid, "/last_name"),
        (lambda app: app.leads.list(limit=5000), sdk.Invalid, "limit"),
        (lambda app: app.leads.create_many([{}]), sdk.Invalid, "/0"),
        (
            lambda app: app.leads.update(
                app.leads.create({"last_name": "A"})["id"], {"title": "x"}, if_version=99
            ),
            sdk.Conflict,
            "read it again",
        ),
    ],
)
def test_errors_of_the_core_come_out_as_those_of_the_sdk(
    inside: Inside, act: Inside, error: type[Exception], text: str
):
    with pytest.raises(error, match=text):
        inside(act)


def test_a_permission_that_is_not_granted_is_denied(inside: Inside):
    with pytest.raises(sdk.PermissionDenied) as caught:
        inside(lambda app: app.leads.create({"last_name": "A"}), granted=["read:leads"])

    assert caught.value.scope == "write:leads"


def test_nobody_reaches_further_through_an_extension(inside: Inside, tenant: Tenant):
    reader = tenant.owner("read:leads")

    with pytest.raises(sdk.PermissionDenied):
        inside(lambda app: app.leads.create({"last_name": "A"}), caller=reader)


def test_other_workspaces_are_out_of_reach(core: Core, stage: Stage, inside: Inside):
    other = make_tenant(core, "south")
    lead = stage.crm.leads.create(other.owner(), {"last_name": "Secret"})

    with pytest.raises(sdk.NotFound):
        inside(lambda app: app.leads.get(lead["id"]))


def test_who_acts_and_where(inside: Inside, tenant: Tenant):
    actor, workspace = inside(
        lambda app: (app.actor, app.workspace), granted=["read:leads", "write:leads"]
    )

    assert (actor.kind, actor.id, actor.label) == ("user", tenant.owner_id, "Olga Owner")
    assert actor.scopes == {"read:leads", "write:leads"}
    assert (workspace.id, workspace.name) == (tenant.id, "North")


def test_settings_have_their_defaults_and_secrets_are_opened(inside: Inside):
    def read(app: ExtensionContext) -> Any:
        return (
            dict(app.settings.items() if isinstance(app.settings, dict) else app.settings),
            app.settings["word"],
            app.settings.get("url"),
            len(app.settings),
            list(app.settings),
            dict(app.secrets),
            len(app.secrets),
        )

    assert inside(read) == (
        {"size": 5, "word": "hello"}, "hello", None, 2, ["size", "word"], {"key": "s3cret"}, 1,
    )  # fmt: skip


def test_saved_settings_are_seen_by_the_same_call(inside: Inside, stage: Stage):
    def save(app: ExtensionContext) -> Any:
        app.settings.save({"word": None, "size": 7, "key": "new"})
        return dict(app.settings), dict(app.secrets)

    assert inside(save) == ({"size": 7}, {"key": "new"})
    assert stage.saved == [("extension", "sample", {"word": None, "size": 7, "key": "new"})]


def test_a_secret_that_cannot_be_opened_is_an_error_of_the_sdk(inside: Inside):
    with pytest.raises(sdk.SdkError, match="ENCRYPTION_KEYS"):
        inside(lambda app: app.secrets["key"], secrets="nonsense")


def test_its_log_lines_say_whose_they_are(inside: Inside, stage: Stage, tenant: Tenant):
    def write(app: ExtensionContext) -> None:
        app.log.debug("a")
        app.log.info("b", extension_id="forged", lead="lead_1")
        app.log.warning("c")
        app.log.error("d")

    with capture_logs() as logs:
        inside(write)
    lines = [line for line in logs if line["event"] in "abcd"]

    assert [line["log_level"] for line in lines] == ["debug", "info", "warning", "error"]
    assert {(line["extension_id"], line["workspace_id"]) for line in lines} == {
        ("sample", tenant.id)
    }
    assert lines[1]["fields"] == {"extension_id": "forged", "lead": "lead_1"}
    own = stage.runtime.logs.tail(stage.find(tenant).id, 9)
    assert [(line["level"], line["source"], line["message"]) for line in own] == [
        ("debug", "log", "a"), ("info", "log", "b"), ("warning", "log", "c"), ("error", "log", "d"),
    ]  # fmt: skip
    assert own[1]["fields"] == {"extension_id": "forged", "lead": "lead_1"}


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://evil.example/x", sdk.HttpNotAllowed),
        ("https://api.example.com:8443/", sdk.HttpNotAllowed),
        ("http://api.example.com/", sdk.HttpNotAllowed),
        ("https://api.example.com@evil.example/", sdk.HttpNotAllowed),
        ("file:///etc/passwd", sdk.HttpNotAllowed),
    ],
)
def test_only_named_hosts_are_called(inside: Inside, url: str, error: type[Exception]):
    with pytest.raises(error):
        inside(lambda app: app.http.request("GET", url))


def test_a_header_that_may_not_go_out_is_invalid(inside: Inside):
    with pytest.raises(sdk.Invalid):
        inside(
            lambda app: app.http.request("GET", "https://api.example.com", headers={"Host": "x"})
        )


def test_a_private_address_needs_the_operator(inside: Inside):
    with pytest.raises(sdk.HttpNotAllowed):
        inside(
            lambda app: app.http.request("GET", "http://127.0.0.1:9/"),
            settings={"url": "http://127.0.0.1:9"},
        )


def test_a_host_from_a_setting_is_called(
    make_core: Callable[..., Core],
    stage_of: Callable[..., Stage],
    answer: Callable[[bytes], Server],
):
    core = make_core(GEMINICRM_EGRESS_ALLOW="127.0.0.0/8")
    stage, tenant = stage_of(core), make_tenant(core, "north")
    server = answer(b'HTTP/1.1 201 Created\r\nContent-Length: 8\r\nX-A: 1\r\n\r\n{"a": 1}')
    url = f"http://127.0.0.1:{server.port}"
    stage.put(
        tenant, HEAD + QUIET, settings=SETTINGS, network=NETWORK, row={"settings": {"url": url}}
    )
    installed = stage.find(tenant)
    app = installed.loaded.extension.app
    call = CallContext(installed, tenant.system(), "route", 5.0, passes=(sdk.SdkError,))
    with capture_logs() as logs:
        found = stage.runtime.calls.run(
            call, lambda: app.http.request("post", f"{url}/secret?x=1", json={"b": 2}, timeout=3)
        )

    assert (found.status, found.json(), found.headers["x-a"]) == (201, {"a": 1}, "1")
    assert server.received[0].startswith(b"POST /secret?x=1 HTTP/1.1\r\n")
    assert b"application/json" in server.received[0]
    (line,) = [line for line in logs if line["event"] == "extension called out"]
    assert (line["where"], line["extension_id"]) == (url, "sample")

    refused = CallContext(installed, tenant.system(), "route", 5.0, passes=(sdk.SdkError,))
    gone = answer(b"nonsense\r\n\r\n")
    stage.change(tenant, installed.id, settings={"url": f"http://127.0.0.1:{gone.port}"})
    refused.installed = stage.find(tenant)
    with pytest.raises(sdk.HttpFailed) as caught:
        stage.runtime.calls.run(
            refused, lambda: app.http.request("GET", f"http://127.0.0.1:{gone.port}/", body=b"")
        )
    assert caught.value.sent
