"""The notices: what others must hear of our versions, as one signed document.

It says which versions are yanked, which must not run, and which have advisories. Its serial rises
with each change. It runs out, so that nobody can be kept from a new one by being shown an old one
for ever: whoever is offline for longer than that installs nothing until it has a fresh one.
"""

from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.work import Work, Works
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.moderation.models import Advisory, KillOrder
from marketplace.signing.documents import find_document, put_document
from marketplace.signing.envelope import SignedText
from marketplace.signing.models import SignedDocument
from marketplace.signing.registry_keys import RegistryKeys
from marketplace.states import QUARANTINED, YANKED
from marketplace.visibility import PUBLIC

NOTICES: Final = "notices"
LASTS: Final = timedelta(days=7)
RENEWED: Final = timedelta(days=1)
"""How old it gets before it is signed anew, though nothing has changed."""
_SAID: Final = ("advisories", "kills", "yanked")


class Notices:
    """Keeps the document up to date."""

    def __init__(self, works: Works, keys: RegistryKeys) -> None:
        self._works = works
        self._keys = keys

    def current(self) -> SignedText:
        """Give the document as it is now, made or renewed first where that is due."""
        self.renew()
        with self._works.across_workspaces("show the notices") as work:
            found = find_document(work, NOTICES)
        if found is None:
            raise LookupError("the notices were made and are not there")
        return found

    def renew(self) -> bool:
        """Sign a new one where something has changed or a day has passed; tell whether."""
        with self._works.across_workspaces("are the notices up to date") as work:
            if not _is_due(work, _members(work)):
                return False
        self._keys.ensure()
        with self._works.across_workspaces("renew the notices", write=True) as work:
            members = _members(work)
            if not _is_due(work, members):
                return False
            ends = {"expires_at": format_instant(work.now + LASTS)}
            put_document(work, NOTICES, {**members, **ends}, partial(self._keys.sign, work))
        return True


def _is_due(work: Work, members: dict[str, Any]) -> bool:
    row = work.session.get(SignedDocument, NOTICES)
    found = find_document(work, NOTICES)
    if row is None or found is None or row.made_at + RENEWED <= work.now:
        return True
    said = found.members()
    return {name: said.get(name) for name in _SAID} != members


def _members(work: Work) -> dict[str, Any]:
    public = select(RegistryExtension.id).where(RegistryExtension.visibility == PUBLIC)
    ours = set(work.session.scalars(public))
    return {
        "advisories": [_advisory(one) for one in _in_force(work, Advisory, Advisory.withdrawn_at)
                       if one.extension_id in ours],
        "kills": [_kill(one) for one in _in_force(work, KillOrder, KillOrder.lifted_at)
                  if one.extension_id in ours],
        "yanked": _yanked(work, ours),
    }  # fmt: skip


def _in_force(work: Work, model: Any, ended: Any) -> list[Any]:
    return list(work.session.scalars(select(model).where(ended.is_(None)).order_by(model.id)))


def _advisory(row: Advisory) -> dict[str, Any]:
    return {
        "id": row.id,
        "extension_id": row.extension_id,
        "affected": row.affected,
        "severity": row.severity,
        "title": row.title,
        "body": row.body,
        "fixed_in": row.fixed_in,
        "published_at": format_instant(row.published_at),
    }


def _kill(row: KillOrder) -> dict[str, Any]:
    return {
        "id": row.id,
        "extension_id": row.extension_id,
        "affected": row.affected,
        "reason": row.reason,
        "ordered_at": format_instant(row.ordered_at),
    }


def _yanked(work: Work, ours: set[str]) -> list[dict[str, Any]]:
    statement = (
        select(RegistryVersion)
        .where(RegistryVersion.state.in_((YANKED, QUARANTINED)))
        .order_by(RegistryVersion.extension_id, RegistryVersion.version)
    )
    return [
        {
            "extension_id": row.extension_id,
            "version": row.version,
            "state": row.state,
            "reason": row.state_reason,
        }
        for row in work.session.scalars(statement)
        if row.extension_id in ours
    ]
