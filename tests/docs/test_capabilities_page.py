"""docs/capabilities.md tells of every contract what its code says."""

import inspect

import pytest

from extensions.sdk.capabilities.calling import operations_of
from extensions.sdk.capabilities.catalogue import CAPABILITIES
from tests.support.pages import page, rows, section

PAGE = page("docs/capabilities.md")


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
    assert heads == list(CAPABILITIES)
