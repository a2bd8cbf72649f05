"""The operations of the contract `crm_sync`, a module for each kind of thing."""
