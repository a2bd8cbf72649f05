"""Extensions that need each other: none runs without what it requires."""

from sqlalchemy import select

from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.work import Work
from geminicrm.runtime.install.resolve import unmet
from geminicrm.runtime.models import Installation
from geminicrm.runtime.present import manifest_of, shown_manifest
from geminicrm.runtime.problems import StillNeeded


def refuse_if_lacking(work: Work, row: Installation) -> None:
    """Raise Conflict where an extension that it requires is not there or switched off."""
    findings = unmet(work, manifest_of(row))
    if findings:
        raise Conflict(" ".join(found.message for found in findings))


def refuse_if_needed(work: Work, extension_id: str) -> None:
    """Raise StillNeeded where an enabled extension requires it."""
    others = work.session.scalars(select(Installation).where(Installation.enabled.is_(True)))
    needed_by = sorted(
        row.extension_id
        for row in others
        if extension_id in shown_manifest(row).requires.extensions
    )
    if needed_by:
        raise StillNeeded(extension_id, needed_by)
