"""The first page after sign-in, and the search of the command palette."""
