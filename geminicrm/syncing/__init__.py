"""Keeping records the same here and in another CRM."""
