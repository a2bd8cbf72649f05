"""Help for authors: the start of a new extension."""
