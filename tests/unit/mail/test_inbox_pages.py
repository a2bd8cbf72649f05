"""The pages of the inbox and of templates, and templates over REST, as a browser sees them."""

import re
from datetime import UTC, datetime

import pytest

from extensions.sdk.capabilities.email import Address, ReceivedMail
from geminicrm.crm.filing import MailRecords
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.mail.filing import file_mail
from geminicrm.mail.merging import merge_fields
from geminicrm.mail.models import OutgoingMail, StoredMail
from geminicrm.mail.templating import save_template
from geminicrm.mail.writing import NewMail, write_mail
from tests.support.crm_pages import said, visitor

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
MAIL = ReceivedMail(
    id="1", message_id="<m1@x>", subject="About the engine", received_at=AT, size=9,
    sender=Address(email="ada@engines.example.com", name="Ada King Lovelace"),
    html="<p>It <b>works</b>.</p><script>alert(1)</script>",
)  # fmt: skip
TEMPLATE = {"name": "Welcome", "subject": "Hello {{first_name}}", "text": "Dear {{first_name}},"}


@pytest.fixture
def olga(app, tenant):
    return visitor(app, tenant)


@pytest.fixture
def records(core):
    return MailRecords(core.crm)


@pytest.fixture
def mail(core, tenant, records):
    """Give the id of a mail that fits no record."""
    with core.works.write(tenant.system()) as work:
        file_mail(work, records, "conn_1", MAIL, personal=False)
        return work.session.query(StoredMail).one().id


@pytest.fixture
def template(core, tenant, records):
    with core.works.write(tenant.owner()) as work:
        return save_template(work, TEMPLATE, records.fields()).id


@pytest.fixture
def lead(core, tenant):
    return core.crm.leads.create(
        tenant.owner(), {"first_name": "Ada", "last_name": "Byron", "email": "a@example.com"}
    )


def written(core, tenant, **facts):
    new = NewMail(**{"to": (Address(email="a@example.com"),), "subject": "S", "text": "T", **facts})
    with core.works.write(tenant.owner()) as work:
        return write_mail(work, new).id


def test_it_is_found_read_as_text_and_put_on_a_record(olga, mail, lead):
    assert "About the engine It works." in said(olga.page("/inbox"))
    page = olga.page(f"/inbox/{mail}?find=Byron")
    assert "<b>works" not in page
    assert "The mail has HTML only." in said(page)
    assert "Lead · a@example.com" in said(page)
    answer = olga.post(f"/inbox/{mail}/file", kind="lead", id=lead["id"])
    assert (answer.status_code, answer.location) == (303, f"/inbox/{mail}")
    assert "Nothing to file" in olga.page("/inbox")
    assert f'href="/inbox/{mail}"' in olga.page(f"/leads/{lead['id']}")
    assert "Put it on a record" not in olga.page(f"/inbox/{mail}")


def test_its_activity_leads_to_the_whole_mail(core, tenant, olga, mail, lead):
    olga.post(f"/inbox/{mail}/file", kind="lead", id=lead["id"])
    (activity,) = core.crm.activities.list(tenant.owner(), ListQuery()).data
    assert f'href="/inbox/{mail}"' in olga.page(f"/activities/{activity['id']}")


def test_nothing_found_is_said(olga, mail):
    assert "Nothing is called “Nobody”." in said(olga.page(f"/inbox/{mail}?find=Nobody"))


@pytest.mark.parametrize("place", [{"kind": "activity", "id": "x"}, {"kind": "lead", "id": "x"}])
def test_what_is_no_record_takes_nothing(olga, mail, place):
    assert olga.post(f"/inbox/{mail}/file", **place).status_code == 404


def test_a_lead_is_made_of_the_sender_once(core, tenant, olga, mail):
    page = olga.page(f"/inbox/{mail}")
    assert 'value="Ada King"' in page
    sent = {"first_name": "Ada King", "last_name": "Lovelace", "email": MAIL.sender.email}
    first = olga.post(f"/inbox/{mail}/lead", **sent)
    assert first.status_code == 303
    assert olga.post(f"/inbox/{mail}/lead", **sent).status_code == 409
    (lead,) = core.crm.leads.list(tenant.owner(), ListQuery()).data
    assert first.location == f"/leads/{lead['id']}"
    assert (lead["owner_id"], lead["email"]) == (tenant.owner_id, MAIL.sender.email)
    assert "About the engine" in olga.page(first.location)


def test_a_lead_of_nobody_is_refused(olga, mail):
    answer = olga.post(f"/inbox/{mail}/lead", first_name="", last_name="", email="nobody")
    assert answer.status_code == 422
    assert "Write an e-mail address" in said(answer.get_data(as_text=True))


def test_it_is_ignored(olga, mail):
    answer = olga.post(f"/inbox/{mail}/ignore")
    assert (answer.status_code, answer.location) == (303, "/inbox")
    assert olga.get(f"/inbox/{mail}").status_code == 404


def test_an_answer_joins_the_thread_and_the_record(core, tenant, olga, mail, lead):
    olga.post(f"/inbox/{mail}/file", kind="lead", id=lead["id"])
    form = olga.page(f"/outbox/new?answer_to={mail}")
    assert 'value="Re: About the engine"' in form
    assert "&gt; It works." in form
    sent = {"to": "a@example.com", "subject": "Re: About the engine", "text": "Good."}
    made = olga.post("/outbox", answer_to=mail, **sent)
    with core.works.read(tenant.owner()) as work:
        row = work.get(OutgoingMail, made.location.rpartition("/")[2])
    assert (made.status_code, row.in_reply_to, row.references) == (303, "<m1@x>", ["<m1@x>"])
    assert (row.related_type, row.related_id) == ("lead", lead["id"])


def test_a_template_stands_above_what_is_answered(olga, mail, template, lead):
    where = f"related_type=lead&related_id={lead['id']}&template={template}"
    form = olga.page(f"/outbox/new?answer_to={mail}&{where}")
    assert re.search(r"Dear Ada,\s+On 2026-11-20", form)
    assert 'value="Re: About the engine"' in form


def test_templates_are_written_previewed_and_deleted(olga, lead):
    assert "No templates yet" in olga.page("/mail-templates")
    assert "<code>first_name</code>" in olga.page("/mail-templates/new")
    wrong = olga.post("/mail-templates", **{**TEMPLATE, "text": "{{frist_name}}"})
    assert wrong.status_code == 422
    assert "No kind of record has frist_name" in said(wrong.get_data(as_text=True))
    assert olga.post("/mail-templates", **TEMPLATE).status_code == 303
    found = re.search(r'href="(/mail-templates/mtpl_\w+)"', olga.page("/mail-templates"))
    assert found is not None
    url = found[1]
    assert olga.post(url, **{**TEMPLATE, "name": "Second"}).status_code == 303
    assert 'value="Second"' in olga.page(url)
    assert "Byron" in olga.page(f"{url}/preview?find=Byron")
    assert "Dear Ada," in olga.page(f"{url}/preview?kind=lead&id={lead['id']}")
    assert olga.post(f"{url}/delete").status_code == 303
    assert olga.get(url).status_code == 404


def test_a_preview_says_what_does_not_fit(core, tenant, olga, template):
    deal = core.crm.deals.create(tenant.owner(), {"name": "Engine"})
    page = olga.page(f"/mail-templates/{template}/preview?kind=deal&id={deal['id']}")
    assert "There is no first_name here" in said(page)
    assert olga.get(f"/mail-templates/{template}/preview?kind=x&id=y").status_code == 404


def test_fields_on_offer_are_those_that_a_record_has(core, tenant, records, lead):
    owner, doors = tenant.owner(), core.crm.records
    made = {
        "lead": lead,
        "contact": doors["contact"].create(owner, {"last_name": "L"}),
        "company": doors["company"].create(owner, {"name": "N"}),
        "deal": doors["deal"].create(owner, {"name": "D"}),
    }
    assert {kind: sorted(merge_fields(one)) for kind, one in made.items()} == records.fields()


def test_templates_over_rest(client, tenant):
    def call(method, path="", **more):
        return client.open(
            f"/api/mail-templates{path}", method=method, headers=tenant.headers(), **more
        )

    made = call("POST", json=TEMPLATE)
    assert made.status_code == 201
    assert call("POST", json={**TEMPLATE, "name": "Alpha"}).status_code == 201
    first = call("GET", "?limit=1").json
    rest = call("GET", f"?limit=1&cursor={first['next_cursor']}").json
    assert [one["name"] for one in first["data"] + rest["data"]] == ["Alpha", "Welcome"]
    place = f"/{made.json['id']}"
    assert call("PATCH", place, json={"text": "Hi"}).json["text"] == "Hi"
    assert call("GET", place).json["subject"] == TEMPLATE["subject"]
    assert call("PATCH", place, json={"colour": "red"}).status_code == 422
    assert call("PATCH", place, json={"name": "Alpha"}).status_code == 422
    assert call("DELETE", place).status_code == 204
    assert call("GET", place).status_code == 404


def test_the_outbox_of_one_record(core, tenant, olga, lead):
    written(core, tenant, subject="Of the lead", related=("lead", lead["id"]))
    written(core, tenant, subject="Of nobody", purpose="test")
    assert "Test mail" in said(olga.page("/outbox"))
    page = olga.page(f"/outbox?related_id={lead['id']}&state=queued")
    assert ("Of the lead" in page, "Of nobody" in page) == (True, False)
    assert "All 1" in said(page)
    assert f"state=failed&amp;related_id={lead['id']}" in page


def test_all_that_wait_are_sent(core, tenant, olga):
    mail_id = written(core, tenant)
    with core.works.write(tenant.owner()) as work:
        work.get(OutgoingMail, mail_id).state = "waiting"
    assert olga.post("/outbox/send-waiting").status_code == 303
    assert "1 mail is on its way." in said(olga.page("/outbox"))
