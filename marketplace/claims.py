"""Whose an id is: the first public publisher's for good, and a workspace's own affair beside."""

from geminicrm.kernel.work import Work
from marketplace.errors import IdTaken
from marketplace.models import RegistryExtension
from marketplace.publishers.acting import WORKSPACE, role_of
from marketplace.publishers.models import PublisherRow
from marketplace.visibility import private_key


def claimed_row(work: Work, publisher: PublisherRow, extension_id: str) -> RegistryExtension | None:
    """Give the extension that a publisher has under an id, None for a free one; IdTaken."""
    key = row_key(work, publisher, extension_id)
    row = work.session.get(RegistryExtension, key)
    if row is not None and row.publisher_id == publisher.id:
        return row
    public = work.session.get(RegistryExtension, extension_id)
    if public is not None and not _may_stand_beside(work, publisher, public):
        raise IdTaken(extension_id, public.publisher)
    return None


def row_key(work: Work, publisher: PublisherRow, extension_id: str) -> str:
    """Give the key of the row that a publisher's extension has, or would have."""
    if publisher.kind != WORKSPACE:
        return extension_id
    public = work.session.get(RegistryExtension, extension_id)
    if public is not None and public.publisher_id == publisher.id:
        return extension_id  # published before workspaces had private extensions
    return private_key(extension_id, publisher.id)


def _may_stand_beside(work: Work, publisher: PublisherRow, public: RegistryExtension) -> bool:
    """Tell whether a workspace may bring in a file whose id somebody has in public.

    Those who work on the next version have to be able to try it: members of its publisher, and
    who works at the machine itself. The core's own extensions are changed where its code is.
    """
    if publisher.kind != WORKSPACE or public.built_in:
        return False
    return work.actor.kind == "system" or role_of(work, public.publisher_id) is not None
