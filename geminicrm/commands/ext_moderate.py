"""`geminicrm ext yank` and `geminicrm moderate`: what operators decide about versions."""

from typing import Any

import click

from geminicrm.commands.shared import (
    columns,
    json_option,
    opened_core,
    operator,
    say,
    workspace_option,
)
from marketplace.moderation.advisories import SEVERITIES, Warn

_extension = click.argument("extension_id", metavar="ID")
_version = click.argument("version", metavar="VERSION")
_reason = click.option("--reason", required=True, help="Why; whoever is affected reads it.")
_undo = click.option("--undo", is_flag=True, help="Take it back.")


def commands() -> tuple[click.Command, ...]:
    """Give what belongs to the group `ext`."""
    return (yank,)


def group() -> click.Group:
    """Give the group `moderate`."""
    made = click.Group("moderate", help="Review versions, stop them, warn of them.")
    for command in (queue, approve, reject, quarantine, kill, lift, advise, withdraw):
        made.add_command(command)
    return made


@click.command()
@_extension
@_version
@click.option("--reason", default="", help="Why; whoever is affected reads it.")
@_undo
@workspace_option
@json_option
def yank(
    *,
    extension_id: str,
    version: str,
    reason: str,
    undo: bool,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Offer a version no more; it runs on, and can be had by its number with a warning."""
    with opened_core() as core:
        actor, decisions = operator(core.works, workspace), core.marketplace.moderation.decisions
        if undo:
            decisions.unyank(actor, extension_id, version)
        else:
            decisions.yank(actor, extension_id, version, reason)
    state, done = ("listed", "is offered again") if undo else ("yanked", "is yanked")
    _tell(as_json, extension_id, version, state, done)


@click.command()
@workspace_option
@json_option
def queue(*, workspace: str | None, as_json: bool) -> None:
    """List the versions that wait for a review."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        rows = [one.to_dict() for one in core.marketplace.moderation.queue.waiting(actor)]
    lines = [
        (one["extension_id"], one["version"], one["publisher"], str(one["warnings"]),
         one["published_at"])
        for one in rows
    ]  # fmt: skip
    head = ("EXTENSION", "VERSION", "PUBLISHER", "WARNINGS", "PUBLISHED")
    say(as_json, {"data": rows}, columns([head, *lines]) if rows else "Nothing waits.")


@click.command()
@_extension
@_version
@workspace_option
@json_option
def approve(*, extension_id: str, version: str, workspace: str | None, as_json: bool) -> None:
    """List a version that waits for its review."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        core.marketplace.moderation.decisions.approve(actor, extension_id, version)
    _tell(as_json, extension_id, version, "listed", "is listed")


@click.command()
@_extension
@_version
@_reason
@workspace_option
@json_option
def reject(
    *, extension_id: str, version: str, reason: str, workspace: str | None, as_json: bool
) -> None:
    """Refuse a version that waits for its review."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        core.marketplace.moderation.decisions.reject(actor, extension_id, version, reason)
    _tell(as_json, extension_id, version, "rejected", "is rejected")


@click.command()
@_extension
@_version
@click.option("--reason", default="", help="Why; whoever is affected reads it.")
@_undo
@workspace_option
@json_option
def quarantine(
    *,
    extension_id: str,
    version: str,
    reason: str,
    undo: bool,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Take a version out of the marketplace; nobody can install it, what runs runs on."""
    with opened_core() as core:
        actor, decisions = operator(core.works, workspace), core.marketplace.moderation.decisions
        if undo:
            decisions.release(actor, extension_id, version)
        else:
            decisions.quarantine(actor, extension_id, version, reason)
    state, done = ("listed", "is listed again") if undo else ("quarantined", "is taken out")
    _tell(as_json, extension_id, version, state, done)


@click.command()
@_extension
@click.argument("affected", metavar="RANGE")
@_reason
@workspace_option
@json_option
def kill(
    *, extension_id: str, affected: str, reason: str, workspace: str | None, as_json: bool
) -> None:
    """Stop versions everywhere: their installations are switched off and stay off."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        given = core.marketplace.moderation.kills.give(actor, extension_id, affected, reason)
    text = f"{given.id}: {extension_id} {affected} must not run; {given.stopped} stopped here."
    say(as_json, given.to_dict(), text)


@click.command()
@click.argument("order_id", metavar="ORDER")
@workspace_option
@json_option
def lift(*, order_id: str, workspace: str | None, as_json: bool) -> None:
    """Lift a kill order; admins can switch on again what it stopped."""
    with opened_core() as core:
        lifted = core.marketplace.moderation.kills.lift(operator(core.works, workspace), order_id)
    say(as_json, lifted.to_dict(), f"The order on {lifted.extension_id} is lifted.")


@click.command()
@_extension
@click.argument("affected", metavar="RANGE")
@click.option("--severity", type=click.Choice(SEVERITIES), default="high", show_default=True)
@click.option("--title", required=True, help="What is wrong, in a line.")
@click.option("--body", default="", help="More about it, in Markdown.")
@click.option("--fixed-in", metavar="VERSION", help="The first version without it.")
@workspace_option
@json_option
def advise(*, extension_id: str, workspace: str | None, as_json: bool, **warn: Any) -> None:
    """Publish an advisory about versions; those who have one installed are told."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        made = core.marketplace.moderation.advisories.make(actor, extension_id, Warn(**warn))
    say(as_json, made.to_dict(), f"{made.id}: the advisory about {extension_id} is out.")


@click.command()
@click.argument("advisory_id", metavar="ADVISORY")
@workspace_option
@json_option
def withdraw(*, advisory_id: str, workspace: str | None, as_json: bool) -> None:
    """Withdraw an advisory."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        done = core.marketplace.moderation.advisories.withdraw(actor, advisory_id)
    say(as_json, done.to_dict(), f"The advisory about {done.extension_id} is withdrawn.")


def _tell(as_json: bool, extension_id: str, version: str, state: str, done: str) -> None:  # noqa: FBT001 - handed through from the option
    answer: dict[str, object] = {"id": extension_id, "version": version, "state": state}
    say(as_json, answer, f"{extension_id} {version} {done}.")
