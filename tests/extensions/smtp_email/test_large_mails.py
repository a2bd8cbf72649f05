"""Mails that are too large to be parsed whole: their files are read one by one, within limits."""

import quopri
import tracemalloc
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from imapclient.exceptions import IMAPClientError

from extensions.sdk.service_errors import ServiceUnavailable
from extensions.smtp_email.operations import large, reading
from extensions.smtp_email.operations.imap import Folder
from tests.support.contracts import ImapWorld

PLAN = bytes(range(256)) * 40_000
MIB = 1024 * 1024


@pytest.fixture
def world(make_mailbox, issued):
    return ImapWorld(make_mailbox(), issued)


@pytest.fixture
def small(monkeypatch):
    """Have small mails count as large."""
    monkeypatch.setattr(reading, "WHOLE_BYTES", 1_000)
    monkeypatch.setattr(reading, "BEGINNING_BYTES", 600)


def mail(*files, text="See below."):
    made = EmailMessage(policy=SMTP)
    made["Subject"], made["Message-ID"] = "The plan", "<1@e.example>"
    made.set_content(text)
    for name, content in files:
        made.add_attachment(content, "application", "pdf", filename=name)
    return made.as_bytes()


def told(found):
    return [(one.name, one.content, one.size, one.left_out) for one in found.files]


def test_the_files_of_a_large_mail_are_read_whole(world):
    world.put(mail(("Übersicht.pdf", PLAN), ("small.pdf", b"1"), ("none.pdf", b"")))
    (found,) = world.fetch().mails
    assert told(found) == [
        ("Übersicht.pdf", PLAN, len(PLAN), False),
        ("small.pdf", b"1", 1, False),
        ("none.pdf", b"", 0, False),
    ]
    assert (found.text, found.cut, found.subject) == ("See below.\n", False, "The plan")


def test_it_holds_no_more_than_it_gives_and_a_piece(world, monkeypatch):
    world.put(mail(("plan.pdf", PLAN)))
    seen = []
    whole = reading.with_files

    def measured(*given):
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        found = whole(*given)
        seen.append(tracemalloc.get_traced_memory()[1] - before)
        return found

    monkeypatch.setattr(reading, "with_files", measured)
    tracemalloc.start()
    world.fetch()
    tracemalloc.stop()
    assert seen[0] < 2.5 * len(PLAN) + 6 * MIB


def test_mails_after_a_large_one_are_read(world):
    for raw in (mail(), mail(("plan.pdf", PLAN)), mail(text="the last")):
        world.put(raw)
    first = world.fetch()
    second = world.fetch(cursor=first.cursor)
    third = world.fetch(cursor=second.cursor)
    pages = [[(len(one.files), one.text) for one in page.mails] for page in (first, second, third)]
    assert pages == [[(0, "See below.\n")], [(1, "See below.\n")], [(0, "the last\n")]]


def test_what_goes_beyond_the_limit_is_named(world, small, monkeypatch):
    monkeypatch.setattr(large, "MOST_BYTES", 2_000)
    world.put(mail(("a.pdf", b"1" * 1_500), ("b.pdf", b"2" * 1_500), ("c.pdf", b"3" * 400)))
    (found,) = world.fetch().mails
    assert [(one.name, one.left_out) for one in found.files] == [
        ("a.pdf", False),
        ("b.pdf", True),
        ("c.pdf", False),
    ]
    assert 1_400 < found.files[1].size < 1_600


def test_a_file_that_takes_too_long_is_named(world, small, monkeypatch):
    monkeypatch.setattr(large, "SECONDS", -1.0)
    world.put(mail(("a.pdf", b"1" * 1_500)))
    (found,) = world.fetch().mails
    assert [(one.name, one.left_out, one.content) for one in found.files] == [("a.pdf", True, b"")]


@pytest.mark.parametrize("piece", [1, 7, 77, 10_000])
def test_pieces_of_any_length_make_the_same_file(world, small, monkeypatch, piece):
    monkeypatch.setattr(large, "PIECE_BYTES", piece)
    content = bytes(range(256)) + b"end"
    world.put(mail(("a.pdf", content), text="word " * 200))
    (found,) = world.fetch().mails
    assert found.files[0].content == content


def part(encoding, body):
    head = b"Content-Type: application/x; name=a.bin\nContent-Transfer-Encoding: " + encoding
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n" + head + b"\n\n" + body
    return (raw + b"\n--b--\n").replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        (b"quoted-printable", quopri.encodestring(b"\xdcber " * 300), b"\xdcber " * 300),
        (b"8bit", b"\xdcber" * 300, b"\xdcber" * 300),
        (b"nonsense", b"x" * 1_200, b"x" * 1_200),
        (b"BASE64", b"QUJD\n" * 300 + b"QQ", b"ABC" * 300 + b"A"),
        (b"base64", b"QUJD\n" * 300 + b"!", b"ABC" * 300),
    ],
)
def test_files_of_any_encoding(world, small, encoding, body, content):
    world.put(part(encoding, body))
    (found,) = world.fetch().mails
    assert [one.content.replace(b"\r\n", b"") for one in found.files] == [content]


def test_long_text_before_the_files_ends_early_and_says_so(world):
    world.put(mail(("plan.pdf", PLAN), text="word " * 100_000))
    (found,) = world.fetch().mails
    assert (found.cut, len(found.files)) == (True, 1)


@pytest.mark.parametrize(
    "structure", [IMAPClientError("no such thing"), ValueError("nothing"), RecursionError()]
)
def test_a_structure_that_nobody_understands_stops_no_mailbox(world, small, monkeypatch, structure):
    def fails(_folder, _uid):
        raise structure

    monkeypatch.setattr(Folder, "structure", fails)
    world.put(mail(("a.pdf", b"1" * 1_500)))
    (found,) = world.fetch().mails
    assert (found.subject, found.cut) == ("The plan", True)


def test_a_connection_that_is_lost_over_it_is_told(world, small, monkeypatch):
    def lost(_folder, _uid):
        raise OSError("gone")

    monkeypatch.setattr(Folder, "structure", lost)
    world.put(mail(("a.pdf", b"1" * 1_500)))
    with pytest.raises(ServiceUnavailable, match="gone"):
        world.fetch()
