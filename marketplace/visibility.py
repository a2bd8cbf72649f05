"""Who sees which extension: everybody the public ones, each workspace its own private ones too.

An id is claimed in public by its first publisher, for good. What a workspace has only brought in
from a file is its own affair: such an extension has a row of its own (`private_key`), so it takes
nobody's id, tells nobody that it exists, and two workspaces can have one each. In that workspace it
stands before a public one of the same id: a stranger who publishes under that id later must not be
able to slip an upgrade under it. It steps back (`shelved`) once the same workspace publishes the id
in public itself; its versions can then still be had there by name.
"""

import hashlib
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from geminicrm.kernel.work import Work
from marketplace.errors import UnknownExtension
from marketplace.models import RegistryExtension, RegistryVersion

PUBLIC: Final = "public"
PRIVATE: Final = "private"
SHELVED: Final = "shelved"


def private_key(extension_id: str, workspace_id: str) -> str:
    """Give the key of a workspace's private extension; no public id looks like it."""
    return f"p_{hashlib.sha256(f'{workspace_id}/{extension_id}'.encode()).hexdigest()[:40]}"


def visible_to(workspace_id: str) -> ColumnElement[bool]:
    """Keep a query for RegistryExtension to what a workspace sees: one row for each id.

    What has no listed version is not among it.
    """
    own = aliased(RegistryExtension)
    shadowed = select(own.extension_id).where(
        own.visibility == PRIVATE, own.workspace_id == workspace_id
    )
    return and_(
        RegistryExtension.latest_version != "",
        or_(
            and_(
                RegistryExtension.visibility == PUBLIC,
                RegistryExtension.extension_id.not_in(shadowed),
            ),
            and_(
                RegistryExtension.visibility == PRIVATE,
                RegistryExtension.workspace_id == workspace_id,
            ),
        ),
    )


def seen(work: Work, workspace_id: str, extension_id: str) -> RegistryExtension:
    """Read an extension as a workspace sees it; UnknownExtension."""
    own = work.session.get(RegistryExtension, private_key(extension_id, workspace_id))
    if own is not None and own.visibility == PRIVATE:
        return own
    row = work.session.get(RegistryExtension, extension_id)
    if row is None or row.visibility != PUBLIC:
        raise UnknownExtension(extension_id)
    return row


def seen_version(
    work: Work, workspace_id: str, extension_id: str, version: str
) -> tuple[RegistryExtension, RegistryVersion]:
    """Read a version that a workspace can name; UnknownExtension.

    Where it has published in public what was its own, it still has its own earlier versions.
    """
    extension = seen(work, workspace_id, extension_id)
    for key in (extension.id, private_key(extension_id, workspace_id)):
        found = work.session.scalars(
            select(RegistryVersion).where(
                RegistryVersion.extension_id == key, RegistryVersion.version == version
            )
        ).one_or_none()
        if found is not None:
            owner = work.session.get_one(RegistryExtension, key)
            return owner, found
    raise UnknownExtension(extension_id, version)
