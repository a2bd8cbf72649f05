"""Every operation of every contract goes to a provider and comes back as plain data."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import orjson
import pytest

from extensions.sdk.capabilities.calling import operations_of, perform, result_of, sent
from extensions.sdk.capabilities.catalogue import CAPABILITIES

SIMPLE = {
    str: "Grüße",
    int: 3,
    float: 0.5,
    bool: True,
    bytes: b"\x00\xff",
    date: date(2026, 2, 28),
    datetime: datetime(2026, 2, 28, 12, 30, tzinfo=UTC),
    Decimal: Decimal("1.50"),
    type(None): None,
    typing.Any: {"k": [1, None]},
}
OPERATIONS = [(name, operation) for name in CAPABILITIES for operation in operations_of(name)]


def sample(kind):
    """Give a value of a type, all that may be filled in filled in."""
    return SIMPLE[kind] if kind in SIMPLE else composed(kind, typing.get_origin(kind))


def composed(kind, origin):
    inner = typing.get_args(kind)
    makers = {
        typing.Literal: lambda: inner[-1],
        tuple: lambda: (sample(inner[0]),),
        dict: lambda: {"k": sample(inner[1])},
        Mapping: lambda: {"k": sample(inner[1])},
        types.UnionType: lambda: sample(inner[0]),
        typing.Union: lambda: sample(inner[0]),
        None: lambda: filled(kind),
    }
    return makers[origin]()


def filled(kind):
    hints = typing.get_type_hints(kind)
    return kind(**{one.name: sample(hints[one.name]) for one in dataclasses.fields(kind)})


@pytest.mark.parametrize(("capability", "operation"), OPERATIONS)
def test_arguments_and_result_survive_the_way(capability, operation):
    hints = typing.get_type_hints(getattr(CAPABILITIES[capability], operation))
    result = sample(hints.pop("return"))
    arguments = {name: sample(kind) for name, kind in hints.items()}
    taken = {}

    def take(**given):
        taken.update(given)
        return result

    plain = orjson.loads(orjson.dumps(sent(arguments)))
    provider = types.SimpleNamespace(**{operation: take})
    back = orjson.loads(orjson.dumps(perform(provider, capability, operation, plain)))
    assert taken == arguments
    assert result_of(capability, operation, back) == result


@pytest.mark.parametrize(("capability", "operation"), OPERATIONS)
def test_every_operation_says_what_it_gives(capability, operation):
    assert getattr(CAPABILITIES[capability], operation).__doc__.strip()


def classes(capability):
    """Give the data classes beside a contract."""
    module = CAPABILITIES[capability].__module__
    names = vars(__import__(module, fromlist=["x"])).values()
    return [one for one in names if dataclasses.is_dataclass(one) and isinstance(one, type)]


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_data_classes_are_frozen_and_filled_by_name(capability):
    for one in classes(capability):
        assert one.__dataclass_params__.frozen, one
        assert all(field.kw_only for field in dataclasses.fields(one)), one
        assert "__slots__" in vars(one), one
        assert one.__doc__
