"""The extension stripe."""
