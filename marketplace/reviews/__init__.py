"""Reviews by those who installed, with the publisher's reply."""
