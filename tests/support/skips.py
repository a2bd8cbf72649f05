"""Names every skipped test at the end of a run: what this machine could not check."""

from collections.abc import Iterator

import pytest


def skipped_lines(reports: list[pytest.TestReport]) -> Iterator[str]:
    """Give one line a skipped test: its name and the reason."""
    for report in sorted(reports, key=lambda each: each.nodeid):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        yield f"{report.nodeid}: {reason.removeprefix('Skipped: ')}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the skipped tests and count them, also when there is none."""
    reports = terminalreporter.getreports("skipped")
    terminalreporter.section("not checked on this machine")
    for line in skipped_lines(reports):
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"{len(reports)} skipped")
