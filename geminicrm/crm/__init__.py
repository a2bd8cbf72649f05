"""The records of the CRM, one folder each."""
