"""What one side refuses, a worker that is killed, an answer that is lost."""

from types import SimpleNamespace

import pytest

from extensions.sdk.service_errors import OutcomeUnknown, RateLimited, ServiceUnavailable
from geminicrm.kernel.errors import Conflict, NotFound
from geminicrm.kernel.jobs.kinds import Run
from geminicrm.kernel.jobs.models import Job
from geminicrm.syncing.models import SyncCursor, SyncSettings

ADA = {"first": "Ada", "last": "Lovelace", "mail": "ada@engines.example", "tel": "1"}


class KilledError(BaseException):
    """The worker is gone."""


def die():
    raise KilledError


def killed(sides):
    """Have a worker killed by what waits in the other CRM, in the midst of its job."""
    job = SimpleNamespace(
        workspace_id=sides.tenant.id, payload={"connection_id": sides.connection_id}
    )
    with pytest.raises(KilledError):
        sides.kinds[0].run(job, Run(1000))


def test_a_value_that_ours_refuse_stops_nothing_else(both_sides):
    sides = both_sides
    sides.far.put("contact", **{**ADA, "mail": "no address"})
    sides.far.put("contact", tel="5", mail="wrong too")
    sides.far.put("contact", last="Babbage", mail="charles@engines.example")
    sides.begin(kinds=["contact"])
    found = [(one["last_name"], one["email"]) for one in sides.ours()]
    assert found == [("Babbage", "charles@engines.example"), ("Lovelace", None)]
    links = {link.label: (link.state, link.record_id is None) for link in sides.rows()}
    assert links == {
        "Ada Lovelace": ("failed", False),
        "wrong too": ("failed", True),
        "Babbage": ("ok", False),
    }
    assert "Write an e-mail address" in sides.rows()[0].error
    assert "no address" in [one["mail"] for one in sides.far.values("contact")]


def test_it_is_tried_again_when_it_changes_there(sides):
    far_id = sides.far.put("contact", **{**ADA, "mail": "no address"})
    sides.begin(kinds=["contact"])
    sides.far.put("contact", far_id, mail="ada@engines.example")
    sides.now()
    assert [one["email"] for one in sides.ours()] == ["ada@engines.example"]
    assert (sides.link().state, sides.link().error) == ("ok", None)


def test_somebody_has_it_tried_again(sides):
    sides.far.put("company", site="engines.example")
    sides.begin(kinds=["company"])
    assert sides.ours("company") == []
    (far_id,) = sides.far.records["company"]
    record = sides.far.records["company"][far_id]
    record.values["name"] = "Engines"
    sides.again(sides.link())
    assert [one["name"] for one in sides.ours("company")] == ["Engines"]
    with pytest.raises(Conflict):
        sides.again(sides.link())


def test_only_links_of_the_connection_are_tried_again(sides):
    sides.far.put("company", site="engines.example")
    sides.begin(kinds=["company"])
    link = sides.link()
    sides.connection_id = "conn_other"
    with pytest.raises(NotFound):
        sides.again(link)


def test_a_batch_fails_in_part_and_the_rest_is_done(both_sides):
    sides = both_sides
    for name in ("Ada", "Bob", "Cid"):
        sides.create(last_name=name, email=f"{name}@x.example")
    unwelcome = {"Bob": "Bob is not welcome"}
    sides.far.refuse = lambda values: unwelcome.get(values.get("last"), "")
    sides.begin(kinds=["contact"])
    assert sorted(one["last"] for one in sides.far.values("contact")) == ["Ada", "Cid"]
    failed = [link for link in sides.rows() if link.state == "failed"]
    assert [(link.label, link.error) for link in failed] == [
        ("Bob", "Bob is not welcome (refused)")
    ]
    sides.far.refuse = lambda _values: ""
    sides.work()
    assert len(sides.far.values("contact")) == 2
    sides.later(121)
    assert len(sides.far.values("contact")) == 3
    assert {link.state for link in sides.rows()} == {"ok"}


def test_what_fails_for_ever_is_given_up_until_it_changes(sides):
    ours = sides.create(last_name="Bob", email="bob@x.example")
    sides.far.refuse = lambda _values: "no"
    sides.begin(kinds=["contact"])
    for _ in range(9):
        sides.later(7 * 3600)
    assert sides.far.asked("upsert_many") == 8
    sides.far.refuse = lambda _values: ""
    sides.update(ours, phone="1")
    sides.work()
    assert len(sides.far.values("contact")) == 1


def test_two_of_ours_with_one_address_are_told(sides):
    for name in ("Ada", "Augusta"):
        sides.create(last_name=name, email="ada@engines.example")
    sides.begin(kinds=["contact"])
    assert len(sides.far.values("contact")) == 1
    failed = [link for link in sides.rows() if link.state == "failed"]
    assert [link.error for link in failed] == [
        "Another contact here has the same email: merge the two."
    ]
    sides.later()
    assert len(sides.far.values("contact")) == 1


def test_a_crm_that_is_down_is_asked_again_later(sides):
    sides.create(last_name="Ada", email="ada@x.example")
    sides.far.errors["changes"] = [ServiceUnavailable("it is down")]
    sides.begin(kinds=["contact"])
    assert (sides.settings().error, sides.settings().last_at) == ("it is down", None)
    sides.later(301)
    assert sides.settings().error is None
    assert len(sides.far.values("contact")) == 1


def test_one_that_is_too_busy_is_left_alone_for_as_long_as_it_says(sides):
    sides.far.put("contact", **ADA)
    sides.far.errors["changes"] = [RateLimited("too many", retry_after=40)]
    sides.begin(kinds=["contact"])
    assert sides.ours() == []
    sides.clock.advance(41)
    sides.work()
    assert len(sides.ours()) == 1


def test_an_integration_that_does_not_run_says_so(sides):
    sides.far.running = False
    sides.begin()
    assert "does not run" in sides.settings().error


def test_killed_between_reading_and_storing_nothing_is_lost_or_made_twice(both_sides):
    sides = both_sides
    sides.far.put("contact", **ADA)
    sides.choose(enabled=True, kinds=["contact"])
    sides.far.after["changes"] = die
    killed(sides)
    assert (sides.ours(), sides.rows(SyncCursor)[0].cursor) == ([], "")
    sides.work()
    assert len(sides.ours()) == 1
    assert [row.came_in for row in sides.rows(SyncCursor)] == [1]


@pytest.mark.parametrize(
    ("operation", "kind", "values"),
    [
        ("upsert_many", "contact", {"last_name": "Ada", "email": "ada@x.example"}),
        ("upsert_many", "company", {"name": "Engines", "domain": "x.example"}),
        ("create_many", "contact", {"last_name": "Ada"}),
        ("create_many", "deal", {"name": "Engine", "amount": "12.50"}),
    ],
)
def test_killed_between_sending_and_noting_nothing_is_made_twice(
    both_sides, operation, kind, values
):
    sides = both_sides
    sides.create(kind, **values)
    sides.choose(enabled=True, kinds=[kind])
    sides.far.after[operation] = die
    killed(sides)
    assert len(sides.far.values(kind)) == 1
    sides.later()
    sides.later()
    assert (len(sides.far.values(kind)), len(sides.ours(kind))) == (1, 1)
    assert (sides.link().state, sides.link().far_id) == ("ok", next(iter(sides.far.records[kind])))


def test_a_lost_answer_to_what_nothing_can_find_waits_for_a_person(sides):
    sides.create("deal", name="Engine")
    sides.far.errors["create_many"] = [OutcomeUnknown("no answer")]
    sides.begin(kinds=["deal"])
    sides.later()
    assert (sides.link().state, sides.far.asked("create_many")) == ("unknown", 1)
    sides.again(sides.link())
    assert (sides.link().state, len(sides.far.values("deal"))) == ("ok", 1)


def test_a_creation_that_was_certainly_refused_is_tried_again(sides):
    sides.create("deal", name="Engine")
    sides.far.errors["create_many"] = [ServiceUnavailable("down")]
    sides.begin(kinds=["deal"])
    assert (sides.link().state, sides.link().error) == ("failed", "down")
    sides.later()
    assert (sides.link().state, len(sides.far.values("deal"))) == ("ok", 1)


def test_a_sync_that_is_switched_off_does_nothing_any_more(sides):
    sides.begin(kinds=["contact"])
    sides.choose(enabled=False)
    before = len(sides.far.calls)
    sides.create(last_name="Ada", email="ada@x.example")
    sides.later()
    assert (len(sides.far.calls), sides.waiting()) == (before, 0)
    assert len(sides.rows(SyncSettings)) == 1
    assert {job.state for job in sides.rows(Job)} == {"done"}
