"""Files of mails through `kill -9`: between storing and sending, and while they are sent."""

import signal
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from geminicrm.crm.filing import MailRecords
from geminicrm.mail.models import OutgoingMail
from geminicrm.mail.sending import MailKind
from tests.support.beside import Beside
from tests.support.core import make_tenant
from tests.support.mail_victim import CONTENT
from tests.support.working import Hands
from tests.unit.mail.conftest import ScriptedMailer

pytestmark = pytest.mark.journey


@pytest.fixture
def killed(both_cores, tmp_path):
    """Give a function that starts a process on a machine of its own, and kills it."""

    def killed(what, tenant, ready):
        away = replace(both_cores.settings, home=tmp_path / what)
        victim = Beside(away, "tests.support.mail_victim", what, tenant.id)
        ready(victim)
        victim.process.kill()
        with victim.process as process:
            assert process.wait(60) == -signal.SIGKILL

    return killed


@pytest.fixture
def send(both_cores, clock):
    """Give a function that sends what is due on this machine, later; and gives what was sent."""
    mailer = ScriptedMailer()
    kind = MailKind(both_cores.works, mailer, MailRecords(both_cores.crm), both_cores.secret_links)
    hands = Hands(both_cores, kinds=[kind])

    def send():
        clock.advance(timedelta(days=30).total_seconds())
        hands.work()
        return [mail for mail, _connection in mailer.seen]

    yield send
    hands.close()


def dies_by_itself(victim):
    victim.process.wait(60)


def is_sending(victim):
    victim.ready()


def state(core, tenant):
    with core.works.read(tenant.owner()) as work:
        return work.session.scalars(select(OutgoingMail)).one().state


def test_what_one_machine_stored_another_sends_whole_and_once(both_cores, killed, send):
    tenant = make_tenant(both_cores, "north")
    killed("write", tenant, dies_by_itself)
    assert state(both_cores, tenant) == "queued"
    assert [[(one.name, one.content) for one in mail.files] for mail in send()] == [
        [("plan.bin", CONTENT)]
    ]
    assert len(send()) == 1
    assert state(both_cores, tenant) == "sent"


def test_what_a_killed_machine_was_sending_is_not_sent_again(both_cores, killed, send):
    tenant = make_tenant(both_cores, "north")
    killed("write", tenant, dies_by_itself)
    killed("send", tenant, is_sending)
    assert state(both_cores, tenant) == "sending"
    assert send() == []
    assert state(both_cores, tenant) == "unknown"
