"""Identity tokens that a service signs for the request it sends.

Source: RFC 7519, section 7.2; OpenID Connect Core 1.0, section 3.1.3.7.
"""

from typing import Any, Final

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from geminicrm.webhooks.incoming.scheme import TOLERANCE_SECONDS, Checking, Rejected
from geminicrm.webhooks.incoming.schemes.fetching import fetched

_ALGORITHMS: Final = ["RS256"]
# What joserfc raises for a key set, or a token, that is not in the form of one.
_MALFORMED: Final = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


def claims_of(token: str, keys_url: str, checking: Checking) -> dict[str, Any]:
    """Give what a token says, signed with RS256 by one of the keys at an address, and of now.

    Raises Rejected: token, or time where it has ended, or certificate where no keys can be had.
    """
    keys = _keys(fetched(checking, keys_url))
    try:
        claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
    except _MALFORMED as bad:
        raise Rejected("token", "The token is not signed by the service.") from bad
    _must_be_now(claims, checking.now)
    return claims


def _keys(raw: bytes) -> KeySet:
    try:
        return KeySet.import_key_set(orjson.loads(raw))
    except _MALFORMED as bad:
        raise Rejected("certificate", "The service's keys can't be read now.", 503) from bad


def _must_be_now(claims: dict[str, Any], now: float) -> None:
    ends, made = _number(claims, "exp"), _number(claims, "iat")
    if not ends > now:
        raise Rejected("time", "The token has ended.")
    if not made <= now + TOLERANCE_SECONDS:
        raise Rejected("time", "The token is made later than now.")


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Rejected("token", f"The token has no {name}.")
    return value
