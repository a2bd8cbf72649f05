"""`geminicrm registry keys`: what this registry signs with, and the change of it."""

import click

from geminicrm.commands.registry_operate import whole_operator
from geminicrm.commands.shared import columns, json_option, opened_core, say
from marketplace.signing.pins import Pinned


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return (keys,)


@click.command()
@click.option("--rotate", is_flag=True, help="Let the announced key take over, announce another.")
@click.option(
    "--revoke",
    metavar="KEYID",
    help="A key that others may have: nothing by it is believed, what it signed is signed anew.",
)
@json_option
def keys(*, rotate: bool, revoke: str | None, as_json: bool) -> None:
    """Show the keys of this registry; others pin the active one by its id.

    active: signs. next: announced, takes over at the next rotation. retired: what it signed stays
    good. revoked: nothing by it is good.
    """
    if rotate and revoke:
        raise click.UsageError("Rotate or revoke, one at a time.")
    with opened_core() as core:
        registry_keys = core.marketplace.keys
        if rotate:
            pin = registry_keys.rotate(whole_operator(core.works))
        elif revoke:
            pin = registry_keys.revoke(whole_operator(core.works), revoke)
        else:
            pin = registry_keys.pinned()
    say(as_json, {"serial": pin.serial, "keys": pin.to_rows()}, _table(pin))


def _table(pin: Pinned) -> str:
    order = ["active", "next", "retired", "revoked"]
    rows = sorted(pin.keys, key=lambda key: (order.index(key.state), key.id))
    return columns(
        [("state", "key id", "public"), *((key.state, key.id, key.public) for key in rows)]
    )
