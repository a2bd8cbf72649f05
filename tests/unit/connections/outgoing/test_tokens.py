"""A token that a service refuses: another one is asked for once, and the call made again."""

from dataclasses import dataclass, field, replace

import pytest

from geminicrm.connections.ways import Injection

URL = "https://api.example.com/v1/charges"


@dataclass
class TwoTokens:
    """Implements Tokens: has a first one, and perhaps another."""

    other: str | None
    refusals: list[str] = field(default_factory=list)

    def access_token(self, connection: object, way: object) -> str:
        """Give the first."""
        return "first"

    def refused(self, connection: object, way: object, token: str) -> str | None:
        """Give the other."""
        self.refusals.append(token)
        return self.other


@pytest.fixture
def signed_in(caller, monkeypatch):
    """Give a maker of calls that carry a token of somebody who signed in."""

    def make(tokens: TwoTokens, method: str):
        opened = caller.opened()
        bearer = Injection("header", "Authorization", "Bearer {access_token}")
        opened.way = replace(opened.way, type="oauth2", inject=(bearer,))
        opened.tokens = tokens
        return replace(caller.call(URL, method), opened=opened)

    return make


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_token_is_replaced_once(caller, service, signed_in, method):
    tokens = TwoTokens("second")
    service.answers(401, 200)
    assert caller.process().send(signed_in(tokens, method)).status == 200
    sent = [asked.headers["Authorization"] for asked in service.seen]
    assert (sent, tokens.refusals) == (["Bearer first", "Bearer second"], ["first"])


def test_a_second_refusal_is_the_answer(caller, service, signed_in):
    tokens = TwoTokens("second")
    service.answers(401, 401)
    assert caller.process().send(signed_in(tokens, "GET")).status == 401
    assert tokens.refusals == ["first"]


def test_without_another_token_the_refusal_is_the_answer(caller, service, signed_in):
    service.answers(401)
    assert caller.process().send(signed_in(TwoTokens(None), "GET")).status == 401
