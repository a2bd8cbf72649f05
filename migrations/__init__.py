"""Migrations of the core's tables (Alembic); extensions have none."""
