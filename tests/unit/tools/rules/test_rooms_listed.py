from tests.support.rules import findings
from tools.rules.rooms_listed import check

SETTINGS = """
[importlinter:contract:rooms]
layers =
    (geminicrm.app)
    geminicrm.api | geminicrm.web
    geminicrm.kernel
"""


def test_a_room_in_no_layer_is_found():
    modules = ("__init__.py", "app.py", "web/pages.py", "kernel/db.py", "attic/db.py", "extra.py")
    files = {f"geminicrm/{name}": "" for name in modules}
    assert findings(check, {"setup.cfg": SETTINGS, **files}) == [
        "setup.cfg:1: geminicrm.attic is in no layer",
        "setup.cfg:1: geminicrm.extra is in no layer",
    ]
