"""Files of mails: names from outside, limits, how long they stay, by whom they are sent."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from extensions.sdk.capabilities.email import MailFile, ReceivedMail
from extensions.sdk.service_errors import ServiceRefused
from geminicrm.crm.filing import MailRecords
from geminicrm.kernel.errors import NotFound, ValidationFailed
from geminicrm.mail import files
from geminicrm.mail.files import clean_name, clean_type, files_of, find_file, wrong_sizes
from geminicrm.mail.filing import file_mail
from geminicrm.mail.inbox import find_received, ignore
from geminicrm.mail.listing import whole
from geminicrm.mail.models import OutgoingMail, StoredFile, StoredMail
from geminicrm.mail.noting import settle
from geminicrm.mail.writing import find_mail, send_again
from tests.support.core import make_tenant

OFFER = MailFile(name="offer.pdf", content=b"%PDF-1", media_type="application/pdf", size=6)
PLAN = MailFile(name="plan.txt", content=b"", media_type="text/plain")
CAME = ReceivedMail(
    id="1", message_id="<m1@x>", subject="Here", received_at=datetime(2026, 11, 20, tzinfo=UTC),
    size=9, text="See below.", files=(OFFER, PLAN),
)  # fmt: skip


@pytest.fixture
def core(both_cores):
    return both_cores


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")


@pytest.fixture
def come(core, tenant):
    """Give a function that files a mail and gives its row."""

    def come(mail=CAME, *, personal=False):
        with core.works.write(tenant.system()) as work:
            file_mail(work, MailRecords(core.crm), "conn_1", mail, personal=personal)
            return work.session.scalars(select(StoredMail)).one()

    return come


@pytest.fixture
def kept(core, tenant):
    """Give a function that tells name, size and whether it is kept, of each file of a mail."""

    def kept(mail_id):
        with core.works.read(tenant.owner()) as work:
            found = files_of(work, [mail_id])[mail_id]
        return [(one["name"], one["size"], one["kept"]) for one in found]

    return kept


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("offer.pdf", "offer.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\Über uns.docx", "Über uns.docx"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("zero\u200bwidth\x00.txt", "zerowidth.txt"),
        ("U\u0308ber.pdf", "Über.pdf"),
        ("..", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("half \ud800 letter.txt", "half letter.txt"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        ("y" * 300, "y" * 150),
        ("z." + "y" * 300, "z." + "y" * 148),
    ],
)
def test_a_name_from_outside_is_cleaned(given, name):
    assert clean_name(given) == name


@pytest.mark.parametrize(
    ("given", "media_type"),
    [
        ("Text/HTML; charset=utf-8", "text/html"),
        ("application/pdf\r\nX: y", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("a/" + "b" * 200, "application/octet-stream"),
    ],
)
def test_a_media_type_is_one_or_none(given, media_type):
    assert clean_type(given) == media_type


@pytest.mark.parametrize(
    ("sizes", "code", "said"),
    [
        ([1] * 51, "too_many", "These are 51 files; a mail has at most 50."),
        ([1, 25_000_000], "too_large", "25.0 MB; a mail takes 25 MB of files in all. The largest"),
        ([1] * 50, None, ""),
        ([25_000_000], None, ""),
    ],
)
def test_too_much_is_told_with_the_limit(sizes, code, said):
    found = wrong_sizes([(f"f{at}.bin", size) for at, size in enumerate(sizes)])
    assert [one.code for one in found] == [code] * bool(code)
    assert said in "".join(one.message for one in found)


def test_a_mail_with_too_much_is_not_written(write, core, tenant, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 5)
    with pytest.raises(ValidationFailed, match="The largest is offer"):
        write(files=(OFFER,))
    with core.works.read(tenant.owner()) as work:
        assert work.session.scalars(select(OutgoingMail)).all() == []


def test_a_mail_is_sent_with_its_files_in_their_order(write, hands, mailer):
    write(files=(OFFER, PLAN, OFFER))
    hands.work()
    ((mail, _connection),) = mailer.seen
    assert [(one.name, one.content, one.media_type) for one in mail.files] == [
        ("offer.pdf", b"%PDF-1", "application/pdf"),
        ("plan.txt", b"", "text/plain"),
        ("offer.pdf", b"%PDF-1", "application/pdf"),
    ]


def test_the_files_of_a_sent_mail_stand_on_its_record(write, hands, core, tenant):
    lead = core.crm.leads.create(tenant.owner(), {"email": "ada@example.com"})
    mail_id = write(files=(OFFER,), related=("lead", lead["id"]))
    hands.work()
    with core.works.read(tenant.owner()) as work:
        row = find_mail(work, mail_id)
        (file,) = whole(work, row)["files"]
        activity = core.crm.activities.get(tenant.owner(), row.activity_id)
        assert find_file(work, row, file["id"]).content == b"%PDF-1"
    assert "Files: offer.pdf" in activity["body"]


def test_what_comes_in_is_kept_with_its_files(come, kept, core, tenant):
    row = come()
    assert kept(row.id) == [("offer.pdf", 6, True), ("plan.txt", 0, True)]
    with core.works.read(tenant.owner()) as work:
        (file, _) = files_of(work, [row.id])[row.id]
        assert find_file(work, find_received(work, row.id), file["id"]).content == b"%PDF-1"


def test_what_is_too_large_is_left_in_the_mailbox(come, kept, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    away = replace(PLAN, name="film.mp4", size=9_000_000, left_out=True)
    row = come(replace(CAME, files=(OFFER, away, OFFER, PLAN)))
    assert kept(row.id) == [
        ("offer.pdf", 6, True),
        ("film.mp4", 9_000_000, False),
        ("offer.pdf", 6, False),
        ("plan.txt", 0, True),
    ]


def test_what_is_left_out_can_not_be_fetched(come, core, tenant):
    row = come(replace(CAME, files=(replace(OFFER, content=b"", left_out=True),)))
    with core.works.read(tenant.owner()) as work:
        (file,) = files_of(work, [row.id])[row.id]
        with pytest.raises(NotFound):
            find_file(work, find_received(work, row.id), file["id"])


def test_nobody_stores_more_files_than_the_limit(come, kept):
    row = come(replace(CAME, files=(PLAN,) * 60))
    assert len(kept(row.id)) == 50


def test_of_a_private_mail_no_file_is_stored(come, kept):
    assert kept(come(personal=True).id) == []


def test_files_go_with_a_mail_that_is_ignored(come, core, tenant):
    row = come()
    with core.works.write(tenant.owner()) as work:
        ignore(work, row.id)
    with core.works.read(tenant.owner()) as work:
        assert work.session.scalars(select(StoredFile)).all() == []


def test_a_copy_of_our_own_mail_keeps_no_files_twice(come, core, tenant, write):
    row, mail_id = come(), write()
    with core.works.write(tenant.owner()) as work:
        sent = find_mail(work, mail_id)
        sent.state, sent.message_id = "unknown", row.message_key
        settle(work, MailRecords(core.crm), mail_id)
    with core.works.read(tenant.owner()) as work:
        assert work.session.scalars(select(StoredFile)).all() == []


def test_files_go_with_the_row_of_their_mail(come, write, core, tenant):
    row, mail_id = come(), write(files=(OFFER,))
    with core.works.write(tenant.owner()) as work:
        work.session.delete(work.session.get(StoredMail, row.id))
        work.session.delete(work.session.get(OutgoingMail, mail_id))
    with core.works.read(tenant.owner()) as work:
        assert work.session.scalars(select(StoredFile)).all() == []


def test_a_file_is_found_under_its_own_mail_only(come, write, core, tenant):
    row, mail_id = come(), write(files=(OFFER,))
    south = make_tenant(core, "south")
    with core.works.read(tenant.owner()) as work:
        (file,) = files_of(work, [mail_id])[mail_id]
        with pytest.raises(NotFound):
            find_file(work, find_received(work, row.id), file["id"])
    with core.works.read(south.owner()) as work:
        assert files_of(work, [mail_id]) == {mail_id: []}


def test_files_are_sent_again_with_their_mail(write, hands, core, tenant, mailer):
    mailer.answers = [ServiceRefused("no")]
    mail_id = write(files=(OFFER,))
    hands.work()
    with core.works.write(tenant.owner()) as work:
        send_again(work, mail_id)
    hands.work()
    assert [[one.name for one in mail.files] for mail, _ in mailer.seen] == [["offer.pdf"]] * 2
