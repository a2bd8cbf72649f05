"""The operations of smtp-email: sending, reading, looking at domains."""
