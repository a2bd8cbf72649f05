"""The way out: one HTTP client behind the SDK's `http`, and what all workers share about it."""
