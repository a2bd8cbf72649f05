"""`geminicrm ext`: the group of what authors and operators do with extensions."""

import click

from geminicrm.commands import (
    ext_author,
    ext_change,
    ext_install,
    ext_lock,
    ext_moderate,
    ext_operate,
    ext_publish,
    ext_replay,
    ext_rights,
)


def commands() -> tuple[click.Command, ...]:
    """Give the group of this file, filled, and the one beside it."""
    group = click.Group("ext", help="Make, check, install and look after extensions.")
    for command in (
        *ext_author.commands(),
        *ext_lock.commands(),
        *ext_publish.commands(),
        *ext_install.commands(),
        *ext_change.commands(),
        *ext_operate.commands(),
        *ext_replay.commands(),
        *ext_rights.commands(),
        *ext_moderate.commands(),
    ):
        group.add_command(command)
    return group, ext_moderate.group()
