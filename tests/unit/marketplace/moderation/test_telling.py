"""Workspaces hear of what they have installed: advisories, orders, withdrawn versions."""

from datetime import datetime
from typing import Any

from geminicrm.kernel.ids import new_id
from geminicrm.runtime.models import EMBEDDED, Installation
from marketplace.moderation.advisories import Warn
from marketplace.registries.models import RegistryRow
from tests.support.core import make_tenant
from tests.unit.marketplace.moderation.conftest import EXTENSION, Market

WARN = Warn(affected="<1.1.0", severity="high", title="It leaks names", fixed_in="1.1.0")


def put(market: Market, version: str = "1.0.0", registry_id: str = EMBEDDED) -> None:
    """Store an installation without running anything."""
    with market.core.works.write(market.tenant.system()) as work:
        work.session.add(
            Installation(
                id=new_id("inst"),
                extension_id=EXTENSION,
                version=version,
                digest="sha256:0",
                registry_id=registry_id,
                manifest={},
                granted=[],
                settings={},
                created_at=work.now,
                updated_at=work.now,
            )
        )


def registry(name: str, notices: dict[str, Any], now: datetime) -> RegistryRow:
    return RegistryRow(
        id=name, name=name, url=f"https://{name}.example", position=1, enabled=True,
        keys=[], keys_serial=0, notices=notices, notices_serial=1, created_at=now,
    )  # fmt: skip


def kinds(market: Market) -> list[tuple[str, str]]:
    told = market.moderation.telling.notices(market.tenant.owner())
    return [(one.kind, one.severity) for one in told]


def test_an_advisory_is_told_to_those_who_have_the_version(market: Market):
    market.publish()
    put(market)
    market.moderation.advisories.make(market.operator(), EXTENSION, WARN)
    south = make_tenant(market.core, "south")

    [one] = market.moderation.telling.affecting(market.tenant.owner())
    assert (one.version, one.advisory.fixed_in) == ("1.0.0", "1.1.0")
    assert one.to_dict()["installed_version"] == "1.0.0"
    assert market.moderation.telling.affecting(south.owner()) == []
    assert market.moderation.telling.affecting(market.tenant.owner("read:leads")) == []
    assert market.moderation.telling.notices(market.tenant.owner("read:leads")) == []


def test_whoever_may_install_such_a_version_is_warned_in_the_plan(market: Market):
    market.publish()
    market.moderation.advisories.make(market.operator(), EXTENSION, WARN)
    plan = market.core.life_cycle.plan(market.tenant.owner(), EXTENSION, allow_unsigned=True)
    assert "Advisory (high): It leaks names. Upgrade to 1.1.0." in plan.warnings
    market.publish("1.1.0")
    later = market.core.life_cycle.plan(market.tenant.owner(), EXTENSION, allow_unsigned=True)
    assert not [one for one in later.warnings if "Advisory" in one]


def test_another_registry_warns_in_the_plan_as_well(market: Market):
    told = {"extension_id": EXTENSION, "affected": "*", "title": "It is old.", "severity": "low"}
    with market.core.works.across_workspaces("another registry", write=True) as work:
        work.session.add(registry("reg_far", {"advisories": [told]}, work.now))
    advice = market.moderation.telling.advice
    owner = market.tenant.owner()
    assert advice(owner, "reg_far", EXTENSION, "1.0.0") == ["Advisory (low): It is old."]
    assert advice(owner, "reg_far", "another", "1.0.0") == []
    assert advice(owner, "reg_gone", EXTENSION, "1.0.0") == []


def test_a_version_that_is_not_affected_is_left_alone(market: Market):
    market.publish("1.1.0")
    put(market, "1.1.0")
    market.moderation.advisories.make(market.operator(), EXTENSION, WARN)

    assert kinds(market) == []


def test_yanked_stopped_and_withdrawn_versions_are_told(market: Market):
    market.publish()
    put(market)
    market.moderation.decisions.yank(market.operator(), EXTENSION, "1.0.0", "It loses notes.")
    assert kinds(market) == [("yanked", "moderate")]

    market.moderation.decisions.quarantine(market.operator(), EXTENSION, "1.0.0", "It leaks.")
    market.moderation.kills.give(market.operator(), EXTENSION, "*", "It steals.")
    assert kinds(market) == [("kill", "critical"), ("yanked", "high")]


def test_an_installation_that_no_registry_knows_is_not_spoken_of(market: Market):
    put(market)

    assert kinds(market) == []


def test_other_registries_are_heard_too(market: Market):
    line = {"extension_id": EXTENSION, "affected": "*", "title": "Theirs", "severity": "odd"}
    notices = {
        "advisories": [line, {"extension_id": EXTENSION}],
        "kills": [{"extension_id": EXTENSION, "affected": "<1.0.0", "reason": "No."}],
        "yanked": [
            {"extension_id": "other", "version": "1.0.0"},
            {"extension_id": EXTENSION, "version": "1.0.0", "reason": "Old."},
        ],
    }
    with market.core.works.across_workspaces("add a registry for a test", write=True) as work:
        work.session.add(registry("reg_1", notices, work.now))
    put(market, registry_id="reg_1")

    assert kinds(market) == [("advisory", "high"), ("yanked", "moderate")]
    assert [one.affected for one in market.moderation.kills.of("reg_1")] == ["<1.0.0"]
