"""The pages of contacts."""

from collections.abc import Sequence

from flask import Blueprint

from geminicrm.crm.shared import forms
from geminicrm.crm.shared.desk import Desk
from geminicrm.crm.shared.forms import FormField
from geminicrm.crm.shared.lists import Column, Filter, owner_filter
from geminicrm.crm.shared.related import belonging, common_facts, linked, person_facts
from geminicrm.crm.shared.spec import Rest
from geminicrm.crm.shared.views import Fact, RecordLook, RecordViews, record_options

_COLUMNS = (
    Column(name="name", label="Name", look="person", sort="name"),
    Column(name="company_id", label="Company", look="link", kind="company"),
    Column(name="title", label="Job title"),
    Column(name="email", label="Email", look="email"),
    Column(name="phone", label="Phone", look="phone"),
    Column(name="owner_id", label="Owner", look="owner"),
    Column(name="updated_at", label="Updated", look="age", sort="updated_at", end=True),
)


def blueprint(desk: Desk) -> Blueprint:
    """Serve `/contacts` and what is below it."""
    return RecordViews(desk, look()).blueprint()


def look() -> RecordLook:
    """Tell how contacts look."""
    companies = Filter(
        name="company_id",
        label="Company",
        options=lambda desk: record_options(desk, "company", "")[1:],
    )
    return RecordLook(
        kind="contact",
        title="Contacts",
        lead="People you deal with, and where they work.",
        columns=_COLUMNS,
        filters=(companies, owner_filter()),
        form=_form,
        facts=_facts,
        related=lambda desk, record: belonging(desk, "deal", "contact", record["id"]),
        empty=(
            "No contacts yet",
            "Contacts are the people behind your deals. A lead becomes one when it is converted.",
        ),
    )


def _form(desk: Desk) -> Sequence[FormField]:
    return [
        *forms.person_fields(),
        FormField(name="company_id", label="Company", kind="record"),
        *forms.owned_fields(desk.owner_options()),
    ]


def _facts(desk: Desk, record: Rest) -> list[Fact]:
    return [*person_facts(record), linked(desk, record, "company"), *common_facts(desk, record)]
