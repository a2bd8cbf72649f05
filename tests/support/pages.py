"""The pages of the documentation: their sections, tables, links and samples."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w*)[ ]?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Sample:
    """A fenced block: its language, what stands behind that on the first line, its text."""

    language: str
    title: str
    text: str


def page(name: str) -> str:
    """Give the text of a page, by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """Give what stands below a heading, up to the next one. LookupError where there is none."""
    outside = _FENCE.sub(lambda found: "\0" * len(found[0]), text)  # `#` in a sample is no heading
    pattern = rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)"
    found = re.search(pattern, outside, re.MULTILINE | re.DOTALL)
    if found is None:
        raise LookupError(f"no heading {heading!r}")
    return text[found.start(1) : found.end(1)]


def rows(text: str) -> list[list[str]]:
    """Give the cells of all tables of a text, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    rules = [at for at, row in enumerate(cells) if set("".join(row)) <= set("-|")]
    heads = {at - 1 for at in rules}
    return [row for at, row in enumerate(cells) if at not in heads and at not in rules]


def samples(text: str) -> list[Sample]:
    """Give the fenced blocks of a text in their order."""
    return [Sample(*found) for found in _FENCE.findall(text)]
