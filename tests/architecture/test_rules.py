"""The project keeps every rule of its house."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.rules.tree import Tree, read_tree

ROOT = Path(__file__).resolve().parents[2]
NOT_RULES = {"__init__", "tree"}
RULES = sorted({path.stem for path in (ROOT / "tools/rules").glob("*.py")} - NOT_RULES)


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    return read_tree(ROOT)


@pytest.mark.parametrize("rule", RULES)
def test_the_project_keeps_the_rule(rule: str, tree: Tree):
    findings = importlib.import_module(f"tools.rules.{rule}").check(tree)
    assert [finding.text() for finding in findings] == []


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_has_a_test_of_its_own(rule: str):
    assert (ROOT / f"tests/unit/tools/rules/test_{rule}.py").is_file()
