"""Deals: sales on their way through a pipeline."""
