"""Reading who owns records on both sides, and saying once who has no namesake."""

from typing import Final

from sqlalchemy import update

from extensions.sdk.service_errors import AccessDenied
from geminicrm.identity.people import list_members
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.syncing.doors_needed import FarCrm
from geminicrm.syncing.fields import OWNER
from geminicrm.syncing.models import KINDS, SyncCursor, SyncSettings
from geminicrm.syncing.owners import Owners

THERE: Final = "there"
HERE: Final = "here"
DENIED: Final = "denied"


def read_owners(works: Works, actor: Actor, far: FarCrm) -> Owners | None:
    """Ask who owns records there; None where it has none. Raises SdkError.

    Where the connection lacks the right to know, everything but owners is synced all the same.
    """
    if not any(OWNER in far.standard_fields(kind).names for kind in KINDS):
        return None
    try:
        theirs, denied = far.owners(), ""
    except AccessDenied as error:
        theirs, denied = (), str(error)
    with works.read(actor) as work:
        return Owners(list_members(work), theirs, denied)


def tell(work: Work, row: SyncSettings, owners: Owners) -> None:
    """Remember who was met without a namesake; the audit log has who that is when it changes.

    Where one has got a namesake since, all records are read anew, so that theirs get their owner.
    """
    before = row.unknown_owners
    there = owners.still_strange(before.get(THERE, {}))
    here = owners.still_missing(before.get(HERE, {}))
    found = (len(there), len(here)) != (len(before.get(THERE, {})), len(before.get(HERE, {})))
    told = {THERE: there | owners.strange, HERE: here | owners.missing, DENIED: owners.denied}
    after = {name: value for name, value in told.items() if value}
    if after == before:
        return
    if found or (DENIED in before and not owners.denied):
        cursors = update(SyncCursor).where(SyncCursor.connection_id == row.connection_id)
        work.session.execute(cursors.values(cursor=""))
        row.next_at = work.now
    row.unknown_owners = after
    if after:
        work.audit("sync.owners_unknown", row.connection_id, after)
