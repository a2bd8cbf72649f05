"""Whole servers whose processes are killed at random moments while records change."""
