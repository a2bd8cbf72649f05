"""Built-in extensions run in the core's process: they share its packages and bring none."""

from collections.abc import Iterable, Iterator
from importlib import metadata

from packaging.requirements import Requirement

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.requirements.choose import POINTER


def unmet_here(wanted: Iterable[Requirement]) -> Iterator[Finding]:
    """Find the requirements that the environment of this process does not meet."""
    for requirement in wanted:
        found = _version(requirement.name)
        if found is None or not requirement.specifier.contains(found, prereleases=True):
            message = (
                f"It asks for {requirement}, and the core has {found or 'none'}: a built-in "
                "extension shares the packages of the core."
            )
            yield Finding(POINTER, "core_lacks", message)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, ValueError):
        return None
