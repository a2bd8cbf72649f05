"""Manifests to start from: the smallest, and one that says everything."""

from typing import Any

SCOPES: frozenset[str] = frozenset({"read:leads", "write:leads", "read:contacts"})
MINIMAL: dict[str, Any] = {
    "id": "my-extension",
    "name": "My Extension",
    "version": "1.0.0",
    "description": "Does things",
    "author": "Your Name",
    "license": "MIT",
    "permissions": ["read:leads", "write:leads", "read:contacts"],
    "entry_point": "extension.py",
    "icon": "icon.png",
    "settings": [
        {"id": "api_key", "type": "password", "label": "API Key", "description": "Your API key"}
    ],
}
FULL: dict[str, Any] = {
    **MINIMAL,
    "$schema": "https://example.com/manifest.schema.json",
    "permissions": ["read:leads"],
    "optional_permissions": ["write:leads"],
    "permission_reasons": {"read:leads": "To show them."},
    "api_version": 1,
    "categories": ["email"],
    "keywords": ["mail"],
    "homepage": "https://example.com",
    "requires": {
        "geminicrm": ">=0.1 <2",
        "extensions": {"sendgrid": "^1.0.0"},
        "python": ["phonenumbers>=9,<10"],
    },
    "settings": [
        *MINIMAL["settings"],
        {"id": "base_url", "type": "url", "label": "Address", "default": "https://a.example"},
        {
            "id": "region",
            "type": "select",
            "label": "Region",
            "required": True,
            "options": ["eu", {"value": "us", "label": "America"}],
            "default": "eu",
            "env": ["MAIL_REGION"],
            "placeholder": "eu",
        },
    ],
    "network": [
        {"host": "api.example.com", "reason": "Sends."},
        {"host": "*.example.com:8443", "reason": "Receives."},
        {"setting": "base_url"},
    ],
    "events": ["lead.*", "deal.won", "*"],
    "event_types": [
        {
            "name": "mail_filed",
            "description": "Mail was filed on a lead.",
            "schema": {"type": "object", "properties": {"lead_id": {"type": "string"}}},
            "sample": {"lead_id": "lead_1"},
        }
    ],
    "capability_types": [
        {
            "name": "forecast",
            "description": "What the weather will be.",
            "operations": [
                {
                    "name": "tomorrow",
                    "description": "Give the weather of a place.",
                    "changes": False,
                    "arguments": {"type": "object", "properties": {"place": {"type": "string"}}},
                    "result": {"type": "object"},
                }
            ],
        }
    ],
    "hooks": ["collect_panel", "on_event"],
    "provides": ["email"],
    "authentication": [
        {
            "type": "oauth2",
            "settings": ["api_key"],
            "authorization_url": "https://example.com/authorize",
            "token_url": "https://example.com/token",
            "revocation_url": "https://example.com/revoke",
            "scopes": ["mail.send"],
        }
    ],
    "limits": [{"id": "rate", "counts": "requests", "most": 100, "seconds": 1}],
    "ui": {
        "navigation": [{"id": "home", "title": "Mail", "page": "inbox"}],
        "pages": [{"id": "inbox", "title": "Inbox"}],
        "dashboard_widgets": [{"id": "unread", "title": "Unread"}],
        "record_panels": [{"id": "mail", "title": "Mail", "record": "lead"}],
        "record_actions": [{"id": "send", "title": "Send", "record": "lead", "confirm": "Now?"}],
        "custom_fields": [
            {"id": "heat", "label": "Heat", "record": "lead", "type": "select", "options": ["hot"]}
        ],
    },
    "sockets": True,
    "schedules": [{"id": "sync", "cron": "*/5 * * * *", "description": "Fetches."}],
    "inbound_webhooks": [{"id": "delivery", "description": "Reports."}],
    "screenshots": [{"path": "static/one.png", "caption": "One"}],
    "support": "mailto:help@example.com",
    "privacy": "https://example.com/privacy",
    "storage_version": 2,
}
