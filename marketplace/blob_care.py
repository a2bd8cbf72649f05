"""Looking after stored packages: what nobody names goes, what lies in an old place moves."""

from pathlib import Path

import structlog
from sqlalchemy import select

from geminicrm.kernel.work import Works
from geminicrm.runtime.history.models import InstalledVersion, RemovedInstallation
from geminicrm.runtime.models import Installation
from marketplace.blobs import Blobs, DatabaseBlobs, FileBlobs
from marketplace.models import RegistryVersion

DAY_SECONDS = 86_400.0
_log = structlog.get_logger(__name__)


def collect_blobs(works: Works, blobs: Blobs, older_than: float = DAY_SECONDS) -> list[str]:
    """Remove packages that nothing names and nobody has put for some seconds; give their digests.

    A package is kept before the row that names it is written; its age is what keeps it from being
    taken for an orphan in between.
    """
    old = blobs.stale(older_than)
    orphans = sorted(set(old) - named(works)) if old else []
    for digest in orphans:
        blobs.remove(digest)
        _log.info("a package that nobody names was removed", digest=digest)
    return orphans


def named(works: Works) -> set[str]:
    """Give the digests that a version, an installation, its history or a removal names."""
    columns = (
        select(RegistryVersion.digest),
        select(Installation.digest),
        select(InstalledVersion.digest),
        select(RemovedInstallation.digest),
    )
    with works.across_workspaces("which packages are named") as work:
        return {
            str(digest).removeprefix("sha256:")
            for column in columns
            for digest in work.session.scalars(column)
        }


def blobs_of(works: Works, home: Path, kind: str) -> Blobs:
    """Give the store of a kind: files (in the home) or database."""
    return DatabaseBlobs(works) if kind == "database" else FileBlobs(home / "registry")


def move_in(works: Works, blobs: Blobs, home: Path) -> int:
    """Copy packages that lie in the home's folder into a store that is not that folder.

    For a server that has had its packages in files before; give how many. The files stay.
    """
    folder = home / "registry"
    if isinstance(blobs, FileBlobs) or not folder.is_dir():
        return 0
    wanted, there = named(works), set(blobs.stale(-DAY_SECONDS))
    moved = 0
    for path in sorted(folder.glob("*.gcx")):
        if path.stem in wanted - there:
            blobs.put(path.read_bytes())
            moved += 1
    return moved
