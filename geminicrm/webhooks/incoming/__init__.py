"""Incoming webhooks: received, verified, told once, worked on in the background."""
