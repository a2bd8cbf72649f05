"""The extension smtp-email."""
