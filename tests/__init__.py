"""The tests; tests/unit mirrors the code."""
