"""`geminicrm ext`: the group of what authors and operators do with extensions."""

import click

from geminicrm.commands import ext_author, ext_install, ext_lock, ext_operate, ext_rights


def commands() -> tuple[click.Command, ...]:
    """Give the group of this file, filled."""
    group = click.Group("ext", help="Make, check, install and look after extensions.")
    for command in (
        *ext_author.commands(),
        *ext_lock.commands(),
        *ext_install.commands(),
        *ext_operate.commands(),
        *ext_rights.commands(),
    ):
        group.add_command(command)
    return (group,)
