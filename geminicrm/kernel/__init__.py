"""The rules every room stands on; knows nothing of CRM, people or extensions."""
