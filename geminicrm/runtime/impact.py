"""Whom a change of one extension touches: those that need it."""

from collections.abc import Collection, Iterator

from sqlalchemy import select

from geminicrm.kernel.work import Work
from geminicrm.runtime.models import Installation
from geminicrm.runtime.plan import Affected
from geminicrm.runtime.present import manifest_of
from geminicrm.runtime.semver import Range, SemVer


def affected_by(
    work: Work, extension_id: str, version: str | None, changing: Collection[str] = ()
) -> tuple[Affected, ...]:
    """Name the installed extensions that need one which is to have another version, or none.

    Those in `changing` change with it, and are left out.
    """
    rows = work.session.scalars(select(Installation).order_by(Installation.extension_id))
    return tuple(_affected(rows, extension_id, version, changing))


def _affected(
    rows: Collection[Installation] | Iterator[Installation],
    extension_id: str,
    version: str | None,
    changing: Collection[str],
) -> Iterator[Affected]:
    for row in rows:
        manifest = manifest_of(row)
        wanted = manifest.requires.extensions.get(extension_id)
        if wanted is None or row.extension_id in changing:
            continue
        fits = version is not None and Range.parse(wanted).allows(SemVer.parse(version))
        yield Affected(
            extension_id=row.extension_id,
            name=manifest.name,
            version=row.version,
            sentence=_sentence(wanted, version, fits=fits, enabled=row.enabled),
            blocking=row.enabled and not fits,
        )


def _sentence(wanted: str, version: str | None, *, fits: bool, enabled: bool) -> str:
    if fits:
        return f"It needs {wanted} of this, and {version} is."
    if not enabled:
        return f"It needs {wanted} of this. It is paused, and can't be enabled after that."
    if version is None:
        return f"It needs {wanted} of this: uninstall or pause it first."
    return f"It needs {wanted} of this, and {version} is not."
