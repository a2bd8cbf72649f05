"""Rule: the folder holds plain files with plain names, and not too much of them."""

from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder
from geminicrm.runtime.package_rules import (
    MAX_ENTRIES,
    MAX_UNPACKED_BYTES,
    clashes,
    name_problem,
)


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look at names, kinds, clashes and sizes."""
    found = [*_names(folder), *_kinds(folder)]
    found += [
        _error("case_clash", f"{one} and {other} are one path on some systems: rename one.", other)
        for one, other in clashes(folder.entries)
    ]
    count = len(folder.entries)
    if count > MAX_ENTRIES:
        found.append(_error("too_many_files", f"More than {MAX_ENTRIES} files: ship less.", ""))
    size = sum(entry.size for entry in folder.entries.values())
    if size > MAX_UNPACKED_BYTES:
        message = f"{size} bytes are too much; {MAX_UNPACKED_BYTES} are allowed."
        found.append(_error("too_large", message, ""))
    return found


def _error(code: str, message: str, file: str) -> CheckFinding:
    return CheckFinding(severity="error", code=code, message=message, file=file)


def _names(folder: ExtensionFolder) -> list[CheckFinding]:
    problems = [(name, name_problem(name)) for name in folder.entries]
    return [_error("wrong_path", problem, name) for name, problem in problems if problem]


def _kinds(folder: ExtensionFolder) -> list[CheckFinding]:
    return [
        _error("not_a_file", f"A package holds plain files, this is a {entry.kind}.", name)
        for name, entry in folder.entries.items()
        if entry.kind != "file"
    ]
