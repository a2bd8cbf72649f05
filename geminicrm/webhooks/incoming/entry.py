"""What a manifest says of one webhook that an outside service sends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MOST_BYTES: Final = 5 * 1024 * 1024
"""The largest body that is taken where the manifest says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundWebhook:
    """One entry of `inbound_webhooks`; without a `scheme` nothing is received for it.

    `secrets` are the settings that hold what requests are signed with, the newest first; `options`
    are the scheme's, `option_settings` the settings that hold more of them, by their names.
    `account` is where in an event the account is named (`a.b` for a field in a field), by which one
    address serves all connections.
    """

    id: str
    description: str = ""
    scheme: str = ""
    secrets: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    option_settings: Mapping[str, str] = field(default_factory=dict)
    max_bytes: int = MOST_BYTES
    account: str = ""
