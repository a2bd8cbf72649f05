"""Leads: people who may buy one day."""
