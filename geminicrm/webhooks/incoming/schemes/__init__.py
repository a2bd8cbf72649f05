"""Schemes of signatures, one module for each, by the names that manifests say."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from geminicrm.webhooks.incoming.scheme import Scheme
from geminicrm.webhooks.incoming.schemes.basic_auth import BasicAuth
from geminicrm.webhooks.incoming.schemes.generic_hmac import GenericHmac
from geminicrm.webhooks.incoming.schemes.github import GitHub
from geminicrm.webhooks.incoming.schemes.gitlab import GitLab
from geminicrm.webhooks.incoming.schemes.gmail_pubsub import GmailPubSub
from geminicrm.webhooks.incoming.schemes.gohighlevel import GoHighLevel
from geminicrm.webhooks.incoming.schemes.google_push import GooglePush
from geminicrm.webhooks.incoming.schemes.hubspot import HubSpot
from geminicrm.webhooks.incoming.schemes.mailgun import Mailgun
from geminicrm.webhooks.incoming.schemes.microsoft_graph import MicrosoftGraph
from geminicrm.webhooks.incoming.schemes.paddle import Paddle
from geminicrm.webhooks.incoming.schemes.paypal import PayPal
from geminicrm.webhooks.incoming.schemes.sendgrid import SendGrid
from geminicrm.webhooks.incoming.schemes.shared_key import SharedKey
from geminicrm.webhooks.incoming.schemes.shopify import Shopify
from geminicrm.webhooks.incoming.schemes.slack import Slack
from geminicrm.webhooks.incoming.schemes.standard_webhooks import StandardWebhooks
from geminicrm.webhooks.incoming.schemes.stripe import Stripe
from geminicrm.webhooks.incoming.schemes.twilio import Twilio
from geminicrm.webhooks.incoming.schemes.woocommerce import WooCommerce
from geminicrm.webhooks.incoming.schemes.zoom import Zoom

_ALL: Final[tuple[Scheme, ...]] = (
    Stripe(), Twilio(), Slack(), SendGrid(), Mailgun(), GitHub(), PayPal(), Zoom(), HubSpot(),
    GoHighLevel(), GooglePush(), GmailPubSub(), MicrosoftGraph(), SharedKey(), StandardWebhooks(),
    Shopify(), WooCommerce(), GitLab(), Paddle(), BasicAuth(), GenericHmac(),
)  # fmt: skip

SCHEMES: Final[Mapping[str, Scheme]] = MappingProxyType({one.name: one for one in _ALL})
"""Every scheme by its name."""
