"""The registries that this CRM takes packages from, each pinned to its keys."""
