"""Change notifications of Microsoft Graph.

Source: learn.microsoft.com/graph/change-notifications-delivery-webhooks: `validationToken` in the
address is sent back as text; each notification carries the clientState of its subscription.
learn.microsoft.com/graph/change-notifications-with-resource-data: notifications with data also
carry tokens, made by Graph for the app whose id is the option `app_id`.
"""

import re
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import (
    Checking,
    Item,
    Rejected,
    Reply,
    Request,
    Scheme,
    Verified,
)
from geminicrm.webhooks.incoming.schemes import shared
from geminicrm.webhooks.incoming.schemes.identity_tokens import claims_of

KEYS: Final = "https://login.microsoftonline.com/common/discovery/v2.0/keys"
GRAPH: Final = "0bf30f3b-4a52-48df-9a82-234910c4a086"
"""The app id of Graph's own publisher of notifications, the same in every cloud tenant."""
_ISSUER: Final = re.compile(
    r"https://(?:sts\.windows\.net/[0-9a-f-]{36}/"
    r"|login\.microsoftonline\.com/[0-9a-f-]{36}/v2\.0)"
)
_MOST_TOKENS: Final = 20
_OK: Final = 200
_BAD_REQUEST: Final = 400


class MicrosoftGraph(Scheme):
    """`clientState` in each of `value[]`; no header."""

    name = "microsoft-graph"
    label = "Microsoft Graph"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give those notifications that carry the secret; the others are dropped."""
        secrets = shared.secrets_of(checking)
        token = _validation_token(request)
        if token is not None:
            kind = "text/plain; charset=utf-8"
            return Verified(items=(), reply=Reply(status=_OK, body=token, content_type=kind))
        data = shared.json_object(request.body)
        listed = data.get("value")
        if not isinstance(listed, list) or not listed:
            raise Rejected("body", "The body has no notifications.", _BAD_REQUEST)
        own = [one for one in shared.objects_in(listed) if _is_own(one, secrets)]
        if not own:
            raise Rejected("token", "No notification carries the client state filled in here.")
        if "validationTokens" in data or any("encryptedContent" in one for one in own):
            _must_be_graph(data.get("validationTokens"), checking)
        return Verified(items=[*map(_item, own)])


def _validation_token(request: Request) -> bytes | None:
    """Give the token that is to be sent back, decoded, or None: it is no handshake."""
    try:
        query = parse_qs(urlsplit(request.url).query, keep_blank_values=True, errors="strict")
    except ValueError as bad:
        raise Rejected("url", "The address can't be read.", _BAD_REQUEST) from bad
    tokens = query.get("validationToken")
    if tokens is None:
        return None
    token = tokens[0]
    if len(tokens) > 1 or not token or len(token) > shared.MOST_OF_A_HEADER:
        raise Rejected("url", "The validation token is none.", _BAD_REQUEST)
    return shared.as_bytes(token)


def _is_own(notification: dict[str, Any], secrets: list[bytes]) -> bool:
    state = notification.get("clientState")
    return isinstance(state, str) and shared.fits([state.encode()], secrets)


def _must_be_graph(tokens: object, checking: Checking) -> None:
    app_id = shared.option(checking, "app_id")
    if not isinstance(tokens, list) or not 0 < len(tokens) <= _MOST_TOKENS:
        raise Rejected("token", "Notifications with data came without their tokens.")
    for token in tokens:
        claims = claims_of(token, KEYS, checking) if isinstance(token, str) else {}
        if claims.get("aud") != app_id or GRAPH not in (claims.get("azp"), claims.get("appid")):
            raise Rejected("token", "A token is not of Graph, or made for another app.")
        if not _ISSUER.fullmatch(str(claims.get("iss"))):
            raise Rejected("token", "A token is not issued by Microsoft.")


def _item(notification: dict[str, Any]) -> Item:
    # The client state is the secret: it stays out of what is stored and shown.
    data = {name: value for name, value in notification.items() if name != "clientState"}
    key = shared.key_of(data.get("subscriptionId"), data.get("id")) or shared.own_digest(data)
    kind = data.get("lifecycleEvent") or data.get("changeType")
    return Item(key=key, type=shared.type_of(kind), data=data)
