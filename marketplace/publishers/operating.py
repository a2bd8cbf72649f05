"""What operators do with publishers: verify them, and hand an extension to another one."""

from collections.abc import Sequence

from sqlalchemy import select

from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.work import Actor, Work, Works
from marketplace.errors import UnknownExtension
from marketplace.models import RegistryExtension
from marketplace.publishers.access import OPERATE
from marketplace.publishers.acting import CORE_ID, find_publisher
from marketplace.publishers.models import PublisherRow
from marketplace.records import renew_publisher
from marketplace.signing.registry_keys import RegistryKeys


class PublisherOperations:
    """Changes that the registry has to sign anew, since its records name the publisher."""

    def __init__(self, works: Works, keys: RegistryKeys) -> None:
        self._works = works
        self._keys = keys

    def verify(self, actor: Actor, slug: str, *, verified: bool) -> None:
        """Give a publisher the mark, or take it; ScopeMissing, UnknownPublisher."""
        self._keys.ensure()
        with self._works.write(actor) as work:
            work.require(OPERATE)
            row = find_publisher(work, slug)
            row.verified = verified
            own = select(RegistryExtension).where(RegistryExtension.publisher_id == row.id)
            self._name(work, work.session.scalars(own).all(), row)
            action = "publisher.verified" if verified else "publisher.unverified"
            work.audit(action, row.id, {"slug": row.slug})

    def transfer(self, actor: Actor, extension_id: str, slug: str) -> None:
        """Hand a public extension to another publisher; its id goes with it.

        Tokens of the old publisher still act for that one, and so publish it no more.
        Installations keep what they have: a version that is signed by other keys than theirs is
        trusted anew. ScopeMissing, UnknownPublisher, UnknownExtension; Conflict for one of the
        core's own.
        """
        self._keys.ensure()
        with self._works.write(actor) as work:
            work.require(OPERATE)
            row = find_publisher(work, slug)
            extension = work.session.get(RegistryExtension, extension_id, with_for_update=True)
            if extension is None:
                raise UnknownExtension(extension_id)
            if extension.publisher_id == CORE_ID:
                raise Conflict("What comes with the CRM stays its own.")
            old = extension.publisher_id
            self._name(work, [extension], row)
            work.audit("extension.transferred", extension_id, {"from": old, "to": row.id})

    def _name(self, work: Work, rows: Sequence[RegistryExtension], to: PublisherRow) -> None:
        for row in rows:
            row.publisher_id, row.publisher, row.verified = to.id, to.name, to.verified
        work.session.flush()
        keys = [row.id for row in rows]
        renew_publisher(work, keys, to, self._keys.believed(work), self._keys.sign)
