import pytest

from tests.support.rules import findings
from tools.rules.reasons import check


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: BLE001",
        "# noqa: BLE001, S110 -",
        "# type: ignore[arg-type]",
        "# type: ignore[arg-type]  # noqa: S603",
        "# pragma: no cover",
        "# pragma: no branch - hm",
    ],
)
def test_an_exception_without_reason_is_found(comment: str):
    expected = f"geminicrm/a.py:1: {comment!r}: say why, on this line"
    assert findings(check, {"geminicrm/a.py": f"x = 1  {comment}\n"}) == [expected]


@pytest.mark.parametrize("comment", ["# noqa", "# type: ignore", "# ruff: noqa: D", "# NOQA then"])
def test_an_exception_from_everything_is_found(comment: str):
    expected = f"geminicrm/a.py:1: {comment!r}: name the code"
    assert findings(check, {"geminicrm/a.py": f"x = 1  {comment}\n"}) == [expected]


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa: BLE001 - border: a hook may raise anything",
        "x = 1  # type: ignore[arg-type]  # the stubs are too narrow",
        "x = 1  # pragma: no cover - only after a crash",
        "x = 1  # a plain remark",
        "x = '# noqa'",
    ],
)
def test_a_reason_or_no_exception_is_fine(line: str):
    assert findings(check, {"geminicrm/a.py": line + "\n"}) == []
