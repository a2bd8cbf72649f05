from typing import Any

import pytest

from geminicrm.crm.build import Crm
from geminicrm.crm.pipelines.service import ensure_default_pipeline
from geminicrm.kernel.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    ScopeMissing,
    ValidationFailed,
)
from geminicrm.kernel.work import Actor, Works
from tests.support.core import Tenant
from tests.unit.crm.conftest import Stored

DEFAULT = ["prospecting", "qualification", "proposal", "negotiation", "closed_won", "closed_lost"]


@pytest.fixture
def sales(crm: Crm, works: Works, me: Actor) -> Any:
    """Give the default pipeline."""
    with works.write(me) as work:
        ensure_default_pipeline(work)
    return crm.pipelines.list(me)[0]


def pointers(caught: pytest.ExceptionInfo[ValidationFailed]) -> list[str]:
    return [finding.pointer for finding in caught.value.findings]


def test_the_default_is_made_once(works: Works, me: Actor, crm: Crm, sales: Any):
    with works.write(me) as work:
        places = ensure_default_pipeline(work)
    assert [place.key for place in places] == DEFAULT
    assert [pipeline["id"] for pipeline in crm.pipelines.list(me)] == [sales["id"]]
    assert sales["is_default"]
    assert [stage["probability"] for stage in sales["stages"]] == [10, 25, 50, 75, 100, 0]


def test_a_pipeline_is_completed(crm: Crm, me: Actor, sales: Any, stored: Stored):
    made = crm.pipelines.create(
        me, {"name": "Short", "stages": [{"name": "Erste Stufe"}, {"name": "第二"}]}
    )
    assert made == crm.pipelines.get(me, made["id"])
    assert [(stage["key"], stage["kind"], stage["probability"]) for stage in made["stages"]] == [
        ("erste_stufe", "open", 33),
        ("stage_2", "open", 67),
        ("closed_won", "won", 100),
        ("closed_lost", "lost", 0),
    ]
    assert [each["name"] for each in crm.pipelines.list(me)] == [sales["name"], "Short"]
    (event,) = stored.events(me)
    assert (event.type, event.data) == ("pipeline.created", made)


def test_stages_are_renamed_moved_added_and_taken_away(
    crm: Crm, me: Actor, sales: Any, stored: Stored
):
    first, second, *_middle, won, lost = sales["stages"]
    wanted = [{**second, "name": "Check"}, first, {"name": "Extra"}, won, lost]
    changed = crm.pipelines.update(me, sales["id"], {"stages": wanted}, if_version=1)
    assert [stage["name"] for stage in changed["stages"]] == [
        "Check",
        "Prospecting",
        "Extra",
        "Closed won",
        "Closed lost",
    ]
    assert changed["stages"][0]["id"] == second["id"]
    assert changed == crm.pipelines.get(me, sales["id"])
    assert changed["version"] == 2
    event = stored.events(me)[-1]
    assert event.data == {**changed, "changed_fields": ["stages"]}
    assert event.object_version == 2


def test_a_stage_is_known_by_its_key_too(crm: Crm, me: Actor, sales: Any):
    asked = [{"key": stage["key"], "name": stage["name"]} for stage in sales["stages"][:4]]
    changed = crm.pipelines.update(me, sales["id"], {"stages": asked})
    assert [stage["id"] for stage in changed["stages"]] == [
        stage["id"] for stage in sales["stages"]
    ]


def test_the_same_again_changes_nothing(crm: Crm, me: Actor, sales: Any, stored: Stored):
    same = {"name": sales["name"], "stages": sales["stages"]}
    assert crm.pipelines.update(me, sales["id"], same) == sales
    assert stored.types(me) == []


def test_a_stage_that_holds_deals_stays(crm: Crm, me: Actor, sales: Any):
    deal = crm.deals.create(me, {"name": "A deal"})
    with pytest.raises(Conflict) as caught:
        crm.pipelines.update(me, sales["id"], {"stages": sales["stages"][1:]})
    assert "Prospecting" in caught.value.detail
    assert crm.pipelines.get(me, sales["id"]) == sales
    assert crm.deals.get(me, deal["id"]) == deal


def test_wrong_pipelines_are_told(crm: Crm, me: Actor, sales: Any):
    ends = {"name": "W", "kind": "won"}
    with pytest.raises(ValidationFailed) as caught:
        crm.pipelines.create(me, {"stages": [{"name": "", "key": "A B", "probability": 101}]})
    assert sorted(pointers(caught)) == [
        "/name",
        "/stages/0/key",
        "/stages/0/name",
        "/stages/0/probability",
    ]
    with pytest.raises(ValidationFailed) as caught:
        crm.pipelines.create(me, {"name": "X", "stages": [ends, ends]})
    assert pointers(caught) == ["/stages/1/key", "/stages"]
    with pytest.raises(NotFound):
        crm.pipelines.update(me, sales["id"], {"stages": [{"id": "stage_x", "name": "X"}]})
    with pytest.raises(PreconditionFailed):
        crm.pipelines.update(me, sales["id"], {"name": "X"}, if_version=2)
    with pytest.raises(NotFound):
        crm.pipelines.get(me, "pipeline_x")


def test_pipelines_are_read_with_deals_and_managed_with_the_workspace(
    crm: Crm, sales: Any, owner: Tenant
):
    seller = owner.owner("read:deals", "write:deals")
    assert crm.pipelines.list(seller) == [sales]
    with pytest.raises(ScopeMissing):
        crm.pipelines.create(seller, {"bogus": 1})
    with pytest.raises(ScopeMissing):
        crm.pipelines.list(owner.owner("read:leads"))
