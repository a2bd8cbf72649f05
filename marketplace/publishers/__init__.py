"""Who publishes: people and organisations, their members, keys and tokens."""
