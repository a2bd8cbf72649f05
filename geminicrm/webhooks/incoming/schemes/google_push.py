"""Push notifications of Google's Calendar and Drive.

Source: developers.google.com/calendar/api/guides/push: nothing is signed and the body is empty;
X-Goog-Channel-Token is what the channel was made with. Options: `channel_id` and `resource_id`, one
or several with spaces between, of the channels that are known (two while one is renewed).
"""

from typing import Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_TOKEN: Final = "x-goog-channel-token"  # noqa: S105 - the name of a header
_CHANNEL: Final = "x-goog-channel-id"
_RESOURCE: Final = "x-goog-resource-id"
_TOLD: Final = {
    "channel_id": _CHANNEL,
    "resource_id": _RESOURCE,
    "resource_uri": "x-goog-resource-uri",
    "resource_state": "x-goog-resource-state",
    "message_number": "x-goog-message-number",
    "channel_expiration": "x-goog-channel-expiration",
    "changed": "x-goog-changed",
}


class GooglePush(Scheme):
    """`X-Goog-Channel-Token: <the secret>` for a known channel and resource."""

    name = "google-push"
    label = "Google Calendar and Drive"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give what changed by channel and message number; `sync`, the first, is no event."""
        secrets = shared.secrets_of(checking)
        if not shared.fits([shared.header(request, _TOKEN).encode()], secrets):
            raise Rejected("token", "The channel's token is not the one it was made with.")
        channel = _known(request, checking, _CHANNEL, "channel_id")
        resource = _known(request, checking, _RESOURCE, "resource_id")
        state = shared.header(request, "x-goog-resource-state")
        number = shared.header(request, "x-goog-message-number")
        shared.whole_number(number, "The message number")
        if state == "sync":
            return Verified(items=())
        told = {name: shared.optional_header(request, header) for name, header in _TOLD.items()}
        data = {name: value for name, value in told.items() if value is not None}
        key = shared.key_of(channel, resource, number)
        return Verified(items=[Item(key=key, type=shared.type_of(state), data=data)])


def _known(request: Request, checking: Checking, header: str, option: str) -> str:
    told = shared.header(request, header)
    known = [shared.as_bytes(one) for one in shared.option(checking, option).split()]
    if not shared.fits([told.encode()], known):
        raise Rejected("token", f"The {header} is none that is known here.")
    return told
