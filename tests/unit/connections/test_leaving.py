"""What somebody connected of their own when they leave: out of use, then ended at the service."""

import pytest
from sqlalchemy import select

from extensions.sdk.service_errors import ServiceUnavailable
from geminicrm.connections.book import NewConnection
from geminicrm.connections.ending import Ending
from geminicrm.connections.leaving import LeavingKind
from geminicrm.connections.models import Connection
from geminicrm.identity.people import create_user
from geminicrm.kernel.generation import CONNECTIONS
from geminicrm.members.people import remove_member
from tests.support.core import PASSWORD, make_tenant
from tests.support.integrations import book_of, connect_to, put_integration
from tests.support.working import Hands
from tests.unit.connections.test_ending import Told


@pytest.fixture
def core(both_cores):
    return both_cores


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")


@pytest.fixture
def own(core, tenant, stage):
    """Give Mary's id, and those of her connection, the workspace's, and hers in another one."""
    with core.works.across_workspaces("a member for a test", write=True) as work:
        mary = create_user(work, tenant.id, "mary@north.example", "member", PASSWORD)
    put_integration(stage, tenant)
    shared = connect_to(stage, tenant)
    person = type(tenant.owner())(
        "user", mary.id, "Mary", tenant.id, tenant.owner().scopes, mary.id
    )
    given = NewConnection(service="sample", config={"api_key": "key-of-mary"}, owner_id=mary.id)
    with core.works.write(person) as work:
        hers = book_of(stage).create(work, given).id
    return mary.id, hers, shared


@pytest.fixture
def remove(core, tenant):
    def remove(user_id):
        with core.works.write(tenant.owner()) as work:
            remove_member(work, core.generations, core.connections.leaving, user_id)

    return remove


@pytest.fixture
def end(core):
    """Give a function that does the jobs that ended connections leave; the service is told so."""

    def end(told):
        book = core.connections.book
        hands = Hands(core, kinds=[LeavingKind(book, Ending(book, told.end, told))])
        hands.work()
        hands.close()
        return told.calls

    return end


@pytest.fixture
def active(core, tenant):
    def active():
        with core.works.read(tenant.owner()) as work:
            return {row.id: row.active for row in work.session.scalars(select(Connection))}

    return active


def test_their_own_is_out_of_use_at_once_and_ended_after(own, remove, end, active, core, tenant):
    mary, hers, shared = own
    before, told = core.generations.get(CONNECTIONS), Told()
    remove(mary)
    assert (active(), told.calls) == ({hers: False, shared: True}, [])
    assert core.generations.get(CONNECTIONS) > before
    assert end(told) == [("end", tenant.id, hers), ("revoke", hers, "bearer")]
    assert active() == {shared: True}


def test_a_service_that_does_not_answer_keeps_nothing(own, remove, end, active):
    mary, _hers, shared = own
    remove(mary)
    assert len(end(Told(ServiceUnavailable("503")))) == 2
    assert active() == {shared: True}


def test_what_an_admin_ended_meanwhile_is_left(own, remove, end, active, core, tenant):
    mary, hers, shared = own
    remove(mary)
    core.connections.ending.end(tenant.owner(), hers)
    assert end(Told()) == []
    assert active() == {shared: True}


def test_without_its_integration_it_goes_untold(own, remove, end, active, monkeypatch, core):
    mary, _hers, shared = own
    remove(mary)
    monkeypatch.setattr(core.connections.book.services, "find", lambda *_about: None)
    assert end(Told()) == []
    assert active() == {shared: True}


def taken_back(core, tenant, user_id):
    with core.works.write(tenant.owner()) as work:
        remove_member(work, core.generations, core.connections.leaving, user_id)
        raise ZeroDivisionError


def test_a_removal_that_is_taken_back_ends_nothing(own, end, active, core, tenant):
    mary, hers, shared = own
    with pytest.raises(ZeroDivisionError):
        taken_back(core, tenant, mary)
    assert end(Told()) == []
    assert active() == {hers: True, shared: True}
