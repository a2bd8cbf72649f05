import sys
from pathlib import Path

import pytest

from tools import gates
from tools.gates import Gate, Result

GOOD = Gate(name="good", command=("true",))
BAD = Gate(name="bad", command=("false",))


def test_the_table_names_what_failed():
    results = [Result(name="a", seconds=1.25, ok=True), Result(name="b", seconds=2, ok=False)]
    assert gates.summary(iter(results)).splitlines() == [
        "a                     1.2 s  ok",
        "b                     2.0 s  FAILED",
        "all                   3.2 s",
        "failed: b",
    ]


@pytest.mark.parametrize(
    ("chosen", "code", "verdict"),
    [([GOOD], 0, "every gate passed"), ([BAD, GOOD], 1, "failed: bad")],
)
def test_every_gate_runs_and_one_failure_fails_all(
    chosen: list[Gate],
    code: int,
    verdict: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    monkeypatch.setattr(gates, "gates", lambda: tuple(chosen))
    assert gates.main([]) == code
    printed = capfd.readouterr().out
    assert [each.name for each in chosen] == [
        line.split()[1].strip(":") for line in printed.splitlines() if line.startswith("=== ")
    ][:-1]
    assert printed.endswith(f"{verdict}\n")


def test_one_gate_can_be_asked_for(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(gates, "gates", lambda: (GOOD, BAD))
    assert gates.main(["--only", "good"]) == 0
    assert "=== bad" not in capfd.readouterr().out


def test_an_unknown_gate_is_wrong_usage(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        gates.main(["--only", "nonsense"])
    assert caught.value.code == 2
    assert "'nonsense'" in capsys.readouterr().err


def test_a_failed_preparation_fails_the_gate(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gates, "PREPARATION", {"good": (("false",),)})
    assert not gates.run(GOOD, gates.environment(full=False)).ok


def test_a_missing_tool_is_a_failed_gate(capfd: pytest.CaptureFixture[str]):
    gate = Gate(name="odd", command=("no-such-tool",))
    assert not gates.run(gate, gates.environment(full=False)).ok
    assert "no-such-tool is not installed" in capfd.readouterr().out


def test_the_tools_of_this_interpreter_come_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GEMINICRM_TEST_FULL", raising=False)
    environ = gates.environment(full=False)
    assert environ["PATH"].split(":")[0] == str(Path(sys.executable).parent)
    assert "GEMINICRM_TEST_FULL" not in environ


def test_the_full_run_says_so_to_the_tests():
    assert gates.environment(full=True)["GEMINICRM_TEST_FULL"] == "1"


def test_nothing_unused_means_no_switch(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gates, "UNUSED_YET", {})
    assert "--per-rule-ignores" not in list(gates.deptry_options())


def test_unused_packages_are_named_to_deptry(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gates, "UNUSED_YET", {"rq": "why", "redis": "why"})
    assert list(gates.deptry_options())[-1] == "DEP002=rq|redis"


def test_the_gates_are_those_of_the_house():
    assert [gate.command[0] for gate in gates.gates()] == [
        "ruff",
        "ruff",
        "codespell",
        "vulture",
        "deptry",
        "lint-imports",
        "mypy",
        "coverage",
        "coverage",
    ]
