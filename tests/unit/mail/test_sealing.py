"""Links that give an account: in the mail that goes out, and nowhere else."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from extensions.sdk.service_errors import NotConnected, RateLimited
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.errors import Gone, ScopeMissing
from geminicrm.kernel.vault import Vault
from geminicrm.mail.listing import shape
from geminicrm.mail.models import OutgoingMail
from geminicrm.mail.sealing import HIDDEN, SecretLinks, may_show, reencrypt, sweep, void
from geminicrm.mail.writing import find_mail, note_sent

LINK = "https://crm.example/accept-invitation/gci_secret?a=1&b=2"
BODY = {"text": "Here: {{secret_link}}", "html": '<a href="{{secret_link}}">Here</a>'}


@pytest.fixture
def seal(core, write, clock):
    def seal(purpose="invitation", days=7):
        until = clock.now() + timedelta(days=days)
        sealed = core.secret_links.seal(LINK)
        return write(**BODY, purpose=purpose, sealed=sealed, sealed_until=until)

    return seal


@pytest.fixture
def unsent(seal, hands, mailer):
    """Give a function that writes one which nobody can send."""

    def unsent(purpose="invitation"):
        mailer.answers = [NotConnected("email")]
        mail_id = seal(purpose)
        hands.work()
        return mail_id

    return unsent


@pytest.fixture
def row_of(core, tenant):
    def row_of(mail_id):
        with core.works.read(tenant.owner()) as work:
            return find_mail(work, mail_id)

    return row_of


def test_the_link_is_in_the_mail_and_then_nowhere(seal, hands, mailer, row_of):
    mail_id = seal()
    hands.work()
    ((mail, _),) = mailer.seen
    assert mail.text == f"Here: {LINK}"
    assert mail.html == f'<a href="{LINK.replace("&", "&amp;")}">Here</a>'
    row = row_of(mail_id)
    assert (row.sealed, row.state) == (None, "sent")
    assert shape(row)["text"] == f"Here: {HIDDEN}"


def test_what_people_write_is_sent_as_it_is(write, hands, mailer):
    write(**BODY)
    hands.work()
    assert mailer.seen[0][0].text == BODY["text"]


def test_it_is_kept_while_the_mail_may_still_go_out(seal, hands, mailer, row_of, clock):
    mailer.answers = [RateLimited("Slowly.", retry_after=60)]
    mail_id = seal()
    hands.work()
    assert row_of(mail_id).sealed is not None
    clock.advance(3600)
    hands.work()
    assert mailer.seen[-1][0].text == f"Here: {LINK}"


def test_a_link_whose_time_is_over_is_deleted_and_its_mail_not_sent(
    core, seal, hands, mailer, row_of, clock
):
    mail_id = seal(days=1)
    clock.advance(86_400)
    hands.work()
    assert mailer.seen == []
    assert (row_of(mail_id).state, "not hold" in row_of(mail_id).error) == ("failed", True)
    with core.works.across_workspaces("sweep", write=True) as work:
        sweep(work)
    assert row_of(mail_id).sealed is None


def test_a_link_that_can_not_be_read_is_not_sent(core, tenant, seal, hands, mailer, row_of):
    mail_id = seal()
    stranger = SecretLinks(Vault(Cipher([Fernet.generate_key().decode()])))
    with core.works.write(tenant.owner()) as work:
        work.get(OutgoingMail, mail_id).sealed = stranger.seal(LINK)
    hands.work()
    assert mailer.seen == []
    assert "can't be read" in row_of(mail_id).error


def test_a_voided_mail_does_not_go_out(core, tenant, seal, hands, mailer, row_of):
    mail_id = seal()
    with core.works.write(tenant.owner()) as work:
        void(work, mail_id, "It was taken back.")
        void(work, None, "There is none.")
    hands.work()
    assert mailer.seen == []
    assert row_of(mail_id).error == "It was taken back."


@pytest.mark.parametrize(
    ("purpose", "scope"), [("invitation", "manage:users"), ("reset", "operate:instance")]
)
def test_who_may_see_a_link(core, tenant, unsent, purpose, scope):
    mail_id = unsent(purpose)
    for held, wanted in (("send:email", False), (scope, True)):
        with core.works.read(tenant.owner(held)) as work:
            assert may_show(work.actor, work.get(OutgoingMail, mail_id)) == wanted
    with core.works.write(tenant.owner("send:email")) as work, pytest.raises(ScopeMissing):
        core.secret_links.show(work, work.get(OutgoingMail, mail_id))
    with core.works.write(tenant.owner(scope)) as work:
        assert core.secret_links.show(work, work.get(OutgoingMail, mail_id)) == LINK


def test_no_link_is_shown_of_what_is_sent_or_over(core, tenant, seal, hands, mailer, clock):
    mailer.answers = [NotConnected("email"), None]
    waiting, sent = seal(), seal()
    hands.work()
    clock.advance(8 * 86_400)
    with core.works.write(tenant.owner()) as work:
        for mail_id in (waiting, sent):
            with pytest.raises(Gone):
                core.secret_links.show(work, work.get(OutgoingMail, mail_id))


def test_what_a_person_settles_keeps_no_link(core, tenant, seal, row_of):
    mail_id = seal()
    with core.works.write(tenant.owner()) as work:
        work.get(OutgoingMail, mail_id).state = "unknown"
        note_sent(work, mail_id)
    assert row_of(mail_id).sealed is None


def test_keys_are_rotated(core, seal, row_of):
    mail_id = seal()
    key = Fernet.generate_key().decode()
    before = row_of(mail_id).sealed
    old = Cipher([key])
    old._fernet = type(old._fernet)([old._keys[0], *core.cipher._keys])  # noqa: SLF001 - a rotation without a home
    assert reencrypt(core.works, old) == 1
    after = row_of(mail_id).sealed
    assert (before == after, Vault(Cipher([key])).open(after)) == (False, {"link": LINK})


def test_the_page_and_rest_hide_it_and_an_admin_is_shown_it(client, tenant, unsent):
    mail_id = unsent()
    found = client.get(f"/api/mails/{mail_id}", headers=tenant.headers())
    page = client.get(f"/outbox/{mail_id}", headers=tenant.headers())
    everything = found.text + page.text
    assert "gci_secret" not in everything
    assert "gAAAA" not in everything
    assert "Copy link" in page.text
    shown = client.post(f"/outbox/{mail_id}/link", headers=tenant.headers())
    assert "gci_secret" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
