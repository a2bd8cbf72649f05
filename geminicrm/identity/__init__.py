"""People and programs: workspaces, users, sign-in, tokens, scopes."""
