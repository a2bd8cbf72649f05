"""The extension runtime: what runs extensions and holds them to their permissions."""
