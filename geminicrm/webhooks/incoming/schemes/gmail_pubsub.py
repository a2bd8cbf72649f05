"""Gmail's notices, pushed by Cloud Pub/Sub.

Source: cloud.google.com/pubsub/docs/authenticate-push-subscriptions: an identity token of the
service account, as bearer. Options: `audience` and `email`, as the subscription was made with.
"""

from typing import Any, Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared
from geminicrm.webhooks.incoming.schemes.identity_tokens import claims_of

KEYS: Final = "https://www.googleapis.com/oauth2/v3/certs"
_HEADER: Final = "authorization"
_ISSUERS: Final = ("https://accounts.google.com", "accounts.google.com")


class GmailPubSub(Scheme):
    """`Authorization: Bearer <identity token>`."""

    name = "gmail-pubsub"
    label = "Gmail (Pub/Sub)"
    needs_secret = False

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the message by its messageId."""
        audience, email = shared.option(checking, "audience"), shared.option(checking, "email")
        word, _, token = shared.header(request, _HEADER).partition(" ")
        if word.lower() != "bearer":
            raise Rejected("header", f"The header {_HEADER} has no bearer token.")
        claims = claims_of(token.strip(), KEYS, checking)
        if claims.get("iss") not in _ISSUERS:
            raise Rejected("token", "The token is not issued by Google.")
        if claims.get("aud") != audience:
            raise Rejected("token", "The token is made for another audience.")
        if claims.get("email") != email or claims.get("email_verified") is not True:
            raise Rejected("token", "The token is of another service account.")
        return Verified(items=[_item(shared.json_object(request.body), request.body)])


def _item(data: dict[str, Any], body: bytes) -> Item:
    message = data.get("message")
    if not isinstance(message, dict):
        raise Rejected("body", "The body has no message.", 400)
    key = shared.key_of(message.get("messageId")) or shared.digest(body)
    return Item(key=key, type="message", data=data)
