"""The part of a changelog that lies between two versions."""

import re
from typing import Final

from geminicrm.runtime.semver import NotAVersion, SemVer

MOST: Final = 20_000
"""Characters of a changelog that a plan carries."""
_HEADING: Final = re.compile(r"^#{1,4}\s+\[?v?(\d+\.\d+\.\d+[^\s\]]*)")


def between(changelog: str, after: str | None, upto: str) -> str:
    """Give the sections of versions above `after`, not above `upto`; Markdown in and out.

    Without `after`, the section of `upto` alone. A changelog whose headings name no versions is
    given from its beginning: nobody can tell what in it is new.
    """
    sections = _sections(changelog)
    if not sections:
        return changelog[:MOST].strip()
    last = SemVer.parse(upto)
    first = SemVer.parse(after) if after else None
    wanted = [
        text
        for version, text in sections
        if (version == last if first is None else first < version <= last)
    ]
    return "\n\n".join(wanted)[:MOST].strip()


def _sections(changelog: str) -> list[tuple[SemVer, str]]:
    found: list[tuple[SemVer, list[str]]] = []
    for line in changelog.splitlines():
        version = _version(line)
        if version is not None:
            found.append((version, []))
        if found:
            found[-1][1].append(line)
    return [(version, "\n".join(lines).strip()) for version, lines in found]


def _version(line: str) -> SemVer | None:
    match = _HEADING.match(line)
    if match is None:
        return None
    try:
        return SemVer.parse(match[1].rstrip(":,"))
    except NotAVersion:
        return None
