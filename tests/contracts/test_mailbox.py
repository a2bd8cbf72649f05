"""The contract `mailbox`, held against every provider."""

import pytest

from extensions.sdk.service_errors import ServiceError


def raw(number, body="Hi."):
    return (
        f"From: Grace <grace@south.example>\r\nTo: ada@north.example\r\n"
        f"Subject: Number {number}\r\nMessage-ID: <m{number}@south.example>\r\n"
        f"Date: Tue, 10 Nov 2026 09:00:00 +0100\r\n\r\n{body}\r\n"
    ).encode()


def walked(mailbox, cursor="", **wish):
    """Give every mail after a cursor, and the last cursor."""
    page = mailbox.fetch(cursor=cursor, **wish)
    mails = list(page.mails)
    while page.more:
        page = mailbox.fetch(cursor=page.cursor, **wish)
        mails += page.mails
    return mails, page.cursor


def test_an_empty_mailbox_gives_a_cursor_to_come_back_with(mailbox):
    page = mailbox.fetch()
    assert (page.mails, page.more) == ((), False)
    mailbox.put(raw(1))
    assert [one.subject for one in mailbox.fetch(cursor=page.cursor).mails] == ["Number 1"]


def test_a_mail_is_read_with_all_that_it_says(mailbox):
    mailbox.put(raw(1))
    (mail,) = mailbox.fetch().mails
    assert (mail.sender.email, mail.sender.name) == ("grace@south.example", "Grace")
    assert [one.email for one in mail.to] == ["ada@north.example"]
    assert (mail.message_id, mail.text.strip()) == ("<m1@south.example>", "Hi.")
    assert mail.sent_at.isoformat() == "2026-11-10T08:00:00+00:00"
    assert (mail.seen, mail.faults) == (False, ())


def test_pages_follow_each_other_without_gaps_or_repetitions(mailbox):
    for number in range(23):
        mailbox.put(raw(number))
    mails, cursor = walked(mailbox, limit=5)
    assert [one.subject for one in mails] == [f"Number {number}" for number in range(23)]
    assert len({one.id for one in mails}) == 23
    mailbox.put(raw(23))
    more, _ = walked(mailbox, cursor, limit=5)
    assert [one.subject for one in more] == ["Number 23"]


def test_reading_marks_nothing_as_read(mailbox):
    mailbox.put(raw(1))
    assert [mailbox.fetch().mails[0].seen for _ in range(2)] == [False, False]


@pytest.mark.parametrize("cursor", ["nonsense", "1.1.00000000", "9" * 300])
def test_a_cursor_of_somebody_else_is_refused(mailbox, cursor):
    with pytest.raises(ServiceError):
        mailbox.fetch(cursor=cursor)


@pytest.mark.parametrize("limit", [0, 101])
def test_a_limit_out_of_bounds_is_refused(mailbox, limit):
    with pytest.raises(ServiceError):
        mailbox.fetch(limit=limit)
