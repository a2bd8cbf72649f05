"""`geminicrm registry`: a registry of one's own, and the registries of this CRM."""

import click

from geminicrm.commands import registry_bundles, registry_keys, registry_operate


def commands() -> tuple[click.Command, ...]:
    """Give the group of this file, filled."""
    group = click.Group("registry", help="Run a registry, and choose those to install from.")
    for command in (
        *registry_operate.commands(),
        *registry_bundles.commands(),
        *registry_keys.commands(),
    ):
        group.add_command(command)
    return (group,)
