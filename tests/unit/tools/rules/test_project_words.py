import pytest

from tests.support.rules import findings
from tools.rules.project_words import check


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("see .." + "/shared/x", "a folder beside the project"),
        ("open('/" + "work/x')", "a path of one machine"),
        ("cd /" + "root/.config", "a path of one machine"),
    ],
)
def test_words_that_do_not_belong_are_found(line: str, what: str):
    assert findings(check, {"docs/a.md": f"first\n{line}"}) == [f"docs/a.md:2: {what}"]


@pytest.mark.parametrize("line", ["/workers/1", "api/work/x", "https://a.example/root/x"])
def test_ordinary_words_are_fine(line: str):
    assert findings(check, {"docs/a.md": line}) == []
