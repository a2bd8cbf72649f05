"""The core's side of extension hosts: proxies, conversations, the broker behind the doors."""
