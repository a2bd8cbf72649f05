"""The rules of the house as code: one rule a file, each giving all its findings.

A rule is `check(tree) -> Iterator[Finding]`; tests/unit/tools/rules shows each one a bad sample.
"""
