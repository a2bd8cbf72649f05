"""What people call installations, for rooms that know nothing but their ids."""

from collections.abc import Collection, Mapping

from sqlalchemy import select

from geminicrm.jobs.protocols import Label
from geminicrm.kernel.work import Work
from geminicrm.runtime.models import Installation


def labels(work: Work, targets: Collection[str]) -> Mapping[str, Label]:
    """Give the names of the extensions of some installations of the workspace, by their ids."""
    if not targets:
        return {}
    query = select(Installation.id, Installation.extension_id, Installation.manifest).where(
        Installation.id.in_(targets)
    )
    return {
        key: Label(str(manifest.get("name", extension_id)), f"/installed/{extension_id}")
        for key, extension_id, manifest in work.session.execute(query)
    }


def names(work: Work, targets: Collection[str]) -> Mapping[str, str]:
    """Give their names alone."""
    return {key: label.name for key, label in labels(work, targets).items()}
