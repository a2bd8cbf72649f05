"""Templates and their merge fields."""

import pytest

from geminicrm.kernel.errors import NotFound, ValidationFailed
from geminicrm.mail.listing import templates
from geminicrm.mail.merging import merged
from geminicrm.mail.templating import delete_template, filled, save_template

LEAD = {"id": "lead_1", "first_name": "Ada", "company": None, "amount": "12.00", "tags": ["x"]}
FIELDS = {"lead": ["company", "first_name"], "deal": ["name", "amount"]}
GIVEN = {"name": "Welcome", "subject": "Hello {{first_name}}", "text": "For {{company|you}}."}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hello {{first_name}}!", "Hello Ada!"),
        ("{{ first_name }} and {{amount}}", "Ada and 12.00"),
        ("At {{company}}.", "At ."),
        ("At {{company| your company }}.", "At your company."),
        ("{first_name} {{}} {{First}}", "{first_name} {{}} {{First}}"),
    ],
)
def test_fields_of_the_record_are_put_in(template, text):
    assert merged(template, LEAD, "/text") == text


def test_what_the_record_does_not_have_is_named():
    with pytest.raises(ValidationFailed, match="no frist_name, tags here") as caught:
        merged("{{frist_name}} {{tags}}", LEAD, "/text")
    assert caught.value.findings[0].pointer == "/text"


def test_a_template_is_kept_changed_filled_and_deleted(core, tenant):
    with core.works.write(tenant.owner()) as work:
        kept = save_template(work, GIVEN, FIELDS).id
    with core.works.write(tenant.owner()) as work:
        save_template(work, {**GIVEN, "text": "Dear {{first_name}},"}, FIELDS, kept)
    with core.works.write(tenant.owner()) as work:
        assert filled(work, kept, LEAD) == ("Hello Ada", "Dear Ada,")
        assert [one.name for one in templates(work)] == ["Welcome"]
        delete_template(work, kept)
    with core.works.read(tenant.owner()) as work, pytest.raises(NotFound):
        filled(work, kept, LEAD)


def test_names_are_taken_once_and_nothing_is_empty(core, tenant):
    with core.works.write(tenant.owner()) as work:
        save_template(work, GIVEN, FIELDS)
        work.session.flush()
        with pytest.raises(ValidationFailed) as caught:
            save_template(work, {**GIVEN, "subject": ""}, FIELDS)
    assert [found.pointer for found in caught.value.findings] == ["/subject", "/name"]


@pytest.mark.parametrize(
    ("text", "pointer", "code"),
    [
        ("{{frist_name}}", "/text", "unknown_merge_field"),
        ("{{first_name}} of {{amount}}", "/text", "unknown_merge_field"),
        ("{{First Name}}", "/text", "bad_merge_field"),
        ("{{first_name", "/text", "bad_merge_field"),
    ],
)
def test_what_could_never_be_filled_is_refused_when_it_is_saved(core, tenant, text, pointer, code):
    with core.works.write(tenant.owner()) as work, pytest.raises(ValidationFailed) as caught:
        save_template(work, {**GIVEN, "subject": "Hello", "text": text}, FIELDS)
    assert [(one.pointer, one.code) for one in caught.value.findings] == [(pointer, code)]


def test_a_name_that_another_takes_at_the_same_time_is_told(core, tenant, monkeypatch):
    with core.works.write(tenant.owner()) as work:
        save_template(work, GIVEN, FIELDS)
    with core.works.write(tenant.owner()) as work:
        monkeypatch.setattr(work.session, "scalar", lambda _query: None)
        with pytest.raises(ValidationFailed, match="of that name"):
            save_template(work, GIVEN, FIELDS)
