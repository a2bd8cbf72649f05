"""The table of check codes says what the code says."""

import ast

from geminicrm.runtime.check.codes import CODES
from tests.support.pages import ROOT, page, rows, section

RULES = sorted((ROOT / "geminicrm" / "runtime" / "check").glob("*.py"))


def codes_in(path):
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.keyword(arg="code", value=ast.Constant(value=str() as code)):
                yield code
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str() as code), *_]) if (
                name in {"found", "in_manifest"}
            ):
                yield code


def test_the_table_of_codes():
    wanted = [[f"`{name}`", one.severities, one.sentence] for name, one in CODES.items()]
    assert rows(section(page("docs/marketplace.md"), "What is checked")) == wanted


def test_rules_find_nothing_without_a_code_of_the_table():
    used = {code for path in RULES for code in codes_in(path)}
    assert {"secret_left", "syntax", "missing_icon"} <= used <= set(CODES)
