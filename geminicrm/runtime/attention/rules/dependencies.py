"""Extensions that need another one, which is not there, switched off, or of a wrong version."""

from collections.abc import Iterator
from typing import Literal

from geminicrm.runtime.attention.look import Look, Seen
from geminicrm.runtime.attention.problem import Problem
from geminicrm.runtime.semver import Range, SemVer


def find(look: Look) -> Iterator[Problem]:
    """Name each need that is not met, and what meets it."""
    for one in look.installed:
        if one.manifest is None or not one.row.enabled:
            continue
        for name, versions in one.manifest.requires.extensions.items():
            found = _lack(one, name, versions, look.by_id.get(name))
            if found is not None:
                yield found


def _lack(one: Seen, name: str, versions: str, other: Seen | None) -> Problem | None:
    market = f"/marketplace/{name}"
    if other is None:
        detail = f"It needs the extension {name} {versions}, which is not installed."
        return _problem(one, "dependency_missing", detail, f"Install {name}", market)
    if not Range.parse(versions).allows(SemVer.parse(other.row.version)):
        detail = f"It needs {name} {versions}, and {other.row.version} is installed."
        return _problem(one, "dependency_version", detail, f"Look at {name}", market)
    if not other.row.enabled:
        detail = f"It needs {name}, which is paused."
        fix = f"{other.place}/enable"
        return _problem(one, "dependency_disabled", detail, f"Enable {name}", fix, "POST")
    return None


def _problem(
    one: Seen,
    code: str,
    detail: str,
    label: str,
    url: str,
    method: Literal["GET", "POST"] = "GET",
) -> Problem:
    return Problem(
        code=code,
        severity="warning",
        extension_id=one.id,
        title=f"{one.name} lacks what it needs",
        detail=detail,
        fix_label=label,
        fix_url=url,
        fix_method=method,
    )
