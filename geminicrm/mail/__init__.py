"""Mail that the CRM sends: stored first, then handed to whoever provides the capability `email`."""
