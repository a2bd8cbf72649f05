"""The pages of companies."""

from collections.abc import Sequence

from flask import Blueprint

from geminicrm.crm.shared import forms
from geminicrm.crm.shared.desk import Desk
from geminicrm.crm.shared.forms import FormField
from geminicrm.crm.shared.lists import Column, owner_filter
from geminicrm.crm.shared.related import belonging, common_facts
from geminicrm.crm.shared.spec import Rest
from geminicrm.crm.shared.views import Fact, RecordLook, RecordViews, Related

_COLUMNS = (
    Column(name="name", label="Name", look="company", sort="name"),
    Column(name="domain", label="Domain", look="domain"),
    Column(name="industry", label="Industry"),
    Column(name="size", label="People"),
    Column(name="owner_id", label="Owner", look="owner"),
    Column(name="updated_at", label="Updated", look="age", sort="updated_at", end=True),
)


def blueprint(desk: Desk) -> Blueprint:
    """Serve `/companies` and what is below it."""
    return RecordViews(desk, look()).blueprint()


def look() -> RecordLook:
    """Tell how companies look."""
    return RecordLook(
        kind="company",
        title="Companies",
        lead="The organisations you deal with.",
        columns=_COLUMNS,
        filters=(owner_filter(),),
        form=_form,
        facts=_facts,
        related=_related,
        empty=(
            "No companies yet",
            "A company keeps its contacts, deals and history together.",
        ),
    )


def _form(desk: Desk) -> Sequence[FormField]:
    return [
        FormField(name="name", label="Name", required=True),
        FormField(name="domain", label="Domain", help="Such as acme.example."),
        FormField(name="phone", label="Phone", kind="tel"),
        FormField(name="industry", label="Industry"),
        FormField(name="size", label="People", help="A number or a range such as 51-200."),
        FormField(name="address", label="Address", kind="textarea", wide=True),
        *forms.owned_fields(desk.owner_options()),
    ]


def _facts(desk: Desk, record: Rest) -> list[Fact]:
    return [
        Fact("Domain", record["domain"], "domain"),
        Fact("Phone", record["phone"], "phone"),
        Fact("Industry", record["industry"]),
        Fact("People", record["size"]),
        Fact("Address", record["address"], "lines"),
        *common_facts(desk, record),
    ]


def _related(desk: Desk, record: Rest) -> list[Related]:
    identifier = record["id"]
    return [
        *belonging(desk, "contact", "company", identifier),
        *belonging(desk, "deal", "company", identifier),
    ]
