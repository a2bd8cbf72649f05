"""What happens to companies."""

from typing import ClassVar

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
