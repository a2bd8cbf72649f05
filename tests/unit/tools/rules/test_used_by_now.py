from functools import partial

from tests.support.rules import findings
from tools.rules.used_by_now import check

TEXT = """
    import flask_login.utils
    from rq import Queue
    from . import redis
    import os
"""


def test_imports_of_unused_packages_are_found():
    unused = {"Flask-Login": "soon", "rq": "later", "redis": "later"}
    files = {"geminicrm/a.py": TEXT, "tests/a.py": TEXT}
    assert findings(partial(check, unused=unused), files) == [
        "geminicrm/a.py:1: flask-login is used by now",
        "geminicrm/a.py:2: rq is used by now",
    ]
