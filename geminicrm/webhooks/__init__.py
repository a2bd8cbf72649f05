"""Webhooks: events that go out to addresses outside, and what outside services send in."""

from geminicrm.webhooks.manager import WebhookManager

__all__ = ["WebhookManager"]
