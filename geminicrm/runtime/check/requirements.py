"""Rule: the Python packages that the manifest asks for can be had, and agree with the host's."""

from collections.abc import Iterator
from typing import Final

from packaging.requirements import Requirement

from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder, Severity
from geminicrm.runtime.python_requirement import counts, name_of, read_requirement
from geminicrm.runtime.requirements.brought import Brought, hash_problems, read_brought
from geminicrm.runtime.requirements.choose import MEND, POINTER, host_conflict
from geminicrm.runtime.requirements.environment import unmet_here
from geminicrm.runtime.requirements.own import host_versions

_MANIFEST: Final = "manifest.json"


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Read the lock file and the wheels, without running them, and compare with the manifest."""
    if folder.manifest is None:
        return []
    brought = read_brought(folder.path, filter(folder.has_file, folder.entries))
    problems = [*brought.problems, *(() if brought.problems else hash_problems(brought.wheels))]
    if problems:
        return [
            CheckFinding(
                severity="error", code=one.code, message=one.message, file=one.file, line=one.line
            )
            for one in problems
        ]
    python = folder.manifest.requires.python
    if not python and (brought.wheels or brought.pins):
        message = "requires.python names no package, so wheels/ and requirements.lock do nothing."
        return [_finding("warning", "unused_wheels", message, POINTER)]
    return [one for at, text in enumerate(python) for one in _requirement(at, text, brought)]


def _requirement(at: int, text: str, brought: Brought) -> Iterator[CheckFinding]:
    pointer = f"{POINTER}/{at}"
    requirement = read_requirement(text)
    if not counts(requirement.marker):
        return
    own = host_versions().get(name_of(requirement))
    if own is None:
        yield from _lack(requirement, brought, pointer)
        return
    conflict = host_conflict(requirement, "the manifest", own)
    if conflict:
        yield _finding("error", conflict.code, conflict.message, pointer)


def _lack(requirement: Requirement, brought: Brought, pointer: str) -> Iterator[CheckFinding]:
    name = name_of(requirement)
    named = [(one.name, one.version) for one in brought.wheels]
    named += [(one.name, one.version) for one in brought.pins]
    versions = [version for each, version in named if each == name]
    if any(requirement.specifier.contains(one, prereleases=True) for one in versions):
        return
    if versions:
        listed = ", ".join(sorted({str(one) for one in versions}))
        message = f"{requirement} is asked for, and the package has {listed}: change one of them."
        yield _finding("error", "other_version", message, pointer)
    elif any(unmet_here([requirement])):
        message = f"{requirement} is asked for, and the package lacks it. {MEND}"
        yield _finding("error", "missing_requirement", message, pointer)
    else:
        # A built-in shares the core's packages, and a folder does not tell whose it is.
        message = f"{requirement} is here, but for built-in extensions only. For others: {MEND}"
        yield _finding("warning", "missing_requirement", message, pointer)


def _finding(severity: Severity, code: str, message: str, pointer: str) -> CheckFinding:
    return CheckFinding(
        severity=severity, code=code, message=message, file=_MANIFEST, pointer=pointer
    )
