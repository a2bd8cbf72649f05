"""Mail that fits no record: who sees it, and what becomes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from extensions.sdk.capabilities.email import Address, ReceivedMail
from geminicrm.crm.filing import MailRecords
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.kernel.errors import Conflict, NotFound, ScopeMissing, ValidationFailed
from geminicrm.kernel.paging import Page, encode_cursor
from geminicrm.mail.filing import file_mail
from geminicrm.mail.inbox import (
    count_unfiled,
    file_to,
    find_received,
    ignore,
    list_unfiled,
    shape_received,
)
from geminicrm.mail.models import StoredMail
from tests.support.core import make_tenant

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
ADA = Address(email="ada@engines.example.com", name="Ada Lovelace")
MAIL = ReceivedMail(
    id="1", message_id="<m1@x>", subject="About  the\nengine", received_at=AT, size=9,
    sender=ADA, to=(Address(email="us@north.example"),), text="It\nworks.",
)  # fmt: skip
KEY_ALONE = ("private", {}, "", "", {}, [])


@pytest.fixture
def core(both_cores):
    return both_cores


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")


@pytest.fixture
def records(core):
    return MailRecords(core.crm)


@pytest.fixture
def come(core, tenant, records):
    """Give a function that has a mail come in."""

    def come(mail=MAIL, connection_id="conn_1", *, personal=False):
        with core.works.write(tenant.system()) as work:
            return file_mail(work, records, connection_id, mail, personal=personal)

    return come


@pytest.fixture
def row(core, tenant):
    """Give a function that gives the one stored mail."""

    def row():
        with core.works.read(tenant.system()) as work:
            return work.session.scalars(select(StoredMail)).one()

    return row


@pytest.fixture
def deal(core, tenant):
    return core.crm.deals.create(tenant.owner(), {"name": "Engine"})


def titles(core, actor, page=None):
    with core.works.read(actor) as work:
        return [one["subject"] for one in list_unfiled(work, page).data]


def said(row):
    return row.state, row.sender, row.subject, row.text, row.recipients, row.references


def test_the_latest_stands_first_and_pages_follow(core, tenant, come):
    come()
    for number in range(2, 5):
        at = AT - timedelta(hours=number // 4)
        come(replace(MAIL, message_id=f"<m{number}@x>", subject=str(number), received_at=at))
    whole = titles(core, tenant.owner())
    assert (set(whole[:3]), whole[3]) == ({"About the engine", "2", "3"}, "4")
    with core.works.read(tenant.owner()) as work:
        first = list_unfiled(work, Page(limit=2))
        rest = list_unfiled(work, Page(limit=2, cursor=first.next_cursor))
        assert count_unfiled(work) == 4
    assert [one["subject"] for one in (*first.data, *rest.data)] == whole
    assert rest.next_cursor is None
    assert first.data[0]["sender"] == {"email": ADA.email, "name": ADA.name}


def test_a_cursor_of_no_time_is_refused(core, tenant):
    cursor = encode_cursor(("yesterday", "mail_1"), "-received_at")
    with pytest.raises(ValidationFailed, match="no cursor"):
        titles(core, tenant.owner(), Page(cursor=cursor))


@pytest.mark.parametrize("scopes", [("send:email",), ("read:activities",)])
def test_both_permissions_are_needed(core, tenant, come, row, scopes):
    come()
    with pytest.raises(ScopeMissing):
        titles(core, tenant.owner(*scopes))
    with core.works.read(tenant.owner(*scopes)) as work, pytest.raises(ScopeMissing):
        find_received(work, row().id)


def test_another_workspace_sees_nothing(core, come, row):
    come()
    other = make_tenant(core, "south").owner()
    assert titles(core, other) == []
    with core.works.read(other) as work, pytest.raises(NotFound):
        find_received(work, row().id)


def test_it_is_put_on_a_record_and_read_there(core, tenant, come, row, records, deal):
    come()
    with core.works.write(tenant.owner()) as work:
        file_to(work, records, row().id, ("deal", deal["id"]))
    query = ListQuery(filters={"related_id": deal["id"]})
    (activity,) = core.crm.activities.list(tenant.owner(), query).data
    assert (activity["kind"], activity["subject"]) == ("email", "About the engine")
    assert row().activity_id == activity["id"]
    assert titles(core, tenant.owner()) == []
    with core.works.read(tenant.owner("read:activities")) as work:
        assert shape_received(find_received(work, row().id), [])["filed"]


def test_an_answer_follows_to_where_it_was_put(core, tenant, come, row, records, deal):
    come()
    with core.works.write(tenant.owner()) as work:
        file_to(work, records, row().id, ("deal", deal["id"]))
    come(replace(MAIL, id="2", message_id="<m2@x>", in_reply_to="<m1@x>"))
    query = ListQuery(filters={"related_id": deal["id"]})
    assert len(core.crm.activities.list(tenant.owner(), query).data) == 2


def test_two_people_do_not_put_it_on_two_records(core, tenant, come, row, records, deal):
    come()
    with core.works.write(tenant.owner()) as work:
        file_to(work, records, row().id, ("deal", deal["id"]))
    with core.works.write(tenant.owner()) as work, pytest.raises(Conflict, match="meanwhile"):
        file_to(work, records, row().id, ("deal", deal["id"]))


def test_a_record_that_is_gone_takes_nothing(core, tenant, come, row, records):
    come()
    with core.works.write(tenant.owner()) as work, pytest.raises(NotFound):
        file_to(work, records, row().id, ("deal", "deal_gone"))
    assert row().state == "open"


@pytest.mark.parametrize("scope", ["send:email", "write:activities"])
def test_who_may_not_write_puts_nothing_anywhere(core, tenant, come, row, deal, scope):
    come()
    records = MailRecords(core.crm)
    actor = tenant.owner(*(tenant.owner().scopes - {scope}))
    with core.works.write(actor) as work, pytest.raises(ScopeMissing):
        file_to(work, records, row().id, ("deal", deal["id"]))


def test_what_is_ignored_is_deleted_and_not_fetched_again(core, tenant, come, row):
    come()
    with core.works.write(tenant.owner()) as work:
        ignore(work, row().id)
    assert not come()
    assert said(row()) == ("ignored", {}, "", "", {}, [])
    with core.works.read(tenant.owner()) as work, pytest.raises(NotFound):
        find_received(work, row().id)


def test_somebodys_own_mail_that_fits_nobody_leaves_its_key_alone(core, tenant, come, row):
    come(personal=True)
    assert said(row()) == KEY_ALONE
    assert titles(core, tenant.owner()) == []
    with core.works.read(tenant.owner()) as work, pytest.raises(NotFound):
        find_received(work, row().id)


def test_somebodys_own_mail_of_a_known_person_is_filed(core, tenant, come, row):
    core.crm.leads.create(tenant.owner(), {"email": ADA.email})
    come(personal=True)
    assert (row().state, row().text) == ("filed", "It\nworks.")


def test_the_workspaces_own_copy_of_it_is_shown(core, tenant, come, row):
    come(personal=True)
    come(connection_id="conn_2")
    assert (row().state, row().connection_id) == ("open", "conn_2")
    come(personal=True)
    assert titles(core, tenant.owner()) == ["About the engine"]


def test_html_alone_is_stored_as_its_text(come, row):
    come(replace(MAIL, text=" ", html="<p>Dear <b>us</b></p>"))
    assert (row().text, row().from_html) == ("Dear us", True)


def test_a_long_mail_says_that_it_ends_early(come, row):
    come(replace(MAIL, text="x" * 20_001))
    assert (len(row().text), row().cut) == (20_000, True)
