"""`geminicrm jobs list | show | retry | cancel`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from geminicrm.app import Core
from geminicrm.commands.shared import (
    columns,
    json_option,
    opened_core,
    operator,
    say,
    workspace_option,
)
from geminicrm.identity.actor import SystemActor
from geminicrm.jobs.question import Question
from geminicrm.jobs.service import INSTANCE
from geminicrm.kernel.jobs.models import DEAD, STATES

_job = click.argument("job_id", metavar="ID")
_own = click.option("--own", is_flag=True, help="The CRM's own jobs, which are no workspace's.")


def commands() -> tuple[click.Command, ...]:
    """Give the group of this file, filled."""
    return (group,)


@click.group("jobs")
def group() -> None:
    """Look after what waits, runs and failed."""


@group.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--target", default="", help="Only those for this installation, by its id.")
@click.option("--limit", default=50, show_default=True, help="How many, 100 at most.")
@_own
@workspace_option
@json_option
def list_command(
    *, state: str | None, target: str, limit: int, own: bool, workspace: str | None, as_json: bool
) -> None:
    """List jobs: what waits or runs from the oldest on, other states from the latest on."""
    question = Question.parse({"state": state or "", "target": target, "limit": str(limit)})
    with opened_core() as core:
        actor = _actor(core, workspace, own=own)
        found = core.jobs.page(actor, question)
        summary = core.jobs.summary(actor)
    lines = [
        (one["id"], _what(one), one["target_name"] or one["target"], one["state"],
         f"{one['attempts']}/{one['max_attempts']}", _plain(one["note"] or one["last_error"] or ""))
        for one in found.data
    ]  # fmt: skip
    listed = columns([("JOB", "WHAT", "FOR", "STATE", "TRIES", ""), *lines]) if lines else ""
    more = ["There are more."] if found.next_cursor else []
    answer = {"data": found.data, "states": summary["states"], "next_cursor": found.next_cursor}
    say(as_json, answer, "\n".join(filter(None, [_counts(summary), listed, *more])))


@group.command()
@_job
@_own
@workspace_option
@json_option
def show(*, job_id: str, own: bool, workspace: str | None, as_json: bool) -> None:
    """Show one job with its event and why it failed last."""
    with opened_core() as core:
        job = core.jobs.get(_actor(core, workspace, own=own), job_id)
    texts = {
        name: json.dumps(value, ensure_ascii=True) if isinstance(value, dict) else _plain(value)
        for name, value in job.items()
        if name != "tries" and value not in (None, "", False)
    }
    width = max(map(len, texts))
    lines = [f"{name:<{width}}  {text}" for name, text in texts.items()]
    say(as_json, job, "\n".join([*lines, *_tries(job["tries"])]))


@group.command()
@click.argument("job_id", metavar="[ID]", required=False)
@click.option("--all", "every", is_flag=True, help="All failed ones of --target.")
@click.option("--target", help="With --all: the installation, by its id.")
@_own
@workspace_option
@json_option
def retry(
    *,
    job_id: str | None,
    every: bool,
    target: str | None,
    own: bool,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Queue a job again that failed or was cancelled, or all that failed for one target."""
    if (job_id is None) != every or every != (target is not None):
        raise click.UsageError("Name a job, or give --all together with --target.")
    with opened_core() as core:
        actor = _actor(core, workspace, own=own)
        if job_id is not None:
            say(as_json, core.jobs.retry(actor, job_id), f"{job_id} is queued again.")
            return
        retried = _retry_all(core, actor, target or "")
    say(as_json, {"retried": retried}, f"{retried} jobs are queued again.")


@group.command()
@_job
@_own
@workspace_option
@json_option
def cancel(*, job_id: str, own: bool, workspace: str | None, as_json: bool) -> None:
    """End a job that waits; ask one that runs to end."""
    with opened_core() as core:
        job = core.jobs.cancel(_actor(core, workspace, own=own), job_id)
    done = "was asked to end" if job["cancel_asked"] else "is cancelled"
    say(as_json, job, f"{job_id} {done}.")


def _actor(core: Core, slug: str | None, *, own: bool) -> SystemActor:
    return SystemActor(INSTANCE, label="Operator") if own else operator(core.works, slug)


def _retry_all(core: Core, actor: SystemActor, target: str) -> int:
    """Go on until none is left that can be queued; give how many were."""
    retried = 0
    kinds = [one["kind"] for one in core.jobs.failed(actor) if one["target"] == target]
    for kind in kinds:
        left = True
        while left:
            done = core.jobs.retry_all(actor, kind, target)
            retried, left = retried + done.retried, done.left and done.retried > 0
    return retried


def _counts(summary: Mapping[str, Any]) -> str:
    most = summary["most"]
    return ", ".join(
        f"{most}+ {_named(state)}" if count > most else f"{count} {_named(state)}"
        for state, count in summary["states"].items()
    )


def _named(state: str) -> str:
    return "failed" if state == DEAD else state


def _what(one: Mapping[str, Any]) -> str:
    return str(one["event_type"] or one["kind"])


def _tries(tries: Sequence[Mapping[str, Any]]) -> list[str]:
    if not tries:
        return []
    lines = [
        (one["at"], f"{one['seconds']:.1f} s", _worker(one["worker"]), _plain(one["error"]))
        for one in tries
    ]
    return ["", columns([("FAILED AT", "TOOK", "WORKER", "ERROR"), *lines])]


def _worker(worker: Mapping[str, Any] | None) -> str:
    return f"{_plain(worker['host'])}:{worker['pid']}" if worker else ""


def _plain(value: object) -> str:
    # Control characters of an extension must not reach the operator's terminal.
    return "".join(letter if letter.isprintable() else " " for letter in str(value))
