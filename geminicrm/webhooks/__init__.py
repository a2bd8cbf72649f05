"""Webhooks: events that go out to addresses outside, and what outside services send in."""
