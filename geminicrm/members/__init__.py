"""Members: invitations, passwords, addresses, and the mails that the CRM itself writes."""
