from tests.support.rules import findings
from tools.rules.local_imports import check


def test_imports_inside_functions_are_found():
    text = """
        import os

        def late():
            import json

        class Thing:
            async def later(self):
                from os import path
    """
    assert findings(check, {"geminicrm/a.py": text}) == [
        "geminicrm/a.py:4: import inside late()",
        "geminicrm/a.py:8: import inside later()",
    ]
