"""Schemes of signatures, one module for each, by the names that manifests say."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from geminicrm.webhooks.incoming.scheme import Scheme
from geminicrm.webhooks.incoming.schemes.generic_hmac import GenericHmac
from geminicrm.webhooks.incoming.schemes.hubspot import HubSpot
from geminicrm.webhooks.incoming.schemes.standard_webhooks import StandardWebhooks
from geminicrm.webhooks.incoming.schemes.stripe import Stripe

_ALL: Final[tuple[Scheme, ...]] = (Stripe(), HubSpot(), StandardWebhooks(), GenericHmac())

SCHEMES: Final[Mapping[str, Scheme]] = MappingProxyType({one.name: one for one in _ALL})
"""Every scheme by its name."""
