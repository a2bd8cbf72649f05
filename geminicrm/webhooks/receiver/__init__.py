"""The test receiver: an address of a workspace's own that shows what arrives at it."""
