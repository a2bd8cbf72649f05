from tests.support.rules import findings
from tools.rules.sleeps import check


def test_a_sleep_without_a_reason_is_found():
    text = """
        import time
        from time import sleep
        time.sleep(1)
        sleep(1)
        time.sleep(1)  # plays a slow vendor
    """
    assert findings(check, {"tests/a.py": text}) == [
        "tests/a.py:3: a sleep without a reason",
        "tests/a.py:4: a sleep without a reason",
    ]
