from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from geminicrm.crm.activities.models import Activity
from geminicrm.crm.build import Crm
from geminicrm.crm.contacts.models import Contact
from geminicrm.crm.deals.models import Deal
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.kernel.errors import NotFound, ValidationFailed
from geminicrm.kernel.work import Actor, Work

KINDS = ("lead", "contact", "company", "deal", "activity")
DATA: dict[str, Any] = {"activity": {"kind": "note", "subject": "S"}}


def make(crm: Crm, actor: Actor, kind: str) -> Any:
    return crm.records[kind].create(actor, DATA.get(kind, {"name": "Mine"}))


@pytest.mark.parametrize("kind", KINDS)
def test_ids_of_another_workspace_do_not_exist(
    both_crms: Crm, here: Actor, there: Actor, kind: str
):
    door = both_crms.records[kind]
    identifier = make(both_crms, here, kind)["id"]
    for call in (
        lambda: door.get(there, identifier),
        lambda: door.update(there, identifier, {"tags": ["x"]}),
        lambda: door.delete(there, identifier),
    ):
        with pytest.raises(NotFound):
            call()
    assert door.get_many(there, [identifier]) == []
    assert door.list(there, ListQuery()).data == []
    assert both_crms.search(there, "mine s") == []
    assert door.get(here, identifier)["version"] == 1


def test_ids_with_nul_do_not_exist(both_crms: Crm, here: Actor):
    with pytest.raises(NotFound):
        both_crms.leads.get(here, "lead_\x00")
    with pytest.raises(ValidationFailed):
        both_crms.contacts.create(here, {"name": "A", "company_id": "\x00"})


@pytest.mark.parametrize(
    ("kind", "field", "target"),
    [
        ("contact", "company_id", "company"),
        ("deal", "company_id", "company"),
        ("deal", "contact_id", "contact"),
    ],
)
def test_links_stay_in_the_workspace(
    both_crms: Crm, here: Actor, there: Actor, kind: str, field: str, target: str
):
    foreign = make(both_crms, there, target)["id"]
    gone = make(both_crms, here, target)["id"]
    both_crms.records[target].delete(here, gone)
    mine = make(both_crms, here, kind)
    for identifier in (foreign, gone, "unknown"):
        with pytest.raises(ValidationFailed) as caught:
            both_crms.records[kind].update(here, mine["id"], {field: identifier})
        assert caught.value.findings[0].pointer == f"/{field}"


def test_pipelines_stay_in_the_workspace(both_crms: Crm, here: Actor, there: Actor):
    foreign = make(both_crms, there, "deal")
    mine = make(both_crms, here, "deal")
    for field in ("stage_id", "pipeline_id"):
        with pytest.raises(ValidationFailed):
            both_crms.deals.update(here, mine["id"], {field: foreign[field]})
    with pytest.raises(NotFound):
        both_crms.pipelines.update(here, foreign["pipeline_id"], {"name": "X"})


def test_an_activity_stays_in_the_workspace(both_crms: Crm, here: Actor, there: Actor):
    foreign = make(both_crms, there, "lead")["id"]
    with pytest.raises(ValidationFailed):
        both_crms.activities.create(
            here,
            {"kind": "note", "subject": "S", "related_type": "lead", "related_id": foreign},
        )


def _link_contact(work: Work, mine: Any, foreign: Any) -> None:
    work.get(Contact, mine["contact"]["id"]).company_id = foreign["company"]["id"]


def _link_deal(work: Work, mine: Any, foreign: Any) -> None:
    work.get(Deal, mine["deal"]["id"]).contact_id = foreign["contact"]["id"]


def _move_deal(work: Work, mine: Any, foreign: Any) -> None:
    work.get(Deal, mine["deal"]["id"]).stage_id = foreign["deal"]["stage_id"]


def _relate(work: Work, mine: Any, foreign: Any) -> None:
    work.get(Activity, mine["activity"]["id"]).deal_id = foreign["deal"]["id"]


@pytest.mark.parametrize("link", [_link_contact, _link_deal, _move_deal, _relate])
def test_the_database_refuses_what_the_service_would_not_do(
    both_crms: Crm, here: Actor, there: Actor, link: Any
):
    mine = {kind: make(both_crms, here, kind) for kind in KINDS}
    foreign = {kind: make(both_crms, there, kind) for kind in KINDS}
    with pytest.raises(IntegrityError), both_crms.works.write(here) as work:
        link(work, mine, foreign)
