"""A workspace on both engines, and a worker that puts what it sends into a list."""

import re
from dataclasses import replace

import pytest

from geminicrm.crm.filing import MailRecords
from geminicrm.identity.actor import PersonActor
from geminicrm.identity.people import create_user
from geminicrm.identity.permissions import ROLES
from geminicrm.identity.sign_in import Visitor
from geminicrm.mail.sending import MailKind
from geminicrm.members.invitations import NewInvitation, invite
from tests.support.core import PASSWORD, make_tenant
from tests.support.working import Hands
from tests.unit.mail.conftest import ScriptedMailer

HERE = Visitor("192.0.2.7", "Tests/1")
NEW = "grace@hopper.example"


class Post:
    """Sends what waits; `mails` are those that went out."""

    def __init__(self, core):
        self._mailer = ScriptedMailer()
        send = MailKind(core.works, self._mailer, MailRecords(core.crm), core.secret_links)
        self._hands = Hands(core, kinds=[send, core.members().kind])

    def work(self):
        self._hands.work()
        return self.mails

    def close(self):
        self._hands.close()

    @property
    def mails(self):
        return [mail for mail, _connection in self._mailer.seen]

    def token(self):
        """Give the token of the last mail that has a link with one."""
        texts = "".join(mail.text for mail in self.work())
        return re.findall(r"/(gc[irv]_[\w-]+)", texts)[-1]


@pytest.fixture
def core(both_cores):
    return both_cores


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")


@pytest.fixture
def room(core):
    return core.members()


@pytest.fixture
def post(core):
    made = Post(core)
    yield made
    made.close()


@pytest.fixture
def add(core, tenant):
    """Give a function that makes a member; it gives an actor of theirs."""

    def add(name, role="member", home=tenant):
        with core.works.across_workspaces("a member for a test", write=True) as work:
            user = create_user(work, home.id, f"{name}@north.example", role, PASSWORD)
        return PersonActor("user", user.id, user.name, home.id, ROLES[role], user.id, role)

    return add


@pytest.fixture
def owner(tenant):
    return replace(tenant.owner(), role="owner")


@pytest.fixture
def ask(core, room, owner):
    """Give a function that invites somebody; it gives the row."""

    def ask(email=NEW, actor=owner, **facts):
        with core.works.write(actor) as work:
            return invite(work, room.mails, NewInvitation(email=email, **facts))

    return ask
