"""Calls that run while their version is replaced, or switched off, end with what they had."""

import shutil
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from extensions.sdk import errors as sdk
from geminicrm.app import Core
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.leaving import GRACE_SECONDS, Leaving
from geminicrm.runtime.live import Installed
from tests.support.core import Tenant
from tests.support.sample_extensions import HEAD, QUIET, Package, Stage, write_package
from tests.support.waiting import eventually

SAMPLE = HEAD + QUIET


def second(stage: Stage, **manifest: Any) -> Package:
    return write_package(stage.packages, SAMPLE, version="2.0.0", **manifest)


def facts(package: Package, **more: Any) -> dict[str, Any]:
    return {
        "digest": package.digest,
        "version": "2.0.0",
        "manifest": dict(package.manifest.source),
        **more,
    }


def call_of(installed: Installed, tenant: Tenant) -> CallContext:
    return CallContext(installed, tenant.owner(), "route", 5.0, passes=(sdk.SdkError,))


def during(stage: Stage, tenant: Tenant, happens: Callable[[], object]) -> Any:
    """Read leads in a call, before something happens and after it."""
    installed = stage.find(tenant)
    app: Any = installed.loaded.extension.app

    def act() -> Any:
        app.leads.list()
        happens()
        return app.leads.list().data

    return stage.runtime.calls.run(call_of(installed, tenant), act)


def test_a_replaced_version_ends_with_the_rights_it_began_with(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, SAMPLE)
    package = second(stage, permissions=["read:deals"])
    new = facts(package, granted=["read:deals"])
    assert during(stage, tenant, lambda: stage.change(tenant, one, **new)) == ()
    assert stage.find(tenant).digest == package.digest


def test_what_the_new_version_asks_for_and_has_not_got_is_taken_from_the_old_too(
    stage: Stage, tenant: Tenant
):
    one = stage.put(tenant, SAMPLE)
    new = facts(second(stage, permissions=["read:leads"]), granted=[])
    with pytest.raises(sdk.PermissionDenied, match="read:leads"):
        during(stage, tenant, lambda: stage.change(tenant, one, **new))


def test_what_is_switched_off_in_peace_may_end(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, SAMPLE)
    off = {"enabled": False, "status": "disabled"}
    assert during(stage, tenant, lambda: stage.change(tenant, one, **off)) == ()
    assert stage.runtime.convergence.find(tenant.id, "sample") is None


@pytest.mark.parametrize("status", ["failed", "quarantined"])
def test_what_is_stopped_for_a_reason_reaches_nothing(stage: Stage, tenant: Tenant, status: str):
    one = stage.put(tenant, SAMPLE)
    with pytest.raises(sdk.PermissionDenied):
        during(stage, tenant, lambda: stage.change(tenant, one, enabled=False, status=status))


def test_what_leaves_keeps_no_more_than_its_row_and_not_for_long(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, SAMPLE)
    installed = stage.find(tenant)
    off = {"enabled": False, "status": "disabled", "granted": ["read:leads"]}
    stage.change(tenant, one, **off)
    now = [0.0]
    leaving = Leaving(lambda: now[0])
    with stage.core.works.across_workspaces("test") as work:
        assert leaving.look(work, {one: installed}, {one}) == {}
        found = leaving.look(work, {one: installed}, set())
        assert found[one].granted == {"read:leads"}
        now[0] = GRACE_SECONDS
        assert leaving.look(work, found, set()) == {}


def test_the_version_before_serves_while_the_package_of_the_new_one_comes(
    core: Core, tenant: Tenant, stage_of: Callable[..., Stage]
):
    released = threading.Event()

    def files_of(_digest: str) -> dict[str, bytes]:
        assert released.wait(10)
        return files

    stage = stage_of(core, files_of=files_of)
    one = stage.put(tenant, SAMPLE)
    before = stage.find(tenant).digest
    package = second(stage)
    files = {
        path.relative_to(package.folder).as_posix(): path.read_bytes()
        for path in package.folder.rglob("*")
        if path.is_file()
    }
    shutil.rmtree(package.folder)
    stage.change(tenant, one, **facts(package, granted=["read:leads"]))
    served = stage.find(tenant)
    assert (served.digest, served.granted) == (before, {"read:leads"})
    released.set()
    eventually(lambda: not stage.runtime.packages.busy())
    stage.runtime.convergence.follow()
    assert stage.find(tenant).digest == package.digest


def test_calls_wait_longer_while_a_version_settles(stage: Stage, tenant: Tenant):
    stage.put(tenant, SAMPLE)
    installed = stage.find(tenant)
    assert installed.settles > time.monotonic()
    run, begun, go = stage.runtime.calls.run, threading.Semaphore(0), threading.Event()

    def hold() -> None:
        begun.release()
        assert go.wait(10)

    def call() -> CallContext:
        return without_patience(call_of(installed, tenant))

    holders = [threading.Thread(target=run, args=(call(), hold)) for _ in range(2)]
    for thread in holders:
        thread.start()
        assert begun.acquire(timeout=10)
    threading.Timer(0.1, go.set).start()
    run(call(), lambda: None)
    for thread in holders:
        thread.join()


def without_patience(call: CallContext) -> CallContext:
    call.patience = 0.0
    return call
