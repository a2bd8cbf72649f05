"""All rules, in the order in which their findings are shown among those that are as bad."""

from collections.abc import Callable, Iterator
from typing import Final

import structlog

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import ORDER, Problem
from geminicrm.runtime.attention.rules import (
    advisories,
    breakers,
    dependencies,
    failed,
    locks,
    missing_settings,
    packages,
    python_packages,
    quarantined,
    registries,
    returned,
    safe_mode,
    unended_runs,
    unreadable_manifest,
    unreadable_secrets,
    updates,
    workers,
    yanked,
)

Rule = Callable[[Look], Iterator[Problem]]
RULES: Final[tuple[Rule, ...]] = (
    safe_mode.find,
    advisories.find,
    quarantined.find,
    unreadable_manifest.find,
    packages.find,
    failed.find,
    unended_runs.find,
    unreadable_secrets.find,
    locks.find,
    workers.find,
    registries.find,
    returned.find,
    dependencies.find,
    missing_settings.find,
    python_packages.find,
    breakers.find,
    yanked.find,
    updates.find,
)
# One cause, several symptoms: the cause has the fix that helps.
_CAUSES: Final = frozenset({"killed", "unreadable_manifest", "package_missing", "package_changed"})
_SYMPTOMS: Final = frozenset({"quarantined", "failed", "not_loaded", "paused"})
_log = structlog.get_logger(__name__)


def problems_of(look: Look) -> list[Problem]:
    """Give what all rules find, the worst first; a rule that fails does not hide the others."""
    found = [problem for rule in RULES for problem in _safely(rule, look)]
    caused = {one.extension_id for one in found if one.code in _CAUSES}
    kept = [one for one in found if one.code not in _SYMPTOMS or one.extension_id not in caused]
    return sorted(kept, key=lambda one: ORDER.index(one.severity))


def _safely(rule: Rule, look: Look) -> list[Problem]:
    try:
        return list(rule(look))
    except Exception as error:  # noqa: BLE001 - border: one bad row must not hide what else is wrong
        _log.error("a rule of what needs attention failed", rule=rule.__module__, exc_info=error)
        return []
