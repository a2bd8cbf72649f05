"""The operations of the contract `payments`, a module for each kind of thing."""
