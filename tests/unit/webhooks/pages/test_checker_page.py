"""The page of the signature checker."""

import io

import pytest

from geminicrm.webhooks.outgoing.signing import new_secret, signed_headers
from tests.support.core import make_tenant
from tests.support.crm_pages import reader, said, text_of, visitor

BODY = b'{"id": "evt_1"}\n'


@pytest.fixture
def owner(app, tenant):
    return visitor(app, tenant)


@pytest.fixture
def secret():
    return new_secret()


@pytest.fixture
def sent(core, secret):
    """Give the fields of a form for a delivery that was signed just now."""
    now = int(core.works.clock.now().timestamp())
    headers = signed_headers([secret], "evt_1", "lead.created", now, BODY)
    lines = "\n".join(f"{name}: {value}" for name, value in headers.items())
    return {"scheme": "own", "secret": secret, "headers": lines}


def test_a_good_delivery_holds_in_both_of_its_signatures(owner, sent):
    file = (io.BytesIO(BODY), "body.json")
    page = said(text_of(owner.post("/webhooks/checker/check", **sent, file=file)))
    assert page.count("Every part is right") == 2


def test_a_body_in_the_field_has_the_line_ends_that_were_sent(owner, sent):
    page = said(text_of(owner.post("/webhooks/checker/check", **sent, body=BODY.decode())))
    assert page.count("Every part is right") == 2


def test_a_body_that_was_changed_is_told_from_a_wrong_secret(owner, sent):
    stripped = said(
        text_of(owner.post("/webhooks/checker/check", **sent, body=BODY.decode().strip()))
    )
    assert "line end" in stripped
    wrong = {**sent, "secret": new_secret()}
    page = said(text_of(owner.post("/webhooks/checker/check", **wrong, body=BODY.decode())))
    assert "Wrong Signature" in page


def test_what_is_entered_is_shown_again_but_never_the_secret(owner, sent, secret):
    page = text_of(owner.post("/webhooks/checker/check", **sent, body="<b>bold</b>"))
    assert "&lt;b&gt;bold" in page
    assert secret not in page


def test_another_scheme_takes_its_options(owner):
    given = {"scheme": "hmac", "secret": "s", "headers": "X-Sig: 00", "options": "header: X-Sig"}
    page = said(text_of(owner.post("/webhooks/checker/check", **given, body="{}")))
    assert "The signature does not fit" in page


def test_an_unknown_scheme_is_told(owner):
    page = said(text_of(owner.post("/webhooks/checker/check", scheme="no-such")))
    assert "Choose one of the schemes" in page


def test_what_the_test_receiver_caught_is_checked_byte_by_byte(core, app, owner, sent, tenant):
    owner.post("/webhooks/receiver/make")
    with core.works.read(tenant.owner()) as work:
        token = core.receivers.find(work).token
    headers = dict(line.split(": ", 1) for line in sent["headers"].splitlines())
    app.test_client().post(f"/webhooks/test/{token}", data=BODY, headers=headers)
    with core.works.read(tenant.owner()) as work:
        (caught,) = core.receivers.caught(work)
    assert "byte by byte" in owner.page(f"/webhooks/checker?caught={caught.id}")
    fields = {**sent, "headers": "", "caught": caught.id}
    page = said(text_of(owner.post("/webhooks/checker/check", **fields)))
    assert page.count("Every part is right") == 2
    other = visitor(app, make_tenant(core, "south"))
    assert "byte by byte" not in other.page(f"/webhooks/checker?caught={caught.id}")


def test_who_may_only_read_has_no_checker(core, app, tenant):
    assert reader(core, app, tenant).get("/webhooks/checker").status_code == 403
