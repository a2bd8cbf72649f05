"""What an uninstall takes out of the database, and what it leaves for a later install."""

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from geminicrm.runtime.changes import Data
from geminicrm.runtime.inventory import find
from geminicrm.runtime.models import Installation, KeptSettings
from geminicrm.runtime.present import manifest_of
from geminicrm.runtime.settings_values import host_settings
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
        work.session.add(_kept(work, row))
    else:
        forget_documents(work, extension_id)
    changes = {"version": row.version, "data": data, "warning": warning}
    work.audit("extension.uninstalled", extension_id, changes)
    return row, documents


def _kept(work: Work, row: Installation) -> KeptSettings:
    return KeptSettings(
        id=new_id("kept"),
        extension_id=row.extension_id,
        version=row.version,
        settings=row.settings,
        secrets=row.secrets,
        host_settings=sorted(host_settings(manifest_of(row))),
        kept_at=work.now,
    )
