"""As much of Stripe as has links made: sessions, each known by its idempotency key."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs


@dataclass
class FarStripe:
    """`sessions` are what was made, by idempotency key: the same key makes nothing more."""

    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self, call: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Make a session, or give it."""
        if call["method"] == "GET":
            wanted = call["path"].rpartition("/")[2]
            return 200, next(one for one in self.sessions.values() if one["id"] == wanted)
        form = {name: values[0] for name, values in parse_qs(call["body"]).items()}
        key = call["headers"]["idempotency-key"]
        return 200, self.sessions.setdefault(key, _session(len(self.sessions), form))


def _session(at: int, form: dict[str, str]) -> dict[str, Any]:
    return {
        "object": "checkout.session",
        "id": f"cs_test_{at}",
        "url": f"https://checkout.stripe.com/c/pay/cs_test_{at}",
        "status": "open",
        "payment_status": "unpaid",
        "amount_total": int(form["line_items[0][price_data][unit_amount]"]),
        "currency": form["line_items[0][price_data][currency]"],
        "expires_at": 1795400000,
        "payment_intent": None,
        "client_reference_id": form.get("client_reference_id"),
        "metadata": {},
    }
