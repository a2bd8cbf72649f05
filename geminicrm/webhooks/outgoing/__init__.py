"""Outgoing webhooks: endpoints, what is sent to them, and how it went."""
