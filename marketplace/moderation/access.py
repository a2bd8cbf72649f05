"""Who may say what about a version: operators all of it, publishers some of it about their own."""

from typing import Final

from geminicrm.kernel.work import Work
from marketplace.errors import UnknownExtension
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.moderation.errors import NotYours
from marketplace.publishers.acting import role_of, token_of
from marketplace.publishing import version_row
from marketplace.visibility import PUBLIC, seen

OPERATE: Final = "operate:instance"
PUBLISH: Final = "publish:extensions"


def public_row(work: Work, extension_id: str) -> RegistryExtension:
    """Read a public extension, listed or not; UnknownExtension."""
    row = work.session.get(RegistryExtension, extension_id)
    if row is None or row.visibility != PUBLIC:
        raise UnknownExtension(extension_id)
    return row


def public_version(
    work: Work, extension_id: str, version: str
) -> tuple[RegistryExtension, RegistryVersion]:
    """Read a version of a public extension, whatever its state; UnknownExtension."""
    extension = public_row(work, extension_id)
    return extension, version_row(work, extension.id, version)


def own_row(work: Work, extension_id: str) -> RegistryExtension:
    """Read an extension that the actor may speak for.

    UnknownExtension for what its workspace does not see, ScopeMissing, NotYours.
    """
    if work.actor.allows(OPERATE):
        row = work.session.get(RegistryExtension, extension_id)
        return row if row is not None else seen(work, work.workspace_id, extension_id)
    row = seen(work, work.workspace_id, extension_id)
    work.require(PUBLISH)
    if not _speaks_for(work, row):
        raise NotYours(work.actor.label, extension_id)
    return row


def _speaks_for(work: Work, row: RegistryExtension) -> bool:
    bound = token_of(work)
    if bound is not None and bound.extension_id not in {None, row.extension_id}:
        return False
    if bound is not None and bound.publisher_id != row.publisher_id:
        return False
    return row.publisher_id == work.workspace_id or role_of(work, row.publisher_id) is not None
