"""The marketplace: the registry that extensions are published to and installed from."""
