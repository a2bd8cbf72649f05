"""`geminicrm users reset-link` and `geminicrm mail test`."""

from datetime import timedelta

from sqlalchemy import select

from geminicrm.mail.models import OutgoingMail
from geminicrm.members.links import sweep
from geminicrm.members.models import AccountLink
from tests.support.core import PASSWORD


def test_an_operator_prints_a_link_for_a_new_password(terminal, core, tenant):
    link = terminal("users", "reset-link", "--email", tenant.email, "--json").json()["link"]
    path, _, token = link.rpartition("/")
    assert path.endswith("/reset-password")
    core.members().passwords.reset(token, f"{PASSWORD} 2")
    unknown = terminal("users", "reset-link", "--email", "nobody@north.example")
    assert (unknown.code, "nobody@north.example" in unknown.err) == (1, True)


def test_links_are_deleted_long_after_they_ended(terminal, core, tenant, clock):
    terminal("users", "reset-link", "--email", tenant.email)
    with core.works.across_workspaces("sweep", write=True) as work:
        sweep(work)
        (row,) = work.session.scalars(select(AccountLink))
        row.expires_at = work.now - timedelta(days=8)
    with core.works.across_workspaces("sweep", write=True) as work:
        sweep(work)
        assert work.session.scalars(select(AccountLink)).all() == []


def test_a_test_mail_is_written_for_a_worker(terminal, core, tenant):
    made = terminal("mail", "test", "--to", "ada@example.com", "--json").json()
    assert made["outbox"].endswith(f"/outbox/{made['id']}")
    with core.works.read(tenant.system()) as work:
        row = work.get(OutgoingMail, made["id"])
    assert (row.state, row.purpose) == ("queued", "test")
    assert row.recipients["to"] == [{"email": "ada@example.com", "name": ""}]
    wrong = terminal("mail", "test", "--to", "nobody")
    assert (wrong.code, "/to/0" in wrong.err) == (1, True)
    assert "A running worker sends it" in terminal("mail", "test", "--to", "a@b.example").out
