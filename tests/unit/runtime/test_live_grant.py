"""What is taken away is refused at once, also in a call that is already running."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from extensions.sdk import errors as sdk
from geminicrm.app import Core
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.install.drafting import Draft, DraftSettings, Outcome
from geminicrm.runtime.live import Installed
from geminicrm.runtime.models import HostUse
from tests.support.core import Tenant, make_tenant
from tests.support.loopback import Server
from tests.support.sample_extensions import (
    HEAD,
    QUIET,
    Package,
    Stage,
    with_method,
    write_package,
)

StageOf = Callable[..., Stage]
NETWORK = [{"host": "api.example.com", "reason": "Its service."}]


def call_of(installed: Installed, tenant: Tenant, **more: Any) -> CallContext:
    return CallContext(installed, tenant.owner(), "route", 5.0, passes=(sdk.SdkError,), **more)


@pytest.mark.parametrize(
    "change",
    [{"granted": ["write:leads"]}, {"enabled": False}],
    ids=["trimmed", "switched off"],
)
def test_a_running_call_loses_what_is_taken_away(
    make_core: Callable[..., Core], stage_of: StageOf, change: dict[str, Any]
):
    """Two cores on one home are two processes: they share the database and the generation file."""
    here, there = make_core(), make_core()
    tenant = make_tenant(here, "north")
    stage, elsewhere = stage_of(here), stage_of(there)
    one = stage.put(tenant, HEAD + QUIET)
    installed = stage.find(tenant)
    app: Any = installed.loaded.extension.app
    call = call_of(installed, tenant)

    def act() -> None:
        assert app.leads.list().data == ()
        elsewhere.change(tenant, one, **change)
        assert "read:leads" not in app.actor.scopes
        app.leads.list()

    with pytest.raises(sdk.PermissionDenied, match="read:leads"):
        stage.runtime.calls.run(call, act)


def test_what_is_given_back_holds_at_once(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, HEAD + QUIET, row={"granted": []})
    installed = stage.find(tenant)
    app: Any = installed.loaded.extension.app

    def act() -> Any:
        with pytest.raises(sdk.PermissionDenied):
            app.leads.list()
        stage.change(tenant, one, granted=["read:leads"])
        return app.leads.list().data

    assert stage.runtime.calls.run(call_of(installed, tenant), act) == ()


def test_an_uninstalled_one_reaches_nothing_more(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, HEAD + QUIET, network=NETWORK)
    installed = stage.find(tenant)
    call = call_of(installed, tenant)

    def act() -> Any:
        assert call.hosts == {"api.example.com"}
        stage.change(tenant, one, enabled=False)
        return call.hosts, call.actor.scopes, call.now()

    assert stage.runtime.calls.run(call, act) == (frozenset(), frozenset(), None)


def test_an_extension_that_acts_through_another_is_cut_down_to_both(stage: Stage, tenant: Tenant):
    outer_id = stage.put(tenant, HEAD + QUIET)
    stage.put(tenant, HEAD + QUIET, id="other")
    outer = call_of(stage.find(tenant), tenant)

    def inside() -> Any:
        inner = call_of(stage.find(tenant, "other"), tenant)
        inner.caller = outer.actor
        return stage.runtime.calls.run(inner, lambda: asked(inner))

    def asked(inner: CallContext) -> Any:
        before = inner.actor.allows("read:leads")
        stage.change(tenant, outer_id, granted=["read:deals"])
        return before, inner.actor.allows("read:leads"), inner.actor.scopes

    assert stage.runtime.calls.run(outer, inside) == (True, False, {"read:deals"})


def test_hosts_are_counted_by_what_allowed_them(
    make_core: Callable[..., Core], stage_of: StageOf, answer: Callable[[bytes], Server]
):
    core = make_core(GEMINICRM_EGRESS_ALLOW="127.0.0.0/8")
    stage, tenant = stage_of(core), make_tenant(core, "north")
    server = answer(b"HTTP/1.1 204 No Content\r\n\r\n")
    hosts = [
        {"host": f"127.0.0.1:{server.port}", "reason": "Ours."},
        {"host": "10.0.0.1", "reason": "Inside."},
    ]
    stage.put(tenant, HEAD + QUIET, network=hosts)
    installed = stage.find(tenant)
    http: Any = installed.loaded.extension.app.http

    def act() -> None:
        assert http.request("GET", f"http://127.0.0.1:{server.port}/secret").status == 204
        for url in ("https://evil.example/x", "https://10.0.0.1/"):
            with pytest.raises(sdk.HttpNotAllowed):
                http.request("GET", url)

    stage.runtime.calls.run(call_of(installed, tenant), act)
    stage.runtime.ledger.flush()
    with core.works.read(tenant.system()) as work:
        rows = work.session.scalars(select(HostUse)).all()
    assert {(row.host, row.used, row.refused) for row in rows} == {
        (f"127.0.0.1:{server.port}", 1, 0),
        ("evil.example", 0, 1),
        ("10.0.0.1", 0, 1),
    }


INSTALLING = with_method(
    """
    def install(self):
        self.app.leads.create({"last_name": "Made"})
    """
).replace("    def install(self):\n        return None\n", "", 1)


def draft_of(package: Package, tenant: Tenant, **facts: Any) -> Draft:
    made: dict[str, Any] = {
        "installation_id": "inst_draft",
        "workspace_id": tenant.id,
        "extension_id": package.manifest.id,
        "version": package.manifest.version,
        "digest": package.digest,
        "manifest": package.manifest,
        "folder": package.folder,
        "granted": ("write:leads", "read:leads"),
        "settings": DraftSettings(),
        "trusted": False,
        "built_in": True,
        **facts,
    }
    return Draft(**made)


def test_a_draft_has_what_was_agreed(stage: Stage, tenant: Tenant):
    package = write_package(stage.packages, INSTALLING)
    draft = draft_of(package, tenant)

    assert stage.runtime.runner.install(tenant.owner(), draft) == Outcome()
    assert len(stage.crm.leads.list(tenant.owner()).data) == 1
    assert stage.runtime.convergence.current().by_id == {}


def test_before_a_call_begins_nothing_is_known(stage: Stage, tenant: Tenant):
    stage.put(tenant, HEAD + QUIET)
    call = call_of(stage.find(tenant), tenant)
    with pytest.raises(RuntimeError, match="not begun"):
        call.now()
