"""The hook specifications as pluggy sees them."""

import inspect
import re

import pluggy
import pytest

from extensions.extension_base import hookimpl
from extensions.sdk import hookspecs

HOOKS = sorted(hookspecs.BUDGET_SECONDS)
ARGUMENTS = {
    "collect_panel": ("panel", "record_type", "record"),
    "collect_widget": ("widget",),
    "collect_settings_panel": (),
    "collect_badges": ("record_type", "records"),
    "before_record_save": ("change",),
    "on_event": ("event",),
    "on_schedule": ("schedule",),
    "run_job": ("job",),
    "run_operation": ("capability", "operation", "arguments"),
}


@pytest.fixture
def manager():
    made = pluggy.PluginManager(hookspecs.PROJECT_NAME)
    made.add_hookspecs(hookspecs)
    return made


def test_pluggy_finds_exactly_the_hooks_that_have_a_budget(manager):
    assert sorted(vars(manager.hook)) == HOOKS


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_says_when_it_fires_what_to_return_and_its_budget(name):
    text = inspect.getdoc(getattr(hookspecs, name))
    seconds = float(re.search(r"^Budget: ([\d.]+) seconds?\.$", text, re.MULTILINE)[1])
    assert "Fires " in text
    assert "Return " in text
    assert seconds == hookspecs.BUDGET_SECONDS[name]


@pytest.mark.parametrize("name", HOOKS)
def test_the_name_tells_the_kind(name):
    assert name.startswith(("collect_", "before_", "on_", "run_"))


@pytest.mark.parametrize("name", HOOKS)
def test_arguments_are_the_contract(name):
    assert hookspecs.hook_arguments(name) == ARGUMENTS[name]


@pytest.mark.parametrize("name", HOOKS)
def test_a_bare_specification_gives_nothing(name):
    assert getattr(hookspecs, name)(*ARGUMENTS[name]) is None


@pytest.mark.parametrize("name", HOOKS)
def test_an_implementation_may_take_fewer_arguments(manager, name):
    plugin = type("Plugin", (), {name: hookimpl(lambda _self: ["x"])})()
    manager.register(plugin)
    manager.check_pending()
    asked = dict.fromkeys(ARGUMENTS[name])
    assert getattr(manager.hook, name)(**asked) == [["x"]]
