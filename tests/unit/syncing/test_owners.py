"""Owners are the same people where their addresses are; whoever is unknown changes nothing."""

import pytest

from extensions.sdk.service_errors import AccessDenied
from geminicrm.identity.people import create_user
from geminicrm.kernel.audit import AuditEntry
from tests.support.core import PASSWORD

ADA = {"first": "Ada", "last": "Lovelace", "mail": "ada@engines.example"}


@pytest.fixture
def team(both_sides):
    """Give both sides with two people known on both, one only there and one only here."""
    sides = both_sides
    sides.people = {name: user(sides, name) for name in ("ann", "ben", "cleo")}
    sides.far.keepers = {
        "k1": "Ann@north.example",
        "k2": "ben@north.example",
        "k9": "zoe@far.example",
    }
    return sides


def user(sides, name):
    with sides.core.works.across_workspaces("test: a user", write=True) as work:
        return create_user(work, sides.tenant.id, f"{name}@north.example", "member", PASSWORD).id


def told(sides):
    found = sides.rows(AuditEntry)
    return [one.changes for one in found if one.action == "sync.owners_unknown"]


def owner(sides):
    return sides.ours()[0]["owner_id"]


def keeper(sides):
    return sides.far.values("contact")[0].get("keeper")


def test_theirs_comes_in_and_ours_goes_out(team):
    far_id = team.far.put("contact", **ADA, keeper="k1")
    team.begin(kinds=["contact"])
    assert owner(team) == team.people["ann"]
    team.update(team.ours()[0], owner_id=team.people["ben"])
    team.work()
    assert keeper(team) == "k2"
    team.far.put("contact", far_id, keeper=None)
    team.now()
    assert (owner(team), told(team)) == (None, [])


def test_a_conflict_names_addresses(team):
    far_id = team.far.put("contact", **ADA, keeper="k1")
    team.begin(kinds=["contact"], conflicts="theirs")
    (ours,) = team.ours()
    team.update(ours, owner_id=None)
    team.far.put("contact", far_id, keeper="k2")
    team.now()
    (note,) = team.notes(ours)
    assert "'ben@north.example'" in note["body"]
    assert owner(team) == team.people["ben"]


def test_an_unknown_owner_there_leaves_ours_and_is_told_once(team):
    far_id = team.far.put("contact", **ADA, keeper="k1")
    team.begin(kinds=["contact"])
    for phone in ("1", "2", "3"):
        team.far.put("contact", far_id, keeper="k9", tel=phone)
        team.now()
    assert (owner(team), keeper(team)) == (team.people["ann"], "k9")
    assert told(team) == [{"there": {"k9": "zoe@far.example"}}]
    assert team.settings().unknown_owners == {"there": {"k9": "zoe@far.example"}}
    assert (team.link().state, team.ours()[0]["phone"]) == ("ok", "3")


def test_an_owner_here_whom_they_don_t_know_leaves_theirs_and_is_told_once(team):
    team.far.put("contact", **ADA, keeper="k1")
    team.begin(kinds=["contact"])
    for phone in ("1", "2"):
        team.update(team.ours()[0], owner_id=team.people["cleo"], phone=phone)
        team.now()
    assert (owner(team), keeper(team)) == (team.people["cleo"], "k1")
    assert team.far.values("contact")[0]["tel"] == "2"
    assert told(team) == [{"here": {team.people["cleo"]: "cleo@north.example"}}]


def test_whoever_gets_a_namesake_gets_their_records(team):
    team.far.put("contact", **ADA, keeper="k9")
    team.begin(kinds=["contact"])
    team.now()
    assert owner(team) is None
    team.far.keepers["k9"] = "cleo@north.example"
    team.now()
    team.now()
    assert (owner(team), team.settings().unknown_owners) == (team.people["cleo"], {})


def test_without_the_right_all_but_owners_is_synced_and_that_is_told(team):
    team.far.errors["owners"] = [AccessDenied("no scope") for _ in range(2)]
    team.far.put("contact", **ADA, keeper="k1")
    team.begin(kinds=["contact"])
    team.now()
    assert (owner(team), team.ours()[0]["last_name"]) == (None, "Lovelace")
    assert team.settings().error is None
    assert [list(one) for one in told(team)] == [["denied"]]
    team.now()
    team.now()
    assert owner(team) == team.people["ann"]
