from tests.support.rules import findings
from tools.rules.straight_tests import check

BRANCHES = """
    def helper(x):
        if x:
            return 1

    def test_this():
        def server():
            while True:
                pass
        if helper(1):
            assert 2
        while False:
            pass

    class TestThat:
        def test_that(self):
            try:
                assert 1
            finally:
                pass
            assert 1 if helper(2) else 3
"""


def test_branches_of_tests_are_found():
    assert findings(check, {"tests/test_a.py": BRANCHES}) == [
        "tests/test_a.py:9: test_this branches",
        "tests/test_a.py:11: test_this branches",
        "tests/test_a.py:16: test_that branches",
        "tests/test_a.py:20: test_that branches",
    ]


def test_other_modules_may_branch():
    assert findings(check, {"tests/support/a.py": BRANCHES}) == []
