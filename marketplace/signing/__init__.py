"""Signatures: of publishers over packages, of the registry over what it says."""
