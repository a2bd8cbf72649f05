"""Capability contracts: what the core asks of any provider, whatever its vendor."""
