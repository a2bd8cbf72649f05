"""Connections: credentials for outside services, who may use them, and how they are."""
