"""The attacks by name. Those of `system` need no more than the standard library."""
