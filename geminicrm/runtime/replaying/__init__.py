"""Recorded events once more: tried against a version, or handed over again."""
