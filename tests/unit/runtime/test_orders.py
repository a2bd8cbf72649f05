"""Orders: an install with what it needs, all of it or nothing."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from geminicrm.kernel.errors import ScopeMissing, ValidationFailed
from geminicrm.kernel.work import Actor
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.failures import LoadFailed
from geminicrm.runtime.history.models import ORDER, Run
from geminicrm.runtime.install.drafting import Draft, Outcome
from geminicrm.runtime.problems import ConsentRequired, InstallFailed, TrustRequired
from geminicrm.runtime.recovery.case import MOST_TRIES
from tests.support.core import Tenant
from tests.support.life import Life, files, rows, zipped

TOP = InstallRequest(extension_id="top", grant="requested")


def put(life: Life, name: str, version: str = "1.0.0", needs: Any = None, **changes: Any) -> None:
    """Offer an extension; `needs` are those that it requires."""
    facts = {"built_in": changes.pop("built_in", True), "signed": True}
    requires = {"requires": {"extensions": needs}} if needs else {}
    content = files(
        id=name, name=name.title(), version=version, **{"permissions": [], **requires, **changes}
    )
    life.shelf.put(zipped(content), name, version, **facts)


@pytest.fixture
def stack(life: Life) -> Life:
    """The top needs the middle, which needs the base; each asks for something."""
    put(life, "top", needs={"middle": "^1.0.0"}, permissions=["read:leads"])
    put(life, "middle", needs={"base": "*"}, permissions=["read:deals"])
    put(life, "base", permissions=[], events=["lead.created"])
    return life


def installed(life: Life, tenant: Tenant) -> dict[str, str]:
    return {one["extension_id"]: one["version"] for one in life.cycle.list(tenant.owner())}


def test_what_is_needed_comes_first_and_with_it(stack: Life, tenant: Tenant):
    change = stack.cycle.install(tenant.owner(), TOP)
    assert change.installation["extension_id"] == "top"
    assert installed(stack, tenant) == {"base": "1.0.0", "middle": "1.0.0", "top": "1.0.0"}
    runs = rows(stack, tenant, Run)
    assert {run.state for run in runs} == {"done"}
    assert len({run.group_id for run in runs}) == 1
    order = [(run.kind, run.extension_id) for run in sorted(runs, key=lambda run: run.id)]
    assert order == [
        ("order", "top"), ("install", "base"), ("install", "middle"), ("install", "top"),
    ]  # fmt: skip


def test_the_plan_lists_them_in_their_order(stack: Life, tenant: Tenant):
    plan = stack.cycle.plan(tenant.owner(), "top")
    assert [part.extension_id for part in plan.parts] == ["base", "middle"]
    assert [line.scope for line in plan.parts[1].scopes] == ["read:deals"]
    shown = plan.to_dict()
    assert shown["parts"][1]["enforcement"] == plan.parts[1].to_dict()["enforcement"]
    assert installed(stack, tenant) == {}


def test_consent_covers_the_whole_plan(stack: Life, tenant: Tenant):
    with pytest.raises(ConsentRequired) as caught:
        stack.cycle.install(tenant.owner(), InstallRequest(extension_id="top"))
    assert caught.value.extra["plan"] == stack.cycle.plan(tenant.owner(), "top").to_dict()
    assert installed(stack, tenant) == {}


def test_a_list_for_the_main_one_says_nothing_of_the_others(stack: Life, tenant: Tenant):
    narrow = InstallRequest(extension_id="top", grant=["read:leads"])
    with pytest.raises(ConsentRequired):
        stack.cycle.install(tenant.owner(), narrow)
    grants = {"middle": ["read:deals"], "base": []}
    whole = InstallRequest(extension_id="top", grant=["read:leads"], grants=grants)
    stack.cycle.install(tenant.owner(), whole)
    assert stack.cycle.get(tenant.owner(), "middle")["granted"] == ["read:deals"]


def test_what_asks_for_nothing_needs_no_grant(life: Life, tenant: Tenant):
    put(life, "top", needs={"quiet": "*"}, permissions=["read:leads"])
    put(life, "quiet")
    life.cycle.install(tenant.owner(), InstallRequest(extension_id="top", grant=["read:leads"]))
    assert installed(life, tenant) == {"quiet": "1.0.0", "top": "1.0.0"}


def test_a_wrong_grant_of_another_names_its_place(stack: Life, tenant: Tenant):
    wrong = InstallRequest(
        extension_id="top", grant=["read:leads"], grants={"middle": ["write:deals"], "base": []}
    )
    with pytest.raises(ValidationFailed) as caught:
        stack.cycle.install(tenant.owner(), wrong)
    assert [found.pointer for found in caught.value.findings] == [
        "/grants/middle/0", "/grants/middle",
    ]  # fmt: skip
    assert installed(stack, tenant) == {}


def test_nobody_gives_away_what_they_have_not_got(stack: Life, tenant: Tenant):
    poor = tenant.owner("manage:extensions", "read:leads", "read:extensions")
    with pytest.raises(ScopeMissing, match="read:deals"):
        stack.cycle.install(poor, TOP)
    assert installed(stack, tenant) == {}


def test_where_the_last_fails_all_are_taken_away(stack: Life, tenant: Tenant):
    def only_the_top_fails(_actor: Actor, draft: Draft) -> Outcome:
        return Outcome(success=draft.extension_id != "top", message="No licence.")

    stack.runner.installing = only_the_top_fails
    with pytest.raises(InstallFailed, match="No licence"):
        stack.cycle.install(tenant.owner(), TOP)
    assert installed(stack, tenant) == {}


def test_where_the_first_fails_nothing_comes(stack: Life, tenant: Tenant):
    stack.runner.installing = lambda _actor, draft: Outcome(success=draft.extension_id != "base")
    with pytest.raises(InstallFailed, match="base was not installed"):
        stack.cycle.install(tenant.owner(), TOP)
    assert installed(stack, tenant) == {}


def test_a_clean_up_that_fails_keeps_no_other_from_going(stack: Life, tenant: Tenant):
    stack.runner.installing = lambda _actor, draft: Outcome(success=draft.extension_id != "top")
    stack.runner.uninstalling = lambda _actor, _draft: Outcome(success=False, message="Stuck.")
    with pytest.raises(InstallFailed, match="top was not installed"):
        stack.cycle.install(tenant.owner(), TOP)
    assert installed(stack, tenant) == {}


def test_each_that_nothing_confines_is_trusted_by_its_id(life: Life, tenant: Tenant):
    put(life, "top", needs={"base": "*"}, built_in=False)
    put(life, "base", built_in=False)
    for typed in (None, "top", "base", "top  base"):
        with pytest.raises(TrustRequired):
            life.cycle.install(
                tenant.owner(), InstallRequest(extension_id="top", grant="requested", trust=typed)
            )
    life.cycle.install(
        tenant.owner(), InstallRequest(extension_id="top", grant="requested", trust="top base")
    )
    assert installed(life, tenant) == {"base": "1.0.0", "top": "1.0.0"}


def test_the_newest_that_fits_is_taken(life: Life, tenant: Tenant):
    put(life, "top", "2.0.0", requires={"geminicrm": ">=9"})
    put(life, "top", "1.0.0")
    life.shelf.newest["top"] = "2.0.0"
    assert life.cycle.plan(tenant.owner(), "top").version == "1.0.0"


def test_those_that_need_each_other_come_together(life: Life, tenant: Tenant):
    put(life, "top", needs={"base": "*"})
    put(life, "base", needs={"top": "*"})
    life.cycle.install(tenant.owner(), TOP)
    assert installed(life, tenant) == {"base": "1.0.0", "top": "1.0.0"}


def ask(life: Life, tenant: Tenant, name: str, **changes: Any) -> None:
    life.cycle.upgrades.upgrade(
        tenant.owner(), InstallRequest(**{"extension_id": name, "grant": "requested", **changes})
    )


@pytest.fixture
def raised(life: Life, tenant: Tenant) -> Life:
    """The top is to go up, which needs a newer base, which asks for more, and a new one."""
    put(life, "top", needs={"base": "*"})
    put(life, "base")
    life.cycle.install(tenant.owner(), TOP)
    put(life, "top", "2.0.0", needs={"base": ">=2", "extra": "*"})
    put(life, "base", "2.0.0", permissions=["read:deals"])
    put(life, "extra")
    return life


def test_an_upgrade_brings_the_upgrades_and_installs_that_it_needs(raised: Life, tenant: Tenant):
    plan = raised.cycle.upgrades.plan(tenant.owner(), "top")
    assert [(part.kind, part.extension_id, part.from_version) for part in plan.parts] == [
        ("upgrade", "base", "1.0.0"), ("install", "extra", None),
    ]  # fmt: skip
    assert [line.scope for line in plan.parts[0].changes.scopes_added] == ["read:deals"]
    ask(raised, tenant, "top")
    assert installed(raised, tenant) == {"base": "2.0.0", "extra": "1.0.0", "top": "2.0.0"}
    assert raised.cycle.get(tenant.owner(), "base")["granted"] == ["read:deals"]


def test_an_upgrade_of_another_that_asks_for_more_needs_consent(raised: Life, tenant: Tenant):
    with pytest.raises(ConsentRequired) as caught:
        ask(raised, tenant, "top", grant=None)
    assert caught.value.extra["plan"] == raised.cycle.upgrades.plan(tenant.owner(), "top").to_dict()
    assert installed(raised, tenant) == {"base": "1.0.0", "top": "1.0.0"}


def test_where_an_upgrade_fails_the_others_go_back(raised: Life, tenant: Tenant):
    def top_fails(draft: Draft) -> None:
        if_top = {"top": "2.0.0"}.get(draft.extension_id) == draft.version
        assert not if_top, "stuck"

    raised.runner.loading = top_fails
    with pytest.raises(AssertionError, match="stuck"):
        ask(raised, tenant, "top")
    assert installed(raised, tenant) == {"base": "1.0.0", "top": "1.0.0"}
    assert raised.cycle.removals.removed(tenant.owner()) == []


STUCK = {("top", "2.0.0"): "no licence", ("base", "1.0.0"): "no way back"}


def raise_if(error: Exception | None) -> None:
    if error is not None:
        raise error


def orders(life: Life, tenant: Tenant) -> list[Run]:
    """Give the runs that hold others together, the first first."""
    runs = sorted(rows(life, tenant, Run), key=lambda run: run.id)
    return [run for run in runs if run.kind == ORDER]


def test_what_can_not_be_taken_back_is_given_up_and_told(raised: Life, tenant: Tenant):
    failing = {
        key: LoadFailed(key[0], "load", "extension.py:1", reason) for key, reason in STUCK.items()
    }
    raised.runner.loading = lambda draft: raise_if(failing.get((draft.extension_id, draft.version)))
    with pytest.raises(InstallFailed, match="no licence"), capture_logs():
        ask(raised, tenant, "top")
    with capture_logs():
        for _ in range(MOST_TRIES):
            assert orders(raised, tenant)[-1].state == "running"
            raised.cycle.recovery.recover()
    assert orders(raised, tenant)[-1].state == "undone"
    assert "this is left: base 2.0.0" in str(orders(raised, tenant)[-1].error)
    assert installed(raised, tenant) == {"base": "2.0.0", "top": "1.0.0"}
    assert raised.cycle.recovery.recover() == 0


def test_whoever_needs_an_older_one_goes_up_with_it(life: Life, tenant: Tenant):
    put(life, "base")
    put(life, "reports", needs={"base": "<2"})
    life.cycle.install(tenant.owner(), InstallRequest(extension_id="reports", grant="requested"))
    put(life, "base", "2.0.0")
    put(life, "reports", "1.1.0", needs={"base": "*"})
    ask(life, tenant, "base")
    assert installed(life, tenant) == {"base": "2.0.0", "reports": "1.1.0"}
