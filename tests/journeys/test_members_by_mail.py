"""The CRM's own mails through a real SMTP server: an invitation accepted, a password set anew."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from geminicrm.app import Core, create_app
from tests.support.certificates import Issued
from tests.support.connecting import connect
from tests.support.core import PASSWORD, Tenant, csrf, make_tenant, sign_in
from tests.support.installed import Installer
from tests.support.smtp_peer import PASSWORD as SMTP_PASSWORD
from tests.support.smtp_peer import USER, SmtpPeer
from tests.support.working import Hands

pytestmark = pytest.mark.journey
NEW = "grace@hopper.example"


class Story:
    """An installation whose worker is at work, and its pages."""

    def __init__(self, core: Core, tenant: Tenant) -> None:
        self.core = core
        self.tenant = tenant
        self._app = create_app(core=core)
        self._hands = Hands(core, kinds=core.kinds())
        self.seen = ""

    def browser(self) -> FlaskClient:
        return self._app.test_client()

    def admin(self) -> FlaskClient:
        browser = self.browser()
        sign_in(browser, self.tenant)
        return browser

    def send(self, browser: FlaskClient, path: str, **form: str) -> str:
        page = path if browser.get(path).status_code == 200 else "/members"
        data = {**form, "csrf_token": csrf(browser, page)}
        answer = browser.post(path, data=data, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text

    def work(self) -> None:
        self._hands.work()

    def close(self) -> None:
        self._hands.close()


def path_in(peer: SmtpPeer, at: int) -> str:
    """Give the path of the link of a mail, the same in its text and its HTML."""
    message = peer.messages[at]
    found = [
        re.findall(r"http://127\.0\.0\.1:8000(/[\w/-]+_[\w-]+)", part.get_content())
        for part in (message.get_body(("plain",)), message.get_body(("html",)))
        if part is not None
    ]
    assert len(found) == 2
    assert set(found[0]) == set(found[1])
    return str(found[0][0])


@pytest.fixture
def by_smtp(
    open_built_in: Installer, trusted: Issued, start_smtp: Callable[..., SmtpPeer]
) -> tuple[Story, SmtpPeer]:
    mail, peer = open_built_in("smtp-email"), start_smtp()
    connect(mail, base_url=peer.url, username=USER, password=SMTP_PASSWORD, from_address=USER)
    return Story(mail.core, mail.tenant), peer


def test_an_invitation_is_mailed_opened_and_accepted(by_smtp: tuple[Story, SmtpPeer]):
    story, peer = by_smtp
    admin = story.admin()
    story.send(admin, "/members/invitations", email=NEW, first_name="Grace", role="member")
    story.work()
    assert (peer.messages[0]["To"], peer.mails[0].rcpt_tos) == (f"Grace <{NEW}>", [NEW])
    path = path_in(peer, 0)
    guest = story.browser()
    story.send(guest, path, name="Grace Hopper", password=PASSWORD)
    assert NEW in guest.get("/account").text
    assert guest.get("/leads").status_code == 200
    story.work()
    assert [one["Subject"] for one in peer.messages] == [
        "Owner invites you to North",
        "Welcome to North",
    ]
    outbox = admin.get("/outbox").text + admin.get("/api/mails").text
    assert "gci_" not in outbox
    story.close()


def test_a_password_is_set_anew_by_the_link_of_a_mail(by_smtp: tuple[Story, SmtpPeer]):
    story, peer = by_smtp
    before, guest = story.admin(), story.browser()
    story.send(guest, "/forgot-password", email=story.tenant.email)
    story.work()
    story.send(guest, path_in(peer, 0), password="another horse battery")
    assert before.get("/account").status_code == 302
    story.work()
    assert peer.messages[1]["Subject"] == "Your password was changed"
    story.send(
        guest, "/sign-in", email=story.tenant.email, password="another horse battery", next="/"
    )
    assert guest.get("/account").status_code == 200
    story.close()


def test_without_an_account_the_outbox_shows_what_waits_and_no_secret(core: Core, tmp_path: Path):
    story = Story(core, make_tenant(core, "north"))
    admin = story.admin()
    story.send(admin, "/members/invitations", email=NEW, role="member")
    story.send(story.browser(), "/forgot-password", email=story.tenant.email)
    story.work()
    outbox = admin.get("/outbox").text
    assert outbox.count("Waiting for an account") == 2
    ids = set(re.findall(r'data-mail="(mail_\w+)"', outbox))
    pages = [admin.get(f"{where}/{one}").text for one in ids for where in ("/outbox", "/api/mails")]
    assert all("(link hidden)" in page for page in pages)
    found = admin.post(f"/outbox/{_invitation(admin)}/link", data=_form(admin)).text
    token = found.partition("/accept-invitation/")[2].partition("<")[0]
    assert token.startswith("gci_")
    everything = "".join([outbox, *pages, admin.get("/api/invitations").text])
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*.db*"))
    assert b"{{secret_link}}" in stored
    assert (token in everything, token.encode() in stored) == (False, False)
    assert re.findall(rb"gc[ir]_[\w-]{20}", stored) == []
    guest = story.browser()
    story.send(guest, f"/accept-invitation/{token}", name="Grace", password=PASSWORD)
    assert NEW in guest.get("/account").text
    story.close()


def _form(browser: FlaskClient) -> dict[str, str]:
    return {"csrf_token": csrf(browser, "/account")}


def _invitation(browser: FlaskClient) -> str:
    (found,) = browser.get("/api/invitations").json["data"]  # type: ignore[index]  # the answer is JSON
    return str(found["mail_id"])
