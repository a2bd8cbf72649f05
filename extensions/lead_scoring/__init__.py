"""The extension lead-scoring."""
