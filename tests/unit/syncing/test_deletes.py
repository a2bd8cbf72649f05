"""What becomes of the other side when one deletes a record."""

import pytest

from extensions.sdk.capabilities.crm_sync import BatchResult, Failed

ADA = {"first": "Ada", "last": "Lovelace", "mail": "ada@engines.example"}


def linked(sides, **choice):
    far_id = sides.far.put("contact", **ADA)
    sides.begin(kinds=["contact"], **choice)
    (ours,) = sides.ours()
    return ours, far_id


@pytest.mark.parametrize(("deletes", "left"), [("keep", 1), ("follow", 0)])
def test_deleted_there(both_sides, deletes, left):
    sides = both_sides
    _ours, far_id = linked(sides, deletes=deletes)
    sides.far.delete("contact", far_id)
    sides.now()
    sides.now()
    assert len(sides.ours()) == left
    assert (sides.link().state, "deleted at Far CRM" in sides.link().error) == ("gone", True)
    assert sides.far.values("contact") == []


@pytest.mark.parametrize(("deletes", "left"), [("keep", 1), ("follow", 0)])
def test_deleted_here(both_sides, deletes, left):
    sides = both_sides
    ours, _far_id = linked(sides, deletes=deletes)
    sides.door().delete(sides.tenant.owner(), ours["id"])
    sides.now()
    sides.now()
    assert len(sides.far.values("contact")) == left
    assert sides.ours() == []
    assert (sides.link().state, "deleted here" in sides.link().error) == ("gone", True)


def test_one_that_is_found_to_be_gone_is_not_made_again(sides):
    ours, far_id = linked(sides)
    sides.far.delete("contact", far_id)
    sides.update(ours, phone="2")
    sides.work()
    sides.update(ours, phone="3")
    sides.work()
    assert (sides.link().state, sides.far.values("contact")) == ("gone", [])


def test_one_that_comes_back_there_is_kept_the_same_again(sides):
    ours, far_id = linked(sides)
    sides.far.delete("contact", far_id)
    sides.now()
    sides.far.put("contact", far_id, first="Augusta")
    sides.now()
    assert [one["first_name"] for one in sides.ours()] == ["Augusta"]
    assert (sides.link().state, sides.link().record_id) == ("ok", ours["id"])


def test_an_archiving_that_fails_is_tried_again(sides):
    ours, far_id = linked(sides, deletes="follow")
    del sides.far.records["contact"][far_id]
    sides.far.archive_many = refusing
    sides.door().delete(sides.tenant.owner(), ours["id"])
    sides.work()
    assert (sides.waiting(), sides.link().state) == (1, "ok")


def refusing(_kind, _ids):
    return BatchResult(done=(), failed=(Failed(index=0, code="locked", message="not now"),))
