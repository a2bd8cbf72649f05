"""What built-in extensions may ask for."""

from importlib import metadata

import pytest
from packaging.requirements import Requirement

from geminicrm.runtime.requirements.environment import unmet_here


@pytest.mark.parametrize("text", ["requests>=2", "Flask", "msgspec<99"])
def test_what_the_core_has(text):
    assert list(unmet_here([Requirement(text)])) == []


@pytest.mark.parametrize(
    ("text", "has"), [("requests<1", metadata.version("requests")), ("no-such-package", "none")]
)
def test_what_the_core_lacks(text, has):
    [found] = unmet_here([Requirement(text)])
    assert found.code == "core_lacks"
    assert found.message.startswith(f"It asks for {text}, and the core has {has}: a built-in")
