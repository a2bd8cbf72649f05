"""Contacts: people we deal with."""
