from tests.support.rules import findings
from tools.rules.module_length import LIMIT, check


def test_one_line_too_many_is_found():
    files = {"geminicrm/a.py": "x = 1\n" * LIMIT, "geminicrm/b.py": "x = 1\n" * (LIMIT + 1)}
    assert findings(check, files) == ["geminicrm/b.py:301: 301 lines, at most 300"]


def test_migrations_may_be_long():
    assert findings(check, {"migrations/a.py": "x = 1\n" * (LIMIT + 1)}) == []
