"""What an uninstall takes out of the database, and what it leaves for a later install."""

from geminicrm.kernel.work import Work
from geminicrm.runtime.changes import Data
from geminicrm.runtime.drafts import to_keep
from geminicrm.runtime.inventory import find
from geminicrm.runtime.models import Installation
from geminicrm.runtime.storage import count_documents, forget_documents, queue_up


def remove_installation(
    work: Work, extension_id: str, data: Data, warning: str | None
) -> tuple[Installation, int]:
    """Delete the row, keep or forget settings and documents; give the row and their number.

    Raises NotInstalled.
    """
    row = find(work, extension_id)
    # Whoever stores a document now waits, and then finds no installation to store it for.
    queue_up(work, extension_id)
    documents = count_documents(work, extension_id)
    work.session.delete(row)
    if data == "keep":
        work.session.add(to_keep(row, work.now))
    else:
        forget_documents(work, extension_id)
    changes = {"version": row.version, "data": data, "warning": warning}
    work.audit("extension.uninstalled", extension_id, changes)
    return row, documents
