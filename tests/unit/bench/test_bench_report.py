"""Rows, verdicts, the table, the file."""

import json
from dataclasses import replace

import pytest

from bench.report import Outcome, Row, Target, failed, number, table, write
from bench.stats import Ratio

ROW = Row(
    workload="read",
    what="read one, 8 conn.",
    unit="/s",
    ours=1234.5,
    baseline="control",
    base=2000.0,
    ratio=Ratio(0.62, 0.6, 0.65),
    target=Target(value=0.5),
    note="p99 9 ms",
)


def _outcome(*rows, missing=""):
    return Outcome(
        workload="read", rows=rows, load=(1.5, 1.0, 0.5), seconds=2, not_measured=missing
    )


@pytest.mark.parametrize(
    ("better", "figure", "verdict"),
    [
        ("higher", 1.0, "ok"),
        ("higher", 0.86, "near"),
        ("higher", 0.84, "MISSED"),
        ("lower", 1.0, "ok"),
        ("lower", 1.17, "near"),
        ("lower", 1.18, "MISSED"),
    ],
)
def test_the_verdict_knows_the_slack_and_the_better_way(better, figure, verdict):
    row = replace(ROW, ratio=None, ours=figure, target=Target(value=1.0, better=better))
    assert row.verdict == verdict


def test_the_ratio_is_held_to_the_target_where_there_is_one():
    assert (ROW.figure, ROW.verdict) == (0.62, "ok")
    assert replace(ROW, target=None).verdict == ""


def test_a_wrong_answer_outweighs_every_figure():
    assert replace(ROW, wrong=1).verdict == "WRONG"
    assert failed([_outcome(ROW, replace(ROW, wrong=1))])


def test_only_wrong_and_missed_fail():
    assert not failed([_outcome(ROW, replace(ROW, target=Target(value=0.7)))])
    assert failed([_outcome(replace(ROW, target=Target(value=0.9)))])


def test_the_table_shows_figures_targets_and_what_is_missing():
    shown = table([_outcome(ROW, replace(ROW, wrong=2), missing="no packages")])
    assert "1,234 /s" in shown or "1,235 /s" in shown
    assert "0.60..0.65" in shown
    assert ">= 0.50" in shown
    assert "2 wrong: p99 9 ms" in shown
    assert "not measured: no packages" in shown
    assert "load average 1.50 1.00 0.50" in shown


def test_a_row_may_have_no_baseline():
    bare = Row(workload="memory", what="idle", unit="MiB", ours=12.34)
    assert "12.3 MiB" in table([_outcome(bare)])


def test_the_file_holds_everything(tmp_path):
    path = tmp_path / "results.json"
    write([_outcome(ROW)], {"processors": 2}, path)
    document = json.loads(path.read_text())
    assert document["machine"] == {"processors": 2}
    (row,) = document["workloads"][0]["rows"]
    assert row["verdict"] == "ok"
    assert row["ratio"] == {"median": 0.62, "low": 0.6, "high": 0.65}


@pytest.mark.parametrize(("value", "text"), [(1234.5, "1,234"), (12.34, "12.3"), (1.234, "1.23")])
def test_figures_have_three_digits(value, text):
    assert number(value) == text
