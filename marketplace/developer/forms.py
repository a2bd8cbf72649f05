"""What the portal's forms have in common: who acts, and what was wrong with what they sent."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from flask import flash, redirect
from werkzeug.wrappers import Response

from geminicrm.kernel.errors import AppError, Finding, ValidationFailed

_IN_FILE: Final = re.compile(r"(?P<where>[^\s:]+(:\d+)?): (?P<message>.*)", re.DOTALL)
Page = str | Response | tuple[str, int]


def wrong(error: AppError) -> dict[str, str]:
    """Give the messages by field; what belongs to none is under ""."""
    if not isinstance(error, ValidationFailed):
        return {"": error.detail}
    return {one.pointer.lstrip("/"): one.message for one in error.findings}


def rows(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Give findings as lines of a table: the file and line, or the member of the manifest."""
    return [_row(one) for one in findings]


def stored_rows(findings: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Give findings in the shape that versions keep them in (`CheckFinding.to_dict`)."""
    return [{"where": _place(one), "message": str(one["message"])} for one in findings]


def _place(finding: Mapping[str, Any]) -> str:
    name, line = finding.get("file") or "manifest.json", finding.get("line")
    if finding.get("pointer"):
        return f"{name} {finding['pointer']}"
    return f"{name}:{line}" if line else str(name)


def _row(finding: Finding) -> dict[str, str]:
    if finding.pointer:
        return {"where": f"manifest.json {finding.pointer}", "message": finding.message}
    # Findings in other files begin with the file and the line, see `CheckFinding.finding`.
    found = _IN_FILE.fullmatch(finding.message)
    if found is None:
        return {"where": "package", "message": finding.message}
    return {"where": found["where"], "message": found["message"]}


def acted(
    act: Callable[[], Any], done: str, target: str, again: Callable[[AppError], Page]
) -> Page:
    """Do what a form asks, say so and go on; or show the form again with what was wrong."""
    try:
        act()
    except AppError as error:
        return again(error)
    flash(done, "success")
    return redirect(target, code=303)
