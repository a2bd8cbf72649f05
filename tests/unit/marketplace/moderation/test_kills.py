"""Kill orders reach what is installed, whichever was first; advisories and notices are told."""

import json
from datetime import timedelta

import pytest

from geminicrm.kernel.errors import ScopeMissing, ValidationFailed
from geminicrm.runtime.quarantine import Kill, VersionStopped, covers
from marketplace.moderation.advisories import Warn
from marketplace.moderation.errors import LiftedAlready, NotYours, UnknownNotice
from marketplace.moderation.notices import LASTS, RENEWED
from tests.support.core import make_tenant
from tests.unit.marketplace.moderation.conftest import EXTENSION, Market

WARN = Warn(affected="<1.1.0", severity="high", title="It leaks names", fixed_in="1.1.0")


def said(market: Market) -> dict:
    return json.loads(market.moderation.notices.current().text)


@pytest.mark.parametrize(
    ("affected", "version", "means"),
    [
        ("*", "1.0.0", True),
        (">=1.2.0 <1.4.1", "1.4.0", True),
        (">=1.2.0 <1.4.1", "1.4.1", False),
        ("1.2.0", "1.2.0-rc.1", True),
        ("<2.0.0", "2.0.0-beta", False),
        ("nonsense", "1.0.0", True),
        ("*", "nonsense", True),
    ],
)
def test_what_a_range_means(affected, version, means):
    assert covers(affected, version) is means
    assert Kill(extension_id="x", affected=affected, reason="r").hits("y", version) is False


def test_only_operators_give_orders(market: Market):
    with pytest.raises(ScopeMissing):
        market.moderation.kills.give(market.tenant.owner(), EXTENSION, "*", "No.")
    with pytest.raises(ScopeMissing):
        market.moderation.kills.every(market.tenant.owner())


def test_wrong_orders_are_refused_with_every_place(market: Market):
    with pytest.raises(ValidationFailed) as caught:
        market.moderation.kills.give(market.operator(), " ", "latest", "Because.")

    assert [one.pointer for one in caught.value.findings] == ["/extension_id", "/affected"]


def test_what_is_stopped_can_not_be_installed(market: Market):
    market.publish()
    given = market.moderation.kills.give(market.operator(), EXTENSION, "*", "It steals tokens")

    with pytest.raises(VersionStopped) as caught:
        market.install()

    assert "It steals tokens. Stopped are the versions *." in caught.value.detail
    assert given.stopped == 0


def test_orders_are_lifted_once(market: Market):
    given = market.moderation.kills.give(market.operator(), EXTENSION, "*", "It steals.")

    assert market.moderation.kills.lift(market.operator(), given.id).lifted_at is not None
    assert market.moderation.kills.of("embedded") == ()
    with pytest.raises(LiftedAlready):
        market.moderation.kills.lift(market.operator(), given.id)
    with pytest.raises(UnknownNotice):
        market.moderation.kills.lift(market.operator(), "kill_none")


def test_a_registry_that_nobody_knows_has_no_orders(market: Market):
    assert market.moderation.kills.of("reg_none") == ()


def test_publishers_warn_of_their_own(market: Market):
    market.publish()
    made = market.moderation.advisories.make(market.tenant.owner(), EXTENSION, WARN)

    assert market.moderation.advisories.of(market.tenant.owner(), EXTENSION) == [made]
    stranger = make_tenant(market.core, "south")
    with pytest.raises(NotYours):
        market.moderation.advisories.make(stranger.owner(), EXTENSION, WARN)
    with pytest.raises(NotYours):
        market.moderation.advisories.withdraw(stranger.owner(), made.id)
    market.moderation.advisories.withdraw(market.tenant.owner(), made.id)
    assert market.moderation.advisories.of(market.tenant.owner()) == []
    with pytest.raises(LiftedAlready):
        market.moderation.advisories.withdraw(market.tenant.owner(), made.id)
    with pytest.raises(UnknownNotice):
        market.moderation.advisories.withdraw(market.tenant.owner(), "adv_none")


def test_wrong_advisories_are_refused_with_every_place(market: Market):
    market.publish()
    wrong = Warn(affected="*", severity="bad", title=" ", body="x" * 10_001, fixed_in="soon")

    with pytest.raises(ValidationFailed) as caught:
        market.moderation.advisories.make(market.operator(), EXTENSION, wrong)

    places = [one.pointer for one in caught.value.findings]
    assert places == ["/severity", "/title", "/body", "/fixed_in"]


def test_the_notices_say_all_of_it_and_their_serial_rises(both_markets: Market):
    market = both_markets
    market.publish()
    first = said(market)
    market.moderation.decisions.yank(market.operator(), EXTENSION, "1.0.0", "It loses notes.")
    market.moderation.advisories.make(market.operator(), EXTENSION, WARN)
    market.moderation.kills.give(market.operator(), EXTENSION, "<1.0.0", "It steals.")
    last = said(market)

    assert (first["advisories"], first["kills"], first["yanked"]) == ([], [], [])
    assert last["serial"] == first["serial"] + 3
    assert last["yanked"] == [
        {"extension_id": EXTENSION, "version": "1.0.0", "state": "yanked",
         "reason": "It loses notes."}
    ]  # fmt: skip
    assert [one["title"] for one in last["advisories"]] == ["It leaks names"]
    assert [one["affected"] for one in last["kills"]] == ["<1.0.0"]
    assert said(market)["serial"] == last["serial"]


def test_the_notices_are_renewed_daily(market: Market, clock):
    first = said(market)
    clock.advance(RENEWED.total_seconds() - 1)
    assert market.moderation.notices.renew() is False
    clock.advance(1)
    assert market.moderation.notices.renew() is True
    assert said(market)["expires_at"] > first["expires_at"]
    assert timedelta(days=7) == LASTS


def test_orders_on_what_is_private_are_not_told_to_others(market: Market):
    market.moderation.kills.give(market.operator(), "somebodys-own", "*", "It steals.")

    assert said(market)["kills"] == []
