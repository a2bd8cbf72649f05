"""The version before another: what its changes are compared with."""

from sqlalchemy import select

from geminicrm.kernel.work import Work
from geminicrm.runtime.semver import SemVer
from marketplace.listings import latest_of
from marketplace.models import RegistryVersion

LISTED = "listed"


def version_before(work: Work, key: str, version: str) -> RegistryVersion | None:
    """Find the newest listed version of an extension's row that is lower than one."""
    mine = SemVer.parse(version)
    statement = select(RegistryVersion).where(
        RegistryVersion.extension_id == key, RegistryVersion.state == LISTED
    )
    rows = {one.version: one for one in work.session.scalars(statement)}
    lower = [each for each in rows if SemVer.parse(each) < mine]
    return rows[latest_of(lower)] if lower else None
