from typing import Any

import pytest

from geminicrm.crm.build import Crm
from geminicrm.crm.shared.commands import ChangeRefused, NoHooks
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.kernel.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    ScopeMissing,
    ValidationFailed,
)
from geminicrm.kernel.work import Actor
from tests.support.core import Tenant
from tests.unit.crm.conftest import Hooks, Stored

ADA = {"name": "Ada Lovelace", "email": "ada@engines.example", "custom": {"a": 1, "b": 2}}


def pointers(caught: pytest.ExceptionInfo[ValidationFailed]) -> list[str]:
    return [finding.pointer for finding in caught.value.findings]


def test_a_record_comes_back_as_it_was_stored(crm: Crm, me: Actor):
    made = crm.leads.create(me, {**ADA, "amount": "12.5", "currency": "EUR", "tags": ["x"]})
    assert made == crm.leads.get(me, made["id"])
    assert made["version"] == 1
    assert made["amount"] == "12.50"
    assert made["created_at"] == made["updated_at"] == "2026-11-21T09:00:00.000000Z"


def test_creating_tells_one_event_and_one_audit_row(crm: Crm, me: Actor, stored: Stored):
    made = crm.leads.create(me, ADA)
    (event,) = stored.events(me)
    assert (event.type, event.object_id, event.object_version) == ("lead.created", made["id"], 1)
    assert event.data == made
    ((action, changes),) = stored.audit(me, made["id"])
    assert action == "lead.created"
    assert changes["email"] == {"from": None, "to": "ada@engines.example"}
    assert "phone" not in changes


def test_changing_tells_what_changed(crm: Crm, me: Actor, stored: Stored):
    made = crm.leads.create(me, ADA)
    changed = crm.leads.update(me, made["id"], {"title": "Countess", "email": ADA["email"]})
    assert changed["version"] == 2
    assert changed == crm.leads.get(me, made["id"])
    event = stored.events(me)[-1]
    assert event.type == "lead.updated"
    assert event.data == {**changed, "changed_fields": ["title"]}
    assert event.object_version == 2
    assert stored.audit(me, made["id"])[-1] == (
        "lead.updated",
        {"title": {"from": None, "to": "Countess"}},
    )


def test_nothing_changed_tells_nothing(crm: Crm, me: Actor, stored: Stored):
    made = crm.leads.create(me, ADA)
    assert crm.leads.update(me, made["id"], {"email": ADA["email"]}) == made
    assert crm.leads.update(me, made["id"], {}) == made
    assert stored.types(me) == ["lead.created"]


def test_custom_fields_are_merged_and_null_takes_one_away(crm: Crm, me: Actor):
    made = crm.leads.create(me, ADA)
    changed = crm.leads.update(me, made["id"], {"custom": {"a": None, "c": [3]}})
    assert changed["custom"] == {"b": 2, "c": [3]}


def test_deleting_hides_the_record(crm: Crm, me: Actor, stored: Stored):
    made = crm.leads.create(me, ADA)
    crm.leads.delete(me, made["id"], if_version=1)
    with pytest.raises(NotFound):
        crm.leads.get(me, made["id"])
    with pytest.raises(NotFound):
        crm.leads.delete(me, made["id"])
    assert crm.leads.list(me).data == []
    event = stored.events(me)[-1]
    assert (event.type, event.object_version) == ("lead.deleted", 2)
    assert event.data["email"] == ADA["email"]
    assert stored.audit(me, made["id"])[-1] == ("lead.deleted", {})


def test_another_version_is_refused(crm: Crm, me: Actor):
    made = crm.leads.create(me, ADA)
    with pytest.raises(PreconditionFailed):
        crm.leads.update(me, made["id"], {"title": "x"}, if_version=2)
    with pytest.raises(PreconditionFailed):
        crm.leads.delete(me, made["id"], if_version=2)


def test_every_door_needs_its_scope(crm: Crm, me: Actor, owner: Tenant):
    made = crm.leads.create(me, ADA)
    nobody = owner.owner("read:contacts")
    for call in (
        lambda: crm.leads.get(nobody, made["id"]),
        lambda: crm.leads.get_many(nobody, [made["id"]]),
        lambda: crm.leads.list(nobody, ListQuery()),
        lambda: crm.leads.create(nobody, {"bogus": 1}),
        lambda: crm.leads.update(nobody, made["id"], {"bogus": 1}),
        lambda: crm.leads.delete(nobody, made["id"]),
        lambda: crm.convert_lead(nobody, made["id"]),
    ):
        with pytest.raises(ScopeMissing):
            call()


def test_an_update_can_not_take_away_what_is_needed(crm: Crm, me: Actor):
    made = crm.leads.create(me, {"email": "ada@engines.example"})
    with pytest.raises(ValidationFailed) as caught:
        crm.leads.update(me, made["id"], {"email": None})
    assert pointers(caught) == ["/last_name"]


def test_owners_are_members(crm: Crm, me: Actor, owner: Tenant):
    made = crm.leads.create(me, {**ADA, "owner_id": owner.owner_id})
    assert made["owner_id"] == owner.owner_id
    with pytest.raises(ValidationFailed) as caught:
        crm.leads.update(me, made["id"], {"owner_id": "usr_nobody"})
    assert pointers(caught) == ["/owner_id"]
    assert crm.leads.update(me, made["id"], {"owner_id": None})["owner_id"] is None


def test_many_are_read_in_the_order_asked(crm: Crm, me: Actor):
    first, second = crm.leads.create_many(me, [{"name": "A"}, {"name": "B"}])
    ids = [second["id"], "lead_unknown", "\x00", first["id"]]
    assert crm.leads.get_many(me, ids) == [second, first]


def test_many_are_made_or_none(crm: Crm, me: Actor, stored: Stored):
    with pytest.raises(ValidationFailed) as caught:
        crm.leads.create_many(me, [{"name": "A"}, {"name": "B", "bogus": 1}, {}])
    assert pointers(caught) == ["/1/bogus", "/2/last_name"]
    with pytest.raises(ValidationFailed) as caught:
        crm.leads.create_many(me, [{"name": "A"}, {"name": "B", "owner_id": "usr_nobody"}])
    assert pointers(caught) == ["/1/owner_id"]
    assert stored.types(me) == []


def test_many_are_changed_or_none(crm: Crm, me: Actor):
    first, second = crm.leads.create_many(me, [{"name": "A"}, {"name": "B"}])
    changed = crm.leads.update_many(me, {first["id"]: {"title": "x"}, second["id"]: {"title": "y"}})
    assert [record["title"] for record in changed] == ["x", "y"]
    with pytest.raises(ValidationFailed) as caught:
        crm.leads.update_many(
            me, {first["id"]: {"title": "z"}, second["id"]: {"owner_id": "usr_nobody"}}
        )
    assert pointers(caught) == [f"/{second['id']}/owner_id"]
    assert crm.leads.get(me, first["id"])["title"] == "x"


def test_batches_are_limited(crm: Crm, me: Actor):
    with pytest.raises(ValidationFailed):
        crm.leads.create_many(me, [ADA] * 101)


def test_hooks_see_the_draft_before_it_is_stored(crm: Crm, me: Actor, hooks: Hooks):
    hooks.kinds = {"lead"}
    made = crm.leads.create(me, ADA)
    changed = crm.leads.update(me, made["id"], {"title": "Countess"})
    (created, updated) = hooks.asked
    assert created[:3] == ("lead", "create", None)
    assert created[3]["email"] == ADA["email"]
    assert updated == ("lead", "update", made, changed)


def test_a_refusal_stores_nothing(crm: Crm, me: Actor, hooks: Hooks, stored: Stored):
    def refuse() -> None:
        raise ChangeRefused("guardian", "Not on a Sunday", field="email")

    hooks.kinds, hooks.react = {"lead"}, refuse
    with pytest.raises(ChangeRefused) as caught:
        crm.leads.create(me, ADA)
    assert caught.value.extension == "guardian"
    assert caught.value.extra["extension"] == "guardian"
    assert pointers(caught) == ["/email"]
    assert stored.types(me) == []


def test_a_refusal_may_speak_of_the_whole(hooks: Hooks):
    assert ChangeRefused("guardian", "No").findings[0].pointer == ""
    assert hooks.badges(None, "lead", []) == {}


def test_a_change_that_comes_between_is_kept(crm: Crm, me: Actor, hooks: Hooks):
    made = crm.leads.create(me, ADA)
    quiet = _without_hooks(crm)

    def meddle() -> None:
        hooks.react = lambda: None
        quiet.leads.update(me, made["id"], {"phone": "1"})

    hooks.kinds, hooks.react = {"lead"}, meddle
    changed = crm.leads.update(me, made["id"], {"title": "Countess"})
    assert (changed["phone"], changed["title"], changed["version"]) == ("1", "Countess", 3)
    assert len(hooks.asked) == 2


def test_endless_changes_between_end_in_a_conflict(crm: Crm, me: Actor, hooks: Hooks):
    made = crm.leads.create(me, ADA)
    quiet = _without_hooks(crm)

    def meddle() -> None:
        quiet.leads.update(me, made["id"], {"phone": str(len(hooks.asked))})

    hooks.kinds, hooks.react = {"lead"}, meddle
    with pytest.raises(Conflict):
        crm.leads.update(me, made["id"], {"title": "Countess"})
    with pytest.raises(PreconditionFailed):
        crm.leads.update(me, made["id"], {"title": "Countess"}, if_version=4)


def test_badges_come_from_the_hooks(crm: Crm, me: Actor):
    assert crm.leads.badges(me, [{"id": "lead_1"}]) == {}


def _without_hooks(crm: Crm) -> Any:
    from_hooks = type(crm.leads)
    return _Quiet(from_hooks(crm.works, NoHooks(), crm.leads.spec))


class _Quiet:
    def __init__(self, leads: Any) -> None:
        self.leads = leads
