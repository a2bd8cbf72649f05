"""The Python packages of versions as the life cycle sees them."""

from collections.abc import Callable, Collection
from pathlib import Path

from geminicrm.runtime.install.drafting import Draft
from geminicrm.runtime.install.files import held
from geminicrm.runtime.requirements.collect import collect_wheels, forget_version
from geminicrm.runtime.requirements.ensure import ensure
from geminicrm.runtime.requirements.environment import unmet_here
from geminicrm.runtime.requirements.fetch import Fetch
from geminicrm.runtime.requirements.problems import RequirementsRefused
from geminicrm.runtime.requirements.provide import wanted_by
from geminicrm.runtime.requirements.where import noted_wheels


class PythonRequirements:
    """Implements the install steps' Requirements in a home."""

    def __init__(self, home: Path, fetch: Fetch) -> None:
        self._home = home
        self._fetch = fetch

    def provide(self, draft: Draft) -> bool:
        """Put the packages of a version in place; tell whether they were not there before.

        Raises RequirementsRefused.
        """
        if draft.built_in:
            _refuse_unmet(draft)
            return False
        known = noted_wheels(self._home, draft.digest) is not None
        ensure(self._home, self._fetch, draft.manifest, draft.digest)
        return not known

    def withdraw(self, draft: Draft) -> None:
        """Let go of the packages of a version; their wheels go when the unused are collected."""
        forget_version(self._home, draft.digest)

    def collect(self, used: Callable[[], Collection[str]], older_than: float) -> None:
        """Remove packages that no version has and that are older than some seconds.

        `used` gives the digests of the packages in use; it is asked once nobody installs.
        """
        with held(self._home / "packages") as hold:
            if hold.alone():
                collect_wheels(self._home, used(), older_than)


def _refuse_unmet(draft: Draft) -> None:
    found = tuple(unmet_here(wanted_by(draft.manifest)))
    if found:
        raise RequirementsRefused(found)
