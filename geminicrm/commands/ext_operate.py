"""`geminicrm ext list | enable | disable | uninstall`: looking after extensions."""

from dataclasses import asdict

import click

from geminicrm.commands.shared import (
    columns,
    json_option,
    opened_core,
    operator,
    say,
    workspace_option,
)
from geminicrm.runtime.changes import Change

_extension = click.argument("extension_id", metavar="ID")


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return list_command, enable, disable, uninstall


@click.command("list")
@workspace_option
@json_option
def list_command(*, workspace: str | None, as_json: bool) -> None:
    """List what is installed."""
    with opened_core() as core:
        rows = core.life_cycle.list(operator(core.works, workspace))
    lines = [
        (row["extension_id"], row["version"], row["status"], row["isolation"], row["error"] or "")
        for row in rows
    ]
    head = ("EXTENSION", "VERSION", "STATUS", "ISOLATION", "")
    say(as_json, {"data": rows}, columns([head, *lines]) if rows else "Nothing is installed.")


@click.command()
@_extension
@workspace_option
@json_option
def enable(*, extension_id: str, workspace: str | None, as_json: bool) -> None:
    """Let an extension run again."""
    with opened_core() as core:
        change = core.life_cycle.enable(operator(core.works, workspace), extension_id)
    _tell(as_json, change, "enabled")


@click.command()
@_extension
@workspace_option
@json_option
def disable(*, extension_id: str, workspace: str | None, as_json: bool) -> None:
    """Stop an extension, and keep it with its settings."""
    with opened_core() as core:
        change = core.life_cycle.disable(operator(core.works, workspace), extension_id)
    _tell(as_json, change, "disabled")


@click.command()
@_extension
@click.option("--purge", is_flag=True, help="Forget its settings too, for good.")
@workspace_option
@json_option
def uninstall(*, extension_id: str, purge: bool, workspace: str | None, as_json: bool) -> None:
    """Remove an extension; its settings are kept for a later install unless purged."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        removed = core.life_cycle.uninstall(actor, extension_id, "purge" if purge else "keep")
    if removed.warning is not None:
        click.echo(f"{extension_id}: its own uninstall() failed: {removed.warning}", err=True)
    settings = "its settings are kept" if removed.kept else "its settings are gone"
    line = f"{extension_id} is uninstalled, {settings}{liveness(live=removed.live)}."
    say(as_json, asdict(removed), line)


def liveness(*, live: bool) -> str:
    """Say whether running workers serve a change already."""
    return " and every worker serves it so" if live else "; workers that run follow in a moment"


def _tell(as_json: bool, change: Change, done: str) -> None:  # noqa: FBT001 - handed through from the option
    name = change.installation["extension_id"]
    say(as_json, change.installation, f"{name} is {done}{liveness(live=change.live)}.")
