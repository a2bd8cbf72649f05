"""What all records have in common."""
