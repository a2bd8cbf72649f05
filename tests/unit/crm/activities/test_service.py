from typing import Any

import pytest

from geminicrm.crm.build import Crm
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.work import Actor
from tests.unit.crm.conftest import Stored


def refused(crm: Crm, me: Actor, data: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationFailed) as caught:
        crm.activities.create(me, {"kind": "task", "subject": "Call", **data})
    return [finding.pointer for finding in caught.value.findings]


def listed(crm: Crm, me: Actor, **filters: str) -> list[str]:
    page = crm.activities.list(me, ListQuery(filters=filters, sort="due_at"))
    return [record["subject"] for record in page.data]


@pytest.mark.parametrize("kind", ["lead", "contact", "company", "deal"])
def test_an_activity_belongs_to_a_record(crm: Crm, me: Actor, kind: str, stored: Stored):
    target = crm.records[kind].create(me, {"name": "Target"})
    related = {"related_type": kind, "related_id": target["id"]}
    made = crm.activities.create(me, {"kind": "call", "subject": "Call", **related})
    assert made == crm.activities.get(me, made["id"])
    assert {name: made[name] for name in related} == related
    assert listed(crm, me, related_id=target["id"]) == ["Call"]
    assert listed(crm, me, related_type=kind) == ["Call"]
    freed = crm.activities.update(me, made["id"], {"related_type": None, "related_id": None})
    assert (freed["related_type"], freed["related_id"]) == (None, None)
    changed = stored.events(me)[-1].data["changed_fields"]
    assert changed == ["related_type", "related_id"]


def test_the_relation_may_change(crm: Crm, me: Actor):
    lead, other = crm.leads.create_many(me, [{"name": "A"}, {"name": "B"}])
    deal = crm.deals.create(me, {"name": "D"})
    made = crm.activities.create(
        me, {"kind": "note", "subject": "N", "related_type": "lead", "related_id": lead["id"]}
    )
    moved = crm.activities.update(me, made["id"], {"related_id": other["id"]})
    assert (moved["related_type"], moved["related_id"]) == ("lead", other["id"])
    moved = crm.activities.update(
        me, made["id"], {"related_type": "deal", "related_id": deal["id"]}
    )
    assert (moved["related_type"], moved["related_id"]) == ("deal", deal["id"])
    assert crm.activities.update(me, made["id"], {"related_id": deal["id"]}) == moved


def test_wrong_relations_are_told(crm: Crm, me: Actor):
    lead = crm.leads.create(me, {"name": "A"})
    assert refused(crm, me, {"related_type": "deal", "related_id": lead["id"]}) == ["/related_id"]
    assert refused(crm, me, {"related_type": "deal"}) == ["/related_id"]
    assert refused(crm, me, {"related_id": lead["id"]}) == ["/related_type"]
    assert refused(crm, me, {"related_type": "user", "related_id": "u"}) == ["/related_type"]
    assert refused(crm, me, {"kind": None, "subject": ""}) == ["/kind", "/subject"]


def test_what_is_due(crm: Crm, me: Actor):
    task = {"kind": "task"}
    crm.activities.create(me, {**task, "subject": "late", "due_at": "2026-11-20T09:00:00Z"})
    crm.activities.create(me, {**task, "subject": "soon", "due_at": "2026-11-22T09:00:00Z"})
    crm.activities.create(me, {**task, "subject": "some day"})
    crm.activities.create(me, {**task, "subject": "done", "done_at": "2026-11-22T09:00:00Z"})
    assert listed(crm, me, done="false") == ["late", "soon", "some day"]
    assert listed(crm, me, done="true") == ["done"]
    assert listed(crm, me, due_before="2026-11-21T09:00:00Z") == ["late"]
    assert listed(crm, me, due_from="2026-11-21T09:00:00Z", kind="task") == ["soon"]


@pytest.mark.parametrize(
    "filters",
    [{"done": "x"}, {"due_from": "x"}, {"related_type": "x"}, {"related_id": "x"}, {"kind": "x"}],
)
def test_wrong_filters_are_told(crm: Crm, me: Actor, filters: dict[str, str]):
    with pytest.raises(ValidationFailed) as caught:
        crm.activities.list(me, ListQuery(filters=filters))
    assert caught.value.findings[0].pointer == "/" + next(iter(filters))
