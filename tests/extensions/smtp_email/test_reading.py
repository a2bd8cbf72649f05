"""Reading a real IMAP server: by UID, through changes of the mailbox, in bounded memory."""

import tracemalloc
from datetime import UTC, datetime

import pytest

from extensions.sdk.service_errors import (
    AuthenticationError,
    ServiceNotFound,
    ServiceRefused,
    ServiceUnavailable,
)
from extensions.smtp_email.operations import reading
from tests.support.contracts import ImapWorld


@pytest.fixture
def world(make_mailbox, issued):
    return ImapWorld(make_mailbox(), issued)


def raw(number, body="Hi."):
    return f"Subject: Number {number}\r\n\r\n{body}\r\n".encode()


def subjects(page):
    return [one.subject for one in page.mails]


def counted(world, page):
    """Count the mails of all pages after one, keeping none."""
    count = 0
    while page.more:
        page = world.fetch(cursor=page.cursor, limit=50)
        count += len(page.mails)
    return count


def test_tls_from_the_start(make_mailbox, issued):
    mailbox = make_mailbox()
    world = ImapWorld(mailbox, issued, imap_port=mailbox.tls_port, imap_security="ssl")
    world.put(raw(1))
    assert subjects(world.fetch()) == ["Number 1"]


def test_a_wrong_password_is_told_with_what_to_do(make_mailbox, issued):
    world = ImapWorld(make_mailbox(), issued, password="wrong", preset="yahoo")
    with pytest.raises(AuthenticationError, match="AUTHENTICATIONFAILED") as caught:
        world.fetch()
    assert "app password" in caught.value.mend


def test_without_a_server_for_reading_it_says_so(make_mailbox, issued):
    with pytest.raises(ServiceRefused, match="no IMAP server"):
        ImapWorld(make_mailbox(), issued, imap_host="").fetch()


def test_a_folder_that_is_not_there(world):
    with pytest.raises(ServiceNotFound, match="Nowhere"):
        world.fetch(folder="Nowhere")


def test_only_what_nobody_has_read(world):
    world.mailbox.put(raw(1), seen=True)
    world.mailbox.put(raw(2))
    page = world.fetch(unseen=True)
    assert subjects(page) == ["Number 2"]
    assert world.mailbox.unseen() == 1
    assert [one.seen for one in world.fetch().mails] == [True, False]


def test_only_what_came_since(world):
    moment = datetime(2026, 3, 4, 12, tzinfo=UTC)
    for number, hours in enumerate((-30, -1, 0, 1)):
        world.mailbox.put(raw(number), seconds=int(moment.timestamp()) + hours * 3600)
    page = world.fetch(since=moment)
    assert subjects(page) == ["Number 2", "Number 3"]
    assert page.mails[0].received_at == moment


def test_a_mailbox_that_was_numbered_anew_is_read_from_its_beginning(world):
    world.put(raw(1))
    cursor = world.fetch().cursor
    world.mailbox.renumber()
    world.put(raw(2))
    page = world.fetch(cursor=cursor)
    assert (page.restarted, subjects(page)) == (True, ["Number 1", "Number 2"])
    assert not world.fetch(cursor=page.cursor).restarted


def test_mails_that_were_deleted_leave_no_hole_to_fall_into(world):
    for number in range(4):
        world.put(raw(number))
    cursor = world.fetch(limit=2).cursor
    world.mailbox.remove_all()
    page = world.fetch(cursor=cursor)
    assert (page.mails, page.more) == ((), False)
    world.put(raw(9))
    assert subjects(world.fetch(cursor=page.cursor)) == ["Number 9"]


def test_a_mailbox_with_large_gaps_is_searched_in_few_steps(world, monkeypatch):
    monkeypatch.setattr(reading, "_WINDOW", 2)
    for number in range(40):
        world.mailbox.put(raw(number), seen=number < 39)
    assert subjects(world.fetch(unseen=True)) == ["Number 39"]


def test_a_page_ends_early_where_its_mails_are_large(world, monkeypatch):
    monkeypatch.setattr(reading, "PAGE_BYTES", 5_000)
    for number in range(3):
        world.put(raw(number, "x" * 3_000))
    first = world.fetch()
    assert (subjects(first), first.more) == (["Number 0"], True)
    assert subjects(world.fetch(cursor=first.cursor)) == ["Number 1"]


def test_of_a_huge_mail_only_the_beginning_is_read(world, monkeypatch):
    monkeypatch.setattr(reading, "WHOLE_BYTES", 10_000)
    monkeypatch.setattr(reading, "BEGINNING_BYTES", 1_000)
    world.put(raw(1, "word " * 10_000))
    (mail,) = world.fetch().mails
    assert (mail.cut, mail.size > 50_000, len(mail.text) < 1_000) == (True, True, True)
    assert "only its beginning" in mail.faults[0]


def test_a_thousand_mails_are_read_within_a_bounded_memory(world):
    for number in range(1_000):
        world.put(raw(number, "word " * 2_000))
    first = world.fetch(limit=50)
    tracemalloc.start()
    count = len(first.mails) + counted(world, first)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 1_000
    assert peak < 10 * 1024 * 1024


def test_a_server_that_says_nothing_is_given_up(serve, issued, make_mailbox, monkeypatch):
    monkeypatch.setattr("extensions.smtp_email.operations.imap.STEP_SECONDS", 0.2)
    server = serve(lambda conn: conn.recv(1_000))
    world = ImapWorld(make_mailbox(), issued, imap_port=server.port, imap_security="none")
    with pytest.raises(ServiceUnavailable, match=r"within 0\.2 s"):
        world.fetch()


def test_a_server_that_announces_a_mountain_is_left(serve, issued, make_mailbox):
    def talk(conn):
        conn.sendall(b"* OK [CAPABILITY IMAP4rev1] hi\r\n* 1 FETCH (X {4000000000}\r\n")
        conn.recv(1_000)

    world = ImapWorld(make_mailbox(), issued, imap_port=serve(talk).port, imap_security="none")
    with pytest.raises(ServiceUnavailable, match="4000000000 bytes"):
        world.fetch()
