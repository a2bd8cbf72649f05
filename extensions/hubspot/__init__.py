"""The extension hubspot."""
