"""Operations of capabilities as plain data."""

import json

import pytest

from extensions.sdk.capabilities.calling import (
    UnknownOperation,
    by_name,
    operations_of,
    perform,
    result_of,
    sent,
)
from extensions.sdk.connection import Account
from extensions.sdk.errors import Invalid

PLAIN = {
    "id": "1",
    "label": "Ours",
    "scopes": ["a"],
    "missing": [],
    "environment": "live",
    "stages": [],
}


class Provider:
    """Has the operations of `connection`."""

    def test_connection(self):
        return Account(id="1", label="Ours", scopes=("a",), environment="live")


def test_operations_are_the_methods_of_the_contract():
    assert operations_of("connection") == (
        "authorization_address",
        "connect",
        "end_connection",
        "exchange_code",
        "handle_webhook",
        "status",
        "test_connection",
    )


def test_a_result_travels_as_plain_data():
    plain = perform(Provider(), "connection", "test_connection", {})
    assert json.loads(json.dumps(plain)) == PLAIN
    assert result_of("connection", "test_connection", plain) == Provider().test_connection()


def test_bytes_and_the_like_are_written_as_text():
    assert sent({"data": b"\x00\x01"}) == {"data": "AAE="}


@pytest.mark.parametrize(
    ("capability", "operation"), [("flying", "fly"), ("connection", "fly"), ("connection", "_x")]
)
def test_what_no_contract_has(capability, operation):
    with pytest.raises(UnknownOperation):
        perform(Provider(), capability, operation, {})


def test_an_argument_that_the_operation_does_not_take():
    with pytest.raises(Invalid, match="takes: none"):
        perform(Provider(), "connection", "test_connection", {"fast": True})


@pytest.mark.parametrize("wrong", [3, None, {"id": "1"}, {**PLAIN, "environment": "other"}])
def test_a_result_of_another_kind(wrong):
    with pytest.raises(TypeError, match="another kind of answer"):
        result_of("connection", "test_connection", wrong)


class Own:
    """Has an operation of an extension's own."""

    def look(self, place):
        return {"place": place}

    def _hidden(self):
        return "seen"


def test_an_own_operation_takes_and_gives_plain_data():
    assert perform(Own(), "desk.forecast", "look", {"place": "Bergen"}) == {"place": "Bergen"}
    assert result_of("desk.forecast", "look", {"place": "Bergen"}) == {"place": "Bergen"}


@pytest.mark.parametrize("operation", ["_hidden", "__init__", "burn"])
def test_an_own_operation_is_a_public_method(operation):
    with pytest.raises(UnknownOperation):
        perform(Own(), "desk.forecast", operation, {})


def test_arguments_find_their_names():
    assert by_name("email", "check_domain", ["a.example"], {"selectors": ()}) == {
        "domain": "a.example",
        "selectors": (),
    }
    assert by_name("desk.forecast", "look", [], {"place": "Bergen"}) == {"place": "Bergen"}


@pytest.mark.parametrize(
    ("capability", "operation", "given"),
    [("desk.forecast", "look", ["Bergen"]), ("email", "send", [1, 2])],
)
def test_arguments_that_have_no_name(capability, operation, given):
    with pytest.raises(TypeError):
        by_name(capability, operation, given, {})
