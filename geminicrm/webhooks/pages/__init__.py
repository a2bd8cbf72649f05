"""The pages under /webhooks."""
