"""The extension deal-alerts."""
