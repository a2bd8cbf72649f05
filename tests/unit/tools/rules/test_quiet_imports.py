import pytest

from tests.support.rules import findings
from tools.rules.quiet_imports import check


@pytest.mark.parametrize(
    "line", ["connect()", "for each in (): pass", "while False: pass", "with open('x'): pass"]
)
def test_work_at_import_is_found(line: str):
    assert findings(check, {"tests/a.py": line}) == ["tests/a.py:1: work at import"]


@pytest.mark.parametrize(
    "line", ["app = Flask('x')", "_cache = {}", "seen: list[str] = []", "one = made.by(2)"]
)
def test_state_of_a_module_is_found(line: str):
    name = line.split(maxsplit=1)[0].strip(":")
    message = f"{name}: state of a module; a constant is written in capitals"
    assert findings(check, {"geminicrm/a.py": line}) == [f"geminicrm/a.py:1: {message}"]


def test_global_is_found():
    text = """
        def count():
            global total
            total = 1
    """
    assert findings(check, {"marketplace/a.py": text}) == [
        "marketplace/a.py:2: `global`: state lives in the app object or the database"
    ]


@pytest.mark.parametrize(
    "line",
    [
        '"""What lives here."""',
        "__all__ = ['x']",
        "LIMITS = {'a': 1}",
        "T = TypeVar('T')",
        "log = structlog.get_logger()",
        "hookimpl = pluggy.HookimplMarker('x')",
        "json_option = click.option('--json', is_flag=True)",
        "size: int",
        "a.b = 3",
        "if __name__ == '__main__': main()",
        "x = (f := 3)",
    ],
)
def test_names_and_constants_are_no_state(line: str):
    assert findings(check, {"geminicrm/a.py": line}) == []


def test_only_an_extension_may_keep_a_blueprint():
    line = "blueprint = Blueprint('x', __name__)"
    places = {"extensions/x/routes.py": line, "geminicrm/x.py": line}
    assert [each.partition(":")[0] for each in findings(check, places)] == ["geminicrm/x.py"]


def test_tests_may_keep_values():
    assert findings(check, {"tests/a.py": "given = dict(a=1)"}) == []
