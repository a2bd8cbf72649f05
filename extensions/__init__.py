"""Built-in extensions, one folder each, and the SDK that every extension imports."""
