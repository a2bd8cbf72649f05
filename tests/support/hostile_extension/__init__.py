"""An extension that attacks whatever runs it. Its aims are harmless: what a test has put there."""
