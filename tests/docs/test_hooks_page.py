"""docs/hooks.md tells of every hook what its specification says."""

import inspect
import re
from pathlib import Path

from extensions.sdk import hookspecs
from extensions.sdk.api_version import SDK_VERSION
from extensions.sdk.block_rules import BLOCK_TYPES, MAX_BLOCKS, MAX_BYTES

PAGE = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text("utf-8")


def row(name):
    first = inspect.getdoc(getattr(hookspecs, name)).splitlines()[0]
    arguments = ", ".join(hookspecs.hook_arguments(name))
    seconds = hookspecs.BUDGET_SECONDS[name]
    return f"| `{name}({arguments})` | {first} | {seconds:g} s |"


def test_the_table_of_hooks_is_what_the_specifications_say():
    table = [line for line in PAGE.splitlines() if re.match(r"\| `\w+\(", line)]
    assert table == [row(name) for name in hookspecs.BUDGET_SECONDS]


def block_row(name):
    shown = ", ".join(f"`{prop}`" for prop in BLOCK_TYPES[name])
    return f"| `{name}` | {shown} |"


def test_the_table_of_blocks_is_what_is_checked():
    table = [line for line in PAGE.splitlines() if re.match(r"\| `\w+` \| `", line)]
    assert table == [block_row(name) for name in BLOCK_TYPES]


def test_figures_are_those_of_the_code():
    assert f"at most {MAX_BLOCKS} blocks and {MAX_BYTES // 1024} KiB" in PAGE
    assert f"SDK {SDK_VERSION}" in PAGE
