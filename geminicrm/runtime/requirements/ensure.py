"""Having the folder of a version's Python packages, whichever machine or process asks."""

from functools import partial
from pathlib import Path

from geminicrm.runtime.install.files import held
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.requirements.fetch import Fetch
from geminicrm.runtime.requirements.provide import provide
from geminicrm.runtime.requirements.where import (
    RequirementsMissing,
    note_wheels,
    requirements_folder,
)


def ensure(home: Path, fetch: Fetch, manifest: Manifest, digest: str) -> Path | None:
    """Give the folder to put on the path of a version's host, made first where it is missing.

    None where the version needs none. The version's package has to be unpacked in the home;
    `digest` is its own. Takes no time where the folder is there; else seconds, and up to minutes
    where wheels have to be fetched. Raises RequirementsRefused.
    """
    try:
        return requirements_folder(home, manifest, digest)
    except RequirementsMissing:
        packages = home / "packages"
        with held(packages):  # nobody collects what is being made
            package = packages / digest.removeprefix("sha256:")
            provide(home, fetch, manifest, package, partial(note_wheels, home, digest))
        return requirements_folder(home, manifest, digest)
