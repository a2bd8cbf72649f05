"""Every way between the states of a version, and what follows from it."""

import pytest

from geminicrm.kernel.errors import ScopeMissing, ValidationFailed
from marketplace.errors import UnknownExtension, VersionWithheld
from marketplace.moderation.errors import NotYours, WrongState
from marketplace.search import Query
from marketplace.states import WAYS, first_state
from tests.support.core import make_tenant
from tests.unit.marketplace.conftest import sign_up
from tests.unit.marketplace.moderation.conftest import EXTENSION, Market


def found(market: Market) -> list[str]:
    return [one.id for one in market.core.registry.search(market.tenant.owner(), Query()).listings]


def source_of(market: Market, version: str | None = None) -> str:
    return market.core.marketplace.source.find(market.tenant.id, EXTENSION, version).version


@pytest.mark.parametrize(
    ("review", "verified", "public", "state"),
    [
        ("none", False, True, "listed"),
        ("unverified", False, True, "pending"),
        ("unverified", True, True, "listed"),
        ("all", True, True, "pending"),
        ("all", False, False, "listed"),
    ],
)
def test_whose_versions_wait(review, verified, public, state):
    assert first_state(review, verified=verified, public=public) == state


def test_what_waits_is_in_no_search_and_can_not_be_had(reviewed: Market):
    reviewed.publish()

    assert [one.version for one in reviewed.moderation.queue.waiting(reviewed.operator())] == [
        "1.0.0"
    ]
    assert found(reviewed) == []
    with pytest.raises(UnknownExtension):
        source_of(reviewed)
    with pytest.raises(VersionWithheld):
        source_of(reviewed, "1.0.0")


def test_what_is_approved_is_listed(reviewed: Market):
    reviewed.publish()

    reviewed.moderation.decisions.approve(reviewed.operator(), EXTENSION, "1.0.0")

    assert found(reviewed) == [EXTENSION]
    assert source_of(reviewed) == "1.0.0"
    assert reviewed.moderation.queue.waiting(reviewed.operator()) == []


def test_what_is_rejected_keeps_its_reason(reviewed: Market):
    reviewed.publish()

    reviewed.moderation.decisions.reject(reviewed.operator(), EXTENSION, "1.0.0", " Too vague. ")

    case = reviewed.moderation.queue.look(reviewed.operator(), EXTENSION, "1.0.0")
    assert (case.version.state, case.version.reason) == ("rejected", "Too vague.")
    assert found(reviewed) == []


def test_the_newest_listed_version_describes_the_extension(both_markets: Market):
    both_markets.publish("1.0.0", name="First")
    both_markets.publish("2.0.0", name="Second")
    assert both_markets.latest() == "2.0.0"

    both_markets.moderation.decisions.quarantine(
        both_markets.operator(), EXTENSION, "2.0.0", "It sends data away."
    )
    listing, _ = both_markets.core.registry.get(both_markets.tenant.owner(), EXTENSION)
    assert (listing.latest_version, listing.name) == ("1.0.0", "First")

    both_markets.moderation.decisions.release(both_markets.operator(), EXTENSION, "2.0.0")
    listing, _ = both_markets.core.registry.get(both_markets.tenant.owner(), EXTENSION)
    assert (listing.latest_version, listing.name) == ("2.0.0", "Second")


def test_a_yanked_version_is_had_by_name_only(market: Market):
    market.publish()

    market.moderation.decisions.yank(market.tenant.owner(), EXTENSION, "1.0.0", "It loses notes.")

    assert found(market) == []
    assert source_of(market, "1.0.0") == "1.0.0"
    with pytest.raises(UnknownExtension):
        source_of(market)
    market.moderation.decisions.unyank(market.operator(), EXTENSION, "1.0.0")
    assert source_of(market) == "1.0.0"


def test_strangers_do_not_yank(market: Market):
    market.publish()
    stranger = make_tenant(market.core, "south")
    sign_up(market.core, stranger, "others")

    with pytest.raises(NotYours):
        market.moderation.decisions.yank(stranger.owner(), EXTENSION, "1.0.0", "Mine is better.")
    with pytest.raises(ScopeMissing):
        market.moderation.decisions.yank(
            stranger.owner("read:extensions"), EXTENSION, "1.0.0", "Because."
        )


@pytest.mark.parametrize("decision", ["approve", "release", "unyank"])
def test_publishers_do_not_decide(market: Market, decision):
    market.publish()

    with pytest.raises(ScopeMissing):
        getattr(market.moderation.decisions, decision)(market.tenant.owner(), EXTENSION, "1.0.0")


@pytest.mark.parametrize("decision", [name for name, way in WAYS.items() if way.reasoned])
def test_reasons_are_needed(market: Market, decision):
    market.publish()

    with pytest.raises(ValidationFailed):
        getattr(market.moderation.decisions, decision)(market.operator(), EXTENSION, "1.0.0", "  ")


def test_decisions_for_another_state_are_refused(market: Market):
    market.publish()

    with pytest.raises(WrongState) as caught:
        market.moderation.decisions.approve(market.operator(), EXTENSION, "1.0.0")

    assert "1.0.0 is listed" in caught.value.detail


def test_unknown_versions_are_told(market: Market):
    market.publish()

    with pytest.raises(UnknownExtension):
        market.moderation.decisions.yank(market.operator(), EXTENSION, "9.0.0", "Why not.")


def test_a_reviewer_reads_what_changes(market: Market):
    market.publish("1.0.0")
    market.publish(
        "1.1.0",
        permissions=["read:leads", "read:deals"],
        permission_reasons={},
        network=[{"host": "api.example.com", "reason": "Sends."}],
    )

    case = market.moderation.queue.look(market.operator(), EXTENSION, "1.1.0")

    assert case.difference.before == "1.0.0"
    assert [(one.name, one.added) for one in case.difference.asked] == [
        ("read:deals", True),
        ("api.example.com", True),
    ]
    changed = {one.path for one in case.difference.files if one.change}
    assert changed == {"CHANGELOG.md", "manifest.json"}
    assert {one["code"] for one in case.findings} >= {"unused_host"}
    assert case.to_dict()["difference"]["before"] == "1.0.0"
