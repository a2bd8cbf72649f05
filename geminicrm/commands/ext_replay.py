"""`geminicrm ext replay`: a recorded event once more, tried or for real."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import click

from geminicrm.commands.shared import (
    json_option,
    opened_core,
    operator,
    say,
    workspace_option,
)
from geminicrm.runtime.dry_run import text_of

_OUTCOMES = {
    "ok": "it would have worked",
    "error": "it would have failed",
    "timeout": "it would not have returned in time",
    "not_wanted": "it would not get this event",
}


def commands() -> tuple[click.Command, ...]:
    """Give the command of this file."""
    return (replay,)


@click.command()
@click.argument("extension_id", metavar="ID")
@click.argument("event_id", metavar="EVENT")
@click.option("--dry-run", is_flag=True, help="Change and send nothing; show what it would do.")
@click.option("--version", help="Try this version, not the installed one; for dry runs.")
@click.option("--unsigned", is_flag=True, help="Let a version be tried that nobody has signed.")
@workspace_option
@json_option
def replay(  # noqa: PLR0913 - one for each option of the command
    *,
    extension_id: str,
    event_id: str,
    dry_run: bool,
    version: str | None,
    unsigned: bool,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Hand a recorded event to an extension once more, as a further attempt.

    With --dry-run nothing is changed or sent: what it reads is real, what it would do is listed in
    order. Exit 1 where it would not have worked.
    """
    if version is not None and not dry_run:
        raise click.UsageError("--version is for dry runs: say --dry-run too.")
    with opened_core() as core:
        actor = operator(core.works, workspace)
        if not dry_run:
            queued = core.replays.again(actor, extension_id, event_id)
            line = f"{event_id} is on its way to {extension_id} again, as attempt {queued.attempt}."
            say(as_json, {"dry_run": False, **asdict(queued)}, line)
            return
        trial = core.replays.dry_run(
            actor, extension_id, event_id, version, allow_unsigned=unsigned
        ).to_dict()
    say(as_json, trial, _printable("\n".join(_words(trial))))
    sys.exit(0 if trial["outcome"] == "ok" else 1)


def _words(trial: Mapping[str, Any]) -> Iterator[str]:
    event = trial["event"]
    yield f"{trial['extension_id']} {trial['version']}, {event['type']} {event['id']}, dry run"
    for number, one in enumerate(trial["actions"], 1):
        yield f"{number:>3}. {_action(one)}"
    if not trial["actions"]:
        yield "     It would have changed and sent nothing."
    for line in trial["logs"]:
        fields = "".join(f" {name}={value}" for name, value in line["fields"].items())
        yield f"     {line['level']}: {line['message']}{fields}"
    where = f" at {trial['where']}" if trial["where"] else ""
    reason = f": {trial['reason']}{where}" if trial["reason"] else ""
    yield f"{_OUTCOMES[trial['outcome']]}, {trial['milliseconds']} ms{reason}"


def _action(one: Mapping[str, Any]) -> str:
    parts = [f"{one['door']}.{one['operation']}", one["target"], text_of(one["data"])]
    came = f"refused, {one['error']}" if one["error"] else text_of(one["result"]) or "done"
    return f"{'  '.join(part for part in parts if part)}  ->  {came}"


def _printable(text: str) -> str:
    """Keep what an extension says from steering the operator's terminal."""
    return "".join(one if one.isprintable() or one == "\n" else " " for one in text)
