"""GitLab's webhooks, by their secret token.

Source: docs.gitlab.com, "Webhooks": X-Gitlab-Token is the token itself. Nothing is signed, so all
hangs on TLS. Idempotency-Key stays the same when a delivery is sent again.
"""

from typing import Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Rejected, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "x-gitlab-token"


class GitLab(Scheme):
    """`X-Gitlab-Token: <the secret>`."""

    name = "gitlab"
    label = "GitLab"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the event by its idempotency key, or by its bytes and the id of what happened."""
        secrets = shared.secrets_of(checking)
        if not shared.fits([shared.header(request, _HEADER).encode()], secrets):
            raise Rejected("token", f"The token in {_HEADER} is not the one filled in here.")
        event_id = shared.optional_header(request, "x-gitlab-event-uuid") or ""
        key = shared.key_of(shared.optional_header(request, "idempotency-key"))
        item = Item(
            key=key or shared.digest(request.body, event_id.encode()),
            type=shared.type_of(shared.optional_header(request, "x-gitlab-event")),
            data=shared.json_object(request.body),
        )
        return Verified(items=[item])
