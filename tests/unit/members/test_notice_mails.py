"""Notifications by mail: to whom, how often, and never about mail itself."""

import pytest

from geminicrm.identity.models import User
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.members.notice_mails import NotificationMails, choose
from geminicrm.notifications.raising import Notice, raise_notice, resolve


class Senders:
    """Implements Senders: `able` says whether anybody can send, `mail_ids` who sends mail."""

    def __init__(self):
        self.able = True
        self.mail_ids = {"conn_mail"}

    def accounts(self, _actor):
        return [("conn_mail", "Mail")] if self.able else []

    def sends_mail(self, _workspace_id, connection_id):
        return connection_id in self.mail_ids


@pytest.fixture
def senders():
    return Senders()


@pytest.fixture
def keeper(core, room, senders):
    return NotificationMails(core.works, room.mails, senders)


@pytest.fixture
def tell(core, tenant):
    def tell(key="schedule:1", severity="error", link="/jobs", title="Something fails"):
        notice = Notice(
            workspace_id=tenant.id,
            kind="sample",
            key=key,
            severity=severity,
            title=title,
            body="Look there.",
            link=link,
        )
        with core.works.across_workspaces("tell", write=True) as work:
            raise_notice(work, notice)

    return tell


def test_admins_are_mailed_once(tenant, keeper, tell, post, add):
    add("adam", "admin")
    add("mary", "member")
    tell()
    keeper.step()
    tell()
    keeper.step()
    mails = post.work()
    assert {mail.to[0].email for mail in mails} == {tenant.email, "adam@north.example"}
    assert len(mails) == 2
    assert mails[0].subject == "North: Something fails"
    assert "http://127.0.0.1:8000/jobs" in mails[0].text


@pytest.fixture
def chosen(core, owner, keeper, tell, post):
    """Give a function that raises one of a severity after a choice, and counts the mails."""

    def chosen(choice, severity):
        with core.works.write(owner) as work:
            choose(work, owner.id, choice)
        tell(severity=severity)
        keeper.step()
        return len(post.work())

    return chosen


@pytest.mark.parametrize(
    ("choice", "severity", "number"),
    [
        ("all", "warning", 1),
        ("critical", "warning", 0),
        ("critical", "error", 1),
        ("never", "error", 0),
    ],
)
def test_everybody_chooses(chosen, choice, severity, number):
    assert chosen(choice, severity) == number


def test_an_unknown_choice_is_refused(core, owner):
    with core.works.write(owner) as work, pytest.raises(ValidationFailed):
        choose(work, owner.id, "sometimes")


def test_who_can_not_sign_in_is_not_mailed(core, tenant, keeper, tell, post):
    with core.works.across_workspaces("block", write=True) as work:
        work.session.get_one(User, tenant.owner_id).is_active = False
    tell()
    keeper.step()
    assert post.work() == []


def test_where_nobody_can_send_none_is_written_later_either(keeper, senders, tell, post):
    senders.able = False
    tell()
    keeper.step()
    senders.able = True
    keeper.step()
    assert post.work() == []


@pytest.mark.parametrize(
    ("key", "link"),
    [
        ("dead_letters:ws/", "/jobs?state=dead&kind=mail.send"),
        ("connection:conn_mail", "/integrations/conn_mail"),
    ],
)
def test_that_mail_fails_is_not_mailed(keeper, tell, post, key, link):
    tell(key, link=link)
    keeper.step()
    assert post.work() == []


def test_what_can_not_be_a_header_is_mailed_all_the_same(core, tenant, keeper, tell, post, add):
    add("adam", "admin")
    with core.works.across_workspaces("break", write=True) as work:
        work.session.get_one(User, tenant.owner_id).email = "nobody"
    tell(title="Line\x1b one\nline two")
    keeper.step()
    (mail,) = post.work()
    assert (mail.to[0].email, mail.subject) == ("adam@north.example", "North: Line one")


def test_other_connections_are_mailed_about(keeper, tell, post):
    tell("connection:conn_crm", link="/integrations/conn_crm")
    keeper.step()
    assert len(post.work()) == 1


def test_what_comes_and_goes_is_mailed_once_an_hour(core, tenant, keeper, tell, post, clock):
    for _ in range(3):
        tell()
        keeper.step()
        with core.works.across_workspaces("mend", write=True) as work:
            resolve(work, tenant.id, "schedule:1")
    assert len(post.work()) == 1
    clock.advance(3601)
    tell()
    keeper.step()
    assert len(post.work()) == 2
