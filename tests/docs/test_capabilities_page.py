"""docs/capabilities.md tells of every contract what its code says."""

import inspect
import json

import pytest

from extensions.sdk.capabilities.calling import operations_of
from extensions.sdk.capabilities.catalogue import CAPABILITIES
from extensions.sdk.capabilities.using import using
from geminicrm.runtime.call_context import CallContext
from tests.support.pages import page, rows, section
from tests.support.sample_extensions import HEAD, QUIET

PAGE = page("docs/capabilities.md")
ABOUT_EXTENSIONS = ("Using what others provide", "Capabilities of your own")


def told(capability, operation):
    contract = getattr(CAPABILITIES[capability], operation)
    names = ", ".join(list(inspect.signature(contract).parameters)[1:])
    return [f"`{operation}({names})`", inspect.getdoc(contract).splitlines()[0]]


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_the_table_of_a_contract(capability):
    wanted = [told(capability, operation) for operation in operations_of(capability)]
    assert rows(section(PAGE, capability)) == wanted


def test_there_is_a_table_for_each_contract_and_no_other():
    heads = [line[3:] for line in PAGE.splitlines() if line.startswith("## ")]
    assert heads == [*CAPABILITIES, *ABOUT_EXTENSIONS]


def block(name):
    """Give the block of code that stands under a file's name."""
    return PAGE.partition(f" {name}\n")[2].partition("```")[0]


def test_the_samples_of_an_own_capability_work(stage, tenant):
    stage.put(tenant, HEAD + QUIET, **json.loads(block("weather_desk/manifest.json")))
    sky = json.loads(block("sky/manifest.json"))
    stage.put(tenant, block("sky/extension.py"), **sky)
    stage.runtime.reconcile()
    installed = stage.find(tenant, "weather-desk")
    call = CallContext(installed, tenant.owner(), "route", 20.0)
    door = installed.loaded.extension.app.capabilities
    found = stage.runtime.calls.run(
        call, lambda: using(door, "weather-desk.forecast").look(place="Bergen")
    )
    assert found == {"degrees": 21.5}
