"""What happens to companies."""

from typing import ClassVar

from geminicrm.crm.shared.event_data import Changed, Head, Owned, event_types, shown
from geminicrm.kernel.events import Event


class CompanyCreated(Event):
    """A company was created."""

    type: ClassVar[str] = "company.created"


class CompanyUpdated(Event):
    """Fields of a company changed; `changed_fields` names them."""

    type: ClassVar[str] = "company.updated"


class CompanyDeleted(Event):
    """A company was deleted; the data is the last there was."""

    type: ClassVar[str] = "company.deleted"


class CompanyFields(Head):
    """The fields of a company; `size` is a number of people or a range."""

    id: str = shown("company_1k0sjz300rt6n10kvjts2p9v")
    name: str = shown("Engines Ltd")
    domain: str | None = shown("engines.example")
    phone: str | None = shown("+44 20 7946 0958")
    address: str | None = shown("1 Mill Lane, London")
    size: str | None = shown("51-200")
    industry: str | None = shown("Manufacturing")


class CompanyData(Owned, CompanyFields):
    """A company."""


class CompanyChange(Changed, CompanyData):
    """A company after an update."""

    changed_fields: list[str] = shown(["industry"])


TYPES = event_types(
    "read:companies",
    (CompanyCreated, CompanyData),
    (CompanyUpdated, CompanyChange),
    (CompanyDeleted, CompanyData),
)
