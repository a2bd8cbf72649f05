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


def test_what_was_compiled_is_kept_whatever_the_machine_says(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(gates.RECOMPILE, "1")
    assert gates.RECOMPILE not in gates.environment(full=False)


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


@pytest.fixture
def flaky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the gate of the tests one whose single test fails as often as a file says."""
    left = tmp_path / "left"
    found = tmp_path / "lastfailed"
    script = tmp_path / "tests.py"
    script.write_text(
        "import json, pathlib, sys\n"
        f"left, found = pathlib.Path({str(left)!r}), pathlib.Path({str(found)!r})\n"
        "count = int(left.read_text())\n"
        "found.write_text(json.dumps({'a.py::test_b': True}))\n"
        "left.write_text(str(count - 1))\n"
        "sys.exit(count > 0)\n"
    )
    command = (sys.executable, str(script))
    monkeypatch.setattr(gates, "FAILED", found)
    monkeypatch.setattr(gates, "PYTEST", command)
    monkeypatch.setattr(gates, "PREPARATION", {})
    monkeypatch.setattr(gates, "gates", lambda: (Gate(name="pytest", command=command),))
    return left


@pytest.mark.parametrize(
    ("failures", "code", "said"),
    [
        (0, 0, "\nevery gate passed\n"),
        (1, 0, "UNSTABLE, passed only alone: a.py::test_b\nevery gate passed\n"),
        (2, 1, "\nfailed: pytest\n"),
    ],
)
def test_a_test_that_failed_beside_others_has_to_pass_alone_and_is_named(
    failures: int, code: int, said: str, flaky: Path, capfd: pytest.CaptureFixture[str]
):
    flaky.write_text(str(failures))
    assert gates.main([]) == code
    assert capfd.readouterr().out.endswith(said)


def test_many_that_failed_are_not_run_again(
    flaky: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(gates, "MOST_ALONE", 0)
    flaky.write_text("1")
    assert gates.main([]) == 1
    assert "once more" not in capfd.readouterr().out
