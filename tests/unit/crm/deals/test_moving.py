from typing import Any

import pytest

from geminicrm.crm.build import Crm
from geminicrm.crm.deals.commands import StageTotal
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.work import Actor
from tests.unit.crm.conftest import Stored


@pytest.fixture
def deal(crm: Crm, me: Actor) -> Any:
    """Give an open deal."""
    return crm.deals.create(me, {"name": "A deal", "amount": "10", "currency": "EUR"})


@pytest.fixture
def stages(crm: Crm, me: Actor, deal: Any) -> dict[str, str]:
    """Give the ids of the default pipeline's stages by key."""
    (pipeline,) = crm.pipelines.list(me)
    assert deal["pipeline_id"] == pipeline["id"]
    return {stage["key"]: stage["id"] for stage in pipeline["stages"]}


@pytest.fixture
def partners(crm: Crm, me: Actor, deal: Any) -> Any:
    """Give a second pipeline, with ends of other keys."""
    assert deal
    stages = [
        {"name": "First"},
        {"name": "Signed", "kind": "won"},
        {"name": "Gone", "kind": "lost"},
    ]
    return crm.pipelines.create(me, {"name": "Partners", "stages": stages})


def refused(crm: Crm, me: Actor, deal: Any, changes: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationFailed) as caught:
        crm.deals.update(me, deal["id"], changes)
    return [finding.pointer for finding in caught.value.findings]


def test_a_deal_begins_at_the_first_stage(deal: Any, stages: dict[str, str]):
    assert (deal["stage_id"], deal["status"]) == (stages["prospecting"], "open")


def test_winning(crm: Crm, me: Actor, deal: Any, stages: dict[str, str], stored: Stored):
    won = crm.deals_flow.win(me, deal["id"], if_version=1)
    assert (won["stage_id"], won["status"]) == (stages["closed_won"], "won")
    assert won["closed_at"] == "2026-11-21T09:00:00.000000Z"
    assert stored.types(me)[-3:] == ["deal.updated", "deal.stage_changed", "deal.won"]
    moved = stored.events(me)[-2].data
    assert moved["from_stage_id"] == stages["prospecting"]
    assert moved["to_stage_id"] == stages["closed_won"]
    assert len(stored.audit(me, deal["id"])) == 2


def test_winning_twice_tells_once(crm: Crm, me: Actor, deal: Any, stored: Stored):
    won = crm.deals_flow.win(me, deal["id"])
    assert crm.deals_flow.win(me, deal["id"]) == won
    assert stored.types(me).count("deal.won") == 1


def test_losing_keeps_the_reason(
    crm: Crm, me: Actor, deal: Any, stages: dict[str, str], stored: Stored
):
    lost = crm.deals_flow.lose(me, deal["id"], "Price")
    assert (lost["stage_id"], lost["status"]) == (stages["closed_lost"], "lost")
    assert lost["lost_reason"] == "Price"
    assert stored.types(me)[-1] == "deal.lost"
    assert crm.deals_flow.lose(me, deal["id"])["lost_reason"] == "Price"
    assert crm.deals.update(me, deal["id"], {"lost_reason": "Time"})["lost_reason"] == "Time"


def test_a_lost_deal_may_be_won_after_all(crm: Crm, me: Actor, deal: Any):
    crm.deals_flow.lose(me, deal["id"], "Price")
    won = crm.deals_flow.win(me, deal["id"])
    assert (won["status"], won["lost_reason"]) == ("won", None)


def test_moving_to_an_end_stage_ends_the_deal(
    crm: Crm, me: Actor, deal: Any, stages: dict[str, str], stored: Stored
):
    moved = crm.deals_flow.move(me, deal["id"], stages["proposal"])
    assert moved["status"] == "open"
    assert stored.types(me)[-2:] == ["deal.updated", "deal.stage_changed"]
    assert crm.deals_flow.move(me, deal["id"], stages["closed_won"])["status"] == "won"
    reopened = crm.deals_flow.move(me, deal["id"], stages["negotiation"])
    assert (reopened["status"], reopened["closed_at"]) == ("open", None)


def test_reopening_by_status_begins_anew(crm: Crm, me: Actor, deal: Any, stages: dict[str, str]):
    crm.deals_flow.win(me, deal["id"])
    reopened = crm.deals.update(me, deal["id"], {"status": "open"})
    assert reopened["stage_id"] == stages["prospecting"]


def test_a_deal_may_be_made_where_it_ended(crm: Crm, me: Actor, stored: Stored):
    won = crm.deals.create(me, {"name": "Old", "status": "won"})
    assert won["closed_at"] is not None
    assert stored.types(me) == ["deal.created", "deal.won"]


def test_another_pipeline_has_its_own_ends(crm: Crm, me: Actor, deal: Any, partners: Any):
    moved = crm.deals.update(me, deal["id"], {"pipeline_id": partners["id"]})
    assert moved["stage_id"] == partners["stages"][0]["id"]
    assert crm.deals_flow.win(me, deal["id"])["stage_id"] == partners["stages"][1]["id"]
    assert crm.deals_flow.lose(me, deal["id"])["stage_id"] == partners["stages"][2]["id"]


def test_moving_between_two_won_stages_wins_once(
    crm: Crm, me: Actor, deal: Any, stages: dict[str, str], partners: Any, stored: Stored
):
    won = crm.deals_flow.move(me, deal["id"], stages["closed_won"])
    moved = crm.deals_flow.move(me, deal["id"], partners["stages"][1]["id"])
    assert (moved["status"], moved["closed_at"]) == ("won", won["closed_at"])
    assert stored.types(me).count("deal.won") == 1


def test_a_stage_brings_its_pipeline(crm: Crm, me: Actor, deal: Any, partners: Any):
    moved = crm.deals_flow.move(me, deal["id"], partners["stages"][0]["id"])
    assert moved["pipeline_id"] == partners["id"]


def test_wrong_places_are_refused(
    crm: Crm, me: Actor, deal: Any, stages: dict[str, str], partners: Any
):
    other = partners["stages"][0]["id"]
    assert refused(crm, me, deal, {"stage_id": "stage_x"}) == ["/stage_id"]
    assert refused(crm, me, deal, {"pipeline_id": "pipeline_x"}) == ["/pipeline_id"]
    assert refused(crm, me, deal, {"status": "won", "stage_id": stages["proposal"]}) == ["/status"]
    crm.deals.update(me, deal["id"], {"pipeline_id": partners["id"]})
    back = {"pipeline_id": crm.pipelines.list(me)[0]["id"], "stage_id": partners["stages"][1]["id"]}
    assert refused(crm, me, deal, back) == ["/stage_id"]
    assert refused(crm, me, deal, {"lost_reason": "Price"}) == ["/lost_reason"]
    assert crm.deals.get(me, deal["id"])["stage_id"] == other


def test_totals_by_stage_and_currency(crm: Crm, me: Actor, deal: Any, stages: dict[str, str]):
    first = stages["prospecting"]
    crm.deals.create(me, {"name": "B", "amount": "2.5", "currency": "EUR"})
    crm.deals.create(me, {"name": "C", "amount": "7", "currency": "JPY"})
    crm.deals.create(me, {"name": "D"})
    crm.deals.create(me, {"name": "E", "currency": "KWD"})
    found = crm.deals_flow.totals(me, deal["pipeline_id"])
    assert sorted(found, key=lambda total: total.currency or "") == [
        StageTotal(first, None, 1, None),
        StageTotal(first, "EUR", 2, "12.50"),
        StageTotal(first, "JPY", 1, "7"),
        StageTotal(first, "KWD", 1, None),
    ]
