"""Mail as it comes in the wild: read as well as it can be, each fault named."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extensions.smtp_email.operations.parsing import Fetched, parsed

AT = datetime(2026, 3, 4, tzinfo=UTC)


def read(raw, *, partial=False):
    mail = Fetched(id="1.1", raw=raw, size=len(raw), received_at=AT, seen=False, partial=partial)
    return parsed(mail)


def typed(content_type, body, encoding="8bit"):
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("utf-8", "utf-8", "Grüße 北京"),
        ("iso-8859-1", "cp1252", "Größe “so” €"),
        ("windows-1251", "cp1251", "Привет"),
        ("koi8-r", "koi8-r", "Привет"),
        ("iso-2022-jp", "iso2022_jp", "こんにちは"),
        ("shift_jis", "cp932", "こんにちは"),
        ("gb2312", "gb18030", "你好"),
        ("big5", "big5", "你好"),
        ("euc-kr", "cp949", "안녕하세요"),
        ("iso-8859-8-i", "iso-8859-8", "שלום"),
    ],
)
def test_text_in_other_charsets(charset, codec, text):
    mail = read(typed(f"text/plain; charset={charset}", text.encode(codec)))
    assert (mail.text, mail.faults) == (text, ("it has no Date",))


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("utf-8", "Größe".encode("cp1252"), "Größe"),
        ("us-ascii", "Größe".encode(), "Größe"),
        ("x-nowhere", "Größe".encode(), "Größe"),
        ("zlib", b"abc", "abc"),
        ("punycode", b"abc-", "abc-"),
        ("utf-16", b"abc", "abc"),
        ("\x00", b"abc", "abc"),
    ],
)
def test_a_charset_that_is_wrong_or_none(charset, raw, text):
    assert read(typed(f'text/plain; charset="{charset}"', raw)).text == text


def test_a_wrong_charset_is_named():
    assert (
        "its text is not in utf-8, as it says"
        in read(typed("text/plain; charset=utf-8", b"\xff\xfe\xfa")).faults
    )


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        ("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?= =?iso-8859-1?Q?_aus?=", "Grüße aus"),
        ("=?x-nowhere?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?B?not base64!?=", "=?utf-8?B?not base64!?="),
        ("Gr\u00fc\u00dfe", "Grüße"),
        ("folded\r\n line", "folded line"),
        ("with\x00nothing", "withnothing"),
    ],
)
def test_subjects(header, subject):
    assert read(f"Subject: {header}\r\n\r\n".encode()).subject == subject


@pytest.mark.parametrize(
    ("header", "people"),
    [
        ("Ada <ada@x.example>, bob@y.example", [("Ada", "ada@x.example"), ("", "bob@y.example")]),
        ('"Byron, Ada" <ada@x.example>', [("Byron, Ada", "ada@x.example")]),
        ("=?utf-8?Q?J=C3=B6rg?= <j@x.example>", [("Jörg", "j@x.example")]),
        ("Team: a@x.example, b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        ("Ada <ada@x.example", [("Ada", "ada@x.example")]),
        ("undisclosed-recipients:;", []),
        ("<>", []),
    ],
)
def test_addresses(header, people):
    mail = read(f"To: {header}\r\n\r\n".encode())
    assert [(one.name, one.email) for one in mail.to] == people


@pytest.mark.parametrize(
    ("header", "sent_at"),
    [
        ("Wed, 4 Mar 2026 12:00:00 +0100", datetime(2026, 3, 4, 11, tzinfo=UTC)),
        ("4 Mar 2026 12:00 -0000", datetime(2026, 3, 4, 12, tzinfo=UTC)),
        ("yesterday", None),
        ("Wed, 32 Mar 2026 12:00:00 +0100", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
    ],
)
def test_dates(header, sent_at):
    mail = read(f"Date: {header}\r\n\r\n".encode())
    assert (mail.sent_at, mail.received_at) == (sent_at, AT)


def test_a_thread_is_known_by_its_ids():
    head = (
        b"Message-ID: <c@x>\r\nIn-Reply-To: <b@x> (of Ada)\r\nReferences: <a@x>\r\n <b@x>\r\n\r\n"
    )
    mail = read(head)
    assert (mail.message_id, mail.in_reply_to, mail.references) == (
        "<c@x>",
        "<b@x>",
        ("<a@x>", "<b@x>"),
    )


MIXED = b"""Content-Type: multipart/mixed; boundary=o

--o
Content-Type: multipart/alternative; boundary=i

--i
Content-Type: text/plain

plain
--i
Content-Type: text/html

<b>html</b>
--i--
--o
Content-Type: application/pdf
Content-Disposition: attachment; filename*=utf-8''..%2F%C3%9Cbersicht.pdf
Content-Transfer-Encoding: base64

AAEC
--o
Content-Type: image/png
Content-ID: <logo@x>
Content-Disposition: inline; filename="logo.png"
Content-Transfer-Encoding: base64

AAEC
--o
Content-Type: message/rfc822

Subject: inside

deep
--o--
"""


def test_parts_and_files():
    mail = read(MIXED)
    assert (mail.text, mail.html) == ("plain", "<b>html</b>")
    pdf, logo, inner = mail.files
    assert (pdf.name, pdf.content, pdf.size) == ("_Übersicht.pdf", b"\x00\x01\x02", 3)
    assert (logo.content_id, inner.name) == ("logo@x", "mail.eml")
    assert b"Subject: inside" in inner.content


def test_files_of_a_mail_that_was_read_in_part_are_left_out():
    mail = read(MIXED[:620], partial=True)
    assert {(one.left_out, one.content) for one in mail.files} == {(True, b"")}
    assert mail.cut


def test_text_that_is_too_long_ends_early():
    mail = read(typed("text/plain", b"word " * 100_000))
    assert (len(mail.text), mail.cut) == (200_000, True)


@pytest.mark.parametrize(
    ("head", "automatic"),
    [
        (b"Auto-Submitted: auto-replied\r\n", True),
        (b"Auto-Submitted: no\r\n", False),
        (b"Precedence: bulk\r\n", True),
        (b"List-Id: <all.example>\r\n", True),
        (b"Return-Path: <>\r\n", True),
        (b"Content-Type: multipart/report; boundary=x\r\n", True),
        (b"Subject: Auto\r\n", False),
    ],
)
def test_mail_of_machines(head, automatic):
    assert read(head + b"\r\n").automatic is automatic


def test_parts_that_are_nested_without_end():
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(3_000)
    )
    assert read(b"Subject: deep\n" + head).subject == "deep"


BROKEN = st.lists(
    st.sampled_from(
        [b"From: ", b"To: ", b"Subject: ", b"Date: ", b"=?utf-8?B?", b"?=", b"\r\n", b"\r\n\r\n",
         b"Content-Type: multipart/mixed; boundary=x\r\n", b"--x\r\n", b"--x--", b'"', b"<", b">",
         b"Content-Transfer-Encoding: base64\r\n", b"Content-Disposition: attachment; filename*0*=",
         b"charset=", b"@", b",", b";", b":", b"(", b"\xff", b"\x00", b"Message-ID: ", b"%", b"''",
         b"Content-Type: message/rfc822\r\n", b"Content-ID: ", b"[", b"\\"]
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(BROKEN | st.lists(st.binary(max_size=30), max_size=8))
def test_nothing_is_so_broken_that_it_fails(pieces):
    mail = read(b"".join(pieces))
    assert (mail.id, mail.received_at) == ("1.1", AT)
    (mail.subject + mail.text + mail.html).encode()
