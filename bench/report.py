"""What was measured: rows, the table on the terminal, `results.json`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from bench.stats import Ratio

SLACK = 0.85  # a regression is a target missed by more than this
Better = Literal["higher", "lower"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a figure has to reach, and which way is better."""

    value: float
    better: Better = "higher"

    def reached(self, figure: float) -> bool:
        """Tell whether the figure is as good as asked."""
        return figure >= self.value if self.better == "higher" else figure <= self.value

    def holds(self, figure: float) -> bool:
        """Tell whether the figure is within the slack of the regression gate."""
        if self.better == "higher":
            return figure >= self.value * SLACK
        return figure <= self.value / SLACK


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure of ours beside its baseline.

    `ours` and `base` are medians over the rounds in `unit`; where there is no baseline, `target`
    is held against `ours` itself, else against the ratio.
    """

    workload: str
    what: str
    unit: str
    ours: float
    baseline: str = ""
    base: float | None = None
    ratio: Ratio | None = None
    target: Target | None = None
    wrong: int = 0
    note: str = ""

    @property
    def figure(self) -> float:
        """The figure that the target is about."""
        return self.ratio.median if self.ratio else self.ours

    @property
    def verdict(self) -> str:
        """Say `ok`, `near` (within the slack), `MISSED`, `WRONG`, or nothing without a target."""
        if self.wrong:
            return "WRONG"
        if self.target is None:
            return ""
        if self.target.reached(self.figure):
            return "ok"
        return "near" if self.target.holds(self.figure) else "MISSED"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a workload gave, or why it gave nothing; `load` is the load average at its end."""

    workload: str
    rows: Sequence[Row]
    load: tuple[float, float, float]
    seconds: float
    not_measured: str = ""


def failed(outcomes: Sequence[Outcome]) -> bool:
    """Tell whether an answer was wrong or a target was missed by more than the slack."""
    return any(row.verdict in {"WRONG", "MISSED"} for one in outcomes for row in one.rows)


def table(outcomes: Sequence[Outcome]) -> str:
    """Give the closing table."""
    lines = [_line(_HEAD)]
    for one in outcomes:
        lines.extend(_line(_cells(row)) for row in one.rows)
        if one.not_measured:
            lines.append(f"{one.workload:<9} not measured: {one.not_measured}")
        lines.append(f"{'':<9} load average {' '.join(f'{each:.2f}' for each in one.load)}")
    return "\n".join(lines)


def write(outcomes: Sequence[Outcome], machine: dict[str, object], path: Path) -> None:
    """Write everything as one JSON object."""
    document = {
        "machine": machine,
        "workloads": [
            {**asdict(one), "rows": [{**asdict(row), "verdict": row.verdict} for row in one.rows]}
            for one in outcomes
        ],
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


_HEAD = ("workload", "what", "ours", "baseline", "", "ratio", "min..max", "target", "", "beside")
_WIDTHS = (9, 36, 12, 12, 15, 6, 13, 8, 6, 0)


def _line(cells: Sequence[str]) -> str:
    return " ".join(f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    ratio = row.ratio
    return (
        row.workload,
        row.what,
        f"{number(row.ours)} {row.unit}",
        "" if row.base is None else f"{number(row.base)} {row.unit}",
        row.baseline,
        f"{ratio.median:.2f}" if ratio else "",
        f"{ratio.low:.2f}..{ratio.high:.2f}" if ratio else "",
        _wanted(row.target),
        row.verdict,
        f"{row.wrong} wrong: {row.note}" if row.wrong else row.note,
    )


def _wanted(target: Target | None) -> str:
    if target is None:
        return ""
    return f"{'>=' if target.better == 'higher' else '<='} {number(target.value)}"


def number(value: float) -> str:
    """Give a figure with as many digits as are worth reading."""
    if value >= 100:  # noqa: PLR2004 - from here on decimals say nothing
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"  # noqa: PLR2004 - as above
