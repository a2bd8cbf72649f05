"""What admins are told of without asking: what went wrong by itself and waits to be mended."""
