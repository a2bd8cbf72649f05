"""The JSON shell: bodies, tags, and what they refuse."""

import pytest
from flask import Flask, request

from geminicrm.api import http
from geminicrm.kernel.errors import AppError, BadRequest, TooLarge, ValidationFailed


@pytest.fixture
def shell() -> Flask:
    return Flask(__name__)


def _body(shell, data, kind="application/json"):
    with shell.test_request_context("/", method="POST", data=data, content_type=kind):
        return http.json_body()


def test_an_object_is_read(shell):
    assert _body(shell, '{"name": "Zoë"}'.encode()) == {"name": "Zoë"}


def test_a_body_of_another_kind_is_refused(shell):
    with pytest.raises(AppError) as caught:
        _body(shell, b"a=1", "application/x-www-form-urlencoded")
    assert caught.value.status == 415


def test_the_place_where_it_stops_being_json_is_named(shell):
    with pytest.raises(BadRequest, match="line 2, column"):
        _body(shell, b'{"a": 1,\n"b": }')


@pytest.mark.parametrize("data", [b"[]", b'"text"', b"null", b"1"])
def test_only_an_object_will_do(shell, data):
    with pytest.raises(ValidationFailed):
        _body(shell, data)


def test_a_body_beyond_the_limit_is_refused(shell):
    shell.config["MAX_CONTENT_LENGTH"] = 10
    with pytest.raises(TooLarge):
        _body(shell, b'{"name": "far too long"}')


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ({"If-Match": '"3"'}, 3),
        ({"If-Match": "3"}, 3),
        ({"If-Match": "*"}, None),
        ({}, None),
        ({"If-Match": '"x"'}, -1),
        ({"If-Match": 'W/"3"'}, -1),
    ],
)
def test_if_match(shell, header, version):
    with shell.test_request_context("/", headers=header):
        assert http.if_match() == version


def test_a_known_version_needs_no_body(shell):
    with shell.test_request_context("/", headers={"If-None-Match": '"2", "3"'}):
        assert http.not_modified(3)
        assert not http.not_modified(4)
        assert request.method == "GET"


def test_answers(shell):
    answer = http.respond({"a": 1}, 201, {"Location": "/x"})
    assert (answer.status_code, answer.get_json()) == (201, {"a": 1})
    assert answer.headers["Location"] == "/x"
    assert http.no_content().status_code == 204
    assert http.etag(7) == '"7"'
