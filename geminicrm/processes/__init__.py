"""The processes of one machine: web, worker, and the tree that holds them together."""
