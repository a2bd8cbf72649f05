"""`geminicrm ext list | enable | disable | uninstall | logs | attention | repair`."""

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
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
from geminicrm.runtime.changes import Change

_LOOK_SECONDS = 0.5
_extension = click.argument("extension_id", metavar="ID")


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return list_command, enable, disable, uninstall, logs, attention, repair


@click.command("list")
@workspace_option
@json_option
def list_command(*, workspace: str | None, as_json: bool) -> None:
    """List what is installed."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        rows = core.life_cycle.list(actor)
        warned = core.marketplace.moderation.telling.affecting(actor)
    told = [one.to_dict() for one in warned]
    for row in rows:
        row["advisories"] = [one for one in told if one["extension_id"] == row["extension_id"]]
    notes = [
        f"{one['severity']}: {one['extension_id']} {one['installed_version']}: {one['title']}"
        for one in told
    ]
    lines = [
        (row["extension_id"], row["version"], row["status"], row["isolation"], row["error"] or "")
        for row in rows
    ]
    head = ("EXTENSION", "VERSION", "STATUS", "ISOLATION", "")
    listed = "\n".join([columns([head, *lines]), *notes])
    say(as_json, {"data": rows}, listed if rows else "Nothing is installed.")


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
@click.option("--purge", is_flag=True, help="Delete settings, documents and log too.")
@workspace_option
@json_option
def uninstall(*, extension_id: str, purge: bool, workspace: str | None, as_json: bool) -> None:
    """Remove an extension; settings and documents are kept for later unless purged."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        removed = core.life_cycle.uninstall(actor, extension_id, "purge" if purge else "keep")
    if removed.warning is not None:
        click.echo(
            f"{extension_id}: its own uninstall() failed or was not run: {removed.warning}",
            err=True,
        )
    fate = "kept" if removed.kept else "gone"
    line = f"{extension_id} is uninstalled, {removed.data} {fate}{liveness(live=removed.live)}."
    say(as_json, asdict(removed), line)


@click.command()
@_extension
@click.option("--lines", default=50, show_default=True, help="How many of the last lines.")
@click.option("--follow", is_flag=True, help="Go on with new lines until Ctrl-C.")
@workspace_option
@json_option
def logs(
    *, extension_id: str, lines: int, follow: bool, workspace: str | None, as_json: bool
) -> None:
    """Show what an extension logged and where it failed, the newest last.

    With --json and --follow: one JSON object a line.
    """
    with opened_core() as core:
        actor, inventory = operator(core.works, workspace), core.life_cycle.inventory
        found = inventory.log(actor, extension_id, lines)
        if not follow:
            text = "\n".join(map(_log_line, found)) or f"{extension_id} has logged nothing yet."
            say(as_json, {"data": found}, text)
            return
        with contextlib.closing(inventory.follow_log(actor, extension_id)) as following:
            new = following.news()[-lines:]
            while True:
                for line in new:
                    click.echo(json.dumps(line) if as_json else _log_line(line))
                time.sleep(_LOOK_SECONDS)  # nothing tells of a line: the file is looked at again
                new = following.news()


@click.command()
@workspace_option
@json_option
def attention(*, workspace: str | None, as_json: bool) -> None:
    """Show what is wrong with what is installed, and what mends it."""
    with opened_core() as core:
        found = core.attention.list(operator(core.works, workspace))
    lines = [
        f"{one.severity:<8} {one.title}\n         {one.detail}"
        + (f"\n         {one.fix_label}: {one.fix_url}" if one.fix_url else "")
        for one in found
    ]
    text = "\n".join(lines) or "Nothing needs attention."
    say(as_json, {"data": [one.as_dict() for one in found]}, text)


@click.command()
@_extension
@workspace_option
@json_option
def repair(*, extension_id: str, workspace: str | None, as_json: bool) -> None:
    """Fetch the package of an installed extension again, by its digest."""
    with opened_core() as core:
        change = core.care.repairs.repair(operator(core.works, workspace), extension_id)
    _tell(as_json, change, "repaired")


def liveness(*, live: bool) -> str:
    """Say whether running workers serve a change already."""
    return " and every worker serves it so" if live else "; workers that run follow in a moment"


def _log_line(line: Mapping[str, Any]) -> str:
    fields = "".join(f" {name}={value}" for name, value in line["fields"].items())
    # Control characters of an extension must not reach the operator's terminal.
    text = "".join(one if one.isprintable() else " " for one in f"{line['message']}{fields}")
    return f"{line['at']}  {line['level']:<7}  {line['source']:<10}  {text}"


def _tell(as_json: bool, change: Change, done: str) -> None:  # noqa: FBT001 - handed through from the option
    name = change.installation["extension_id"]
    say(as_json, change.installation, f"{name} is {done}{liveness(live=change.live)}.")
