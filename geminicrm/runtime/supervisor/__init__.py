"""The supervisor: one process per machine that starts, watches and ends the extension hosts."""
