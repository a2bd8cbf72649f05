"""Files of mails over REST and on pages: sent with a form, saved and never shown."""

import io
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from urllib3 import encode_multipart_formdata

from extensions.sdk.capabilities.email import Address, MailFile, ReceivedMail
from geminicrm.crm.filing import MailRecords
from geminicrm.mail import files
from geminicrm.mail.files import files_of
from geminicrm.mail.filing import file_mail
from geminicrm.mail.models import OutgoingMail, StoredMail
from tests.support.core import make_tenant
from tests.support.crm_pages import said, visitor

BODY = {"to": [{"email": "ada@example.com"}], "subject": "Hello", "text": "Hi"}
FORM = {"to": "ada@example.com", "subject": "Hello", "text": "Hi"}
PAGE = MailFile(
    name="Übersicht.html", content=b"<script>alert(1)</script>", media_type="text/html", size=25
)


def upload(*given):
    return [(io.BytesIO(content), name, kind) for name, content, kind in given]


OFFER = ("offer.pdf", b"%PDF-1", "application/pdf")
PICTURE = ("p.svg", b"<svg onload='alert(1)'/>", "image/svg+xml")


@pytest.fixture
def api(client, tenant):
    def call(method, path, headers=None, **more):
        given = headers or tenant.headers()
        return client.open(f"/api/mails{path}", method=method, headers=given, **more)

    return call


@pytest.fixture
def olga(app, tenant):
    return visitor(app, tenant)


@pytest.fixture
def came(core, tenant):
    """Give the address of a mail that came in with a page in HTML, on a lead, and of that file."""
    lead = core.crm.leads.create(tenant.owner(), {"last_name": "L", "email": "ada@example.com"})
    mail = ReceivedMail(
        id="1", message_id="<m1@x>", subject="Here", size=9, text="T", files=(PAGE,),
        received_at=datetime(2026, 11, 20, tzinfo=UTC), sender=Address(email="ada@example.com"),
    )  # fmt: skip
    with core.works.write(tenant.system()) as work:
        file_mail(work, MailRecords(core.crm), "conn_1", mail, personal=False)
        row = work.session.scalars(select(StoredMail)).one()
        (file,) = files_of(work, [row.id])[row.id]
    return f"/inbox/{row.id}", f"/inbox/{row.id}/files/{file['id']}", f"/leads/{lead['id']}"


def test_a_program_sends_files_and_reads_them(api):
    data = {"mail": json.dumps(BODY), "files": upload(OFFER, PICTURE)}
    made = api("POST", "", data=data, content_type="multipart/form-data")
    assert made.status_code == 201, made.json
    assert [(one["name"], one["size"], one["media_type"]) for one in made.json["files"]] == [
        ("offer.pdf", 6, "application/pdf"),
        ("p.svg", 24, "image/svg+xml"),
    ]
    (listed,) = api("GET", "").json["data"]
    assert listed["files"] == made.json["files"]
    file = api("GET", f"/{made.json['id']}/files/{made.json['files'][0]['id']}")
    assert (file.data, file.mimetype) == (b"%PDF-1", "application/pdf")


def test_a_mail_in_json_has_no_files(api):
    assert api("POST", "", json=BODY).json["files"] == []


@pytest.mark.parametrize("mail", ["", "[]", "{", json.dumps({**BODY, "subject": ""})])
def test_a_form_whose_mail_is_none_is_refused(api, mail):
    data = {"mail": mail, "files": upload(OFFER)}
    answer = api("POST", "", data=data, content_type="multipart/form-data")
    assert answer.status_code in {400, 422}
    assert api("GET", "").json["data"] == []


def test_too_much_is_refused_with_the_limit(api, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 5)
    data = {"mail": json.dumps(BODY), "files": upload(OFFER)}
    answer = api("POST", "", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    ((pointer, message),) = [(one["pointer"], one["message"]) for one in answer.json["errors"]]
    assert pointer == "/files"
    assert "offer.pdf" in message


def test_a_mountain_is_not_read(api, monkeypatch):
    monkeypatch.setattr("geminicrm.mail.file_doors._MOST_SENT", 100)
    data = {"mail": json.dumps(BODY), "files": upload(("a.bin", b"x" * 200, "text/plain"))}
    answer = api("POST", "", data=data, content_type="multipart/form-data")
    assert answer.status_code == 413


def test_files_larger_than_other_bodies_are_taken(api):
    # Encoded here: the test client leaves the file that it makes of a large form open.
    data, kind = encode_multipart_formdata(
        {"mail": json.dumps(BODY), "files": ("large.zip", b"\0" * 6_000_000, "application/zip")}
    )
    made = api("POST", "", data=data, content_type=kind)
    assert [one["size"] for one in made.json["files"]] == [6_000_000]


def test_who_may_not_send_reads_no_file(api, core):
    south = make_tenant(core, "south")
    data = {"mail": json.dumps(BODY), "files": upload(OFFER)}
    made = api("POST", "", data=data, content_type="multipart/form-data").json
    path = f"/{made['id']}/files/{made['files'][0]['id']}"
    assert api("GET", path, headers=south.headers()).status_code == 404
    assert api("GET", path, headers={"Authorization": "Bearer gck_none"}).status_code == 401


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (OFFER, "application/pdf"),
        (PICTURE, "application/octet-stream"),
        (("a.html", b"<script>", "text/html"), "application/octet-stream"),
        (("a.xhtml", b"<script/>", "application/xhtml+xml"), "application/octet-stream"),
        (("a.txt", b"<script>", "text/plain; charset=utf-7"), "text/plain"),
    ],
)
def test_a_file_is_saved_and_never_shown(api, given, kind):
    data = {"mail": json.dumps(BODY), "files": upload(given)}
    made = api("POST", "", data=data, content_type="multipart/form-data").json
    answer = api("GET", f"/{made['id']}/files/{made['files'][0]['id']}")
    assert answer.mimetype == kind
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_person_sends_files_with_the_form(olga, core, tenant):
    answer = olga.post("/outbox", **FORM, files=upload(OFFER, ("", b"", "text/plain")))
    assert answer.status_code == 303
    text = olga.page(answer.headers["Location"])
    assert "offer.pdf 6 Bytes" in said(text)
    assert "1 file" in said(olga.page("/outbox"))
    with core.works.read(tenant.owner()) as work:
        row = work.session.scalars(select(OutgoingMail)).one()
        (file,) = files_of(work, [row.id])[row.id]
    assert olga.get(f"/outbox/{row.id}/files/{file['id']}").data == b"%PDF-1"


def test_the_form_keeps_what_was_written_where_files_are_too_large(olga, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 5)
    answer = olga.post("/outbox", **FORM, files=upload(OFFER))
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "The largest is offer.pdf" in said(text)
    assert 'value="Hello"' in text


def test_the_form_says_that_files_have_to_be_chosen_again(olga):
    answer = olga.post("/outbox", **{**FORM, "subject": ""}, files=upload(OFFER))
    assert answer.status_code == 422
    assert "Choose the files again" in said(answer.get_data(as_text=True))


def test_files_of_mail_that_came_in_stand_at_it_and_in_the_timeline(olga, came):
    page, file, lead = came
    assert f'href="{file}"' in olga.page(page)
    assert f'href="{file}"' in olga.page(lead)
    answer = olga.get(file)
    assert (answer.data, answer.mimetype) == (PAGE.content, "application/octet-stream")
    assert "filename*=UTF-8''%C3%9Cbersicht.html" in answer.headers["Content-Disposition"]


def test_a_file_of_no_mail_is_not_found(olga, came):
    assert olga.get(f"{came[0]}/files/mfile_none").status_code == 404
