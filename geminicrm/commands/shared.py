"""What commands have in common: the core they work on, the workspace they mean, their answers."""

import contextlib
import os
from collections.abc import Iterator, Sequence

import click
import orjson

from geminicrm.app import Core, build_core
from geminicrm.config import Settings
from geminicrm.identity.actor import SystemActor
from geminicrm.identity.models import Workspace
from geminicrm.identity.people import find_workspace, list_workspaces
from geminicrm.kernel import logs
from geminicrm.kernel.work import Works

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
workspace_option = click.option(
    "--workspace", metavar="SLUG", help="The workspace; needed where there are several."
)


@contextlib.contextmanager
def opened_core(kind: str = "command") -> Iterator[Core]:
    """Give the core of this command, closed again at its end; only warnings are logged."""
    settings = Settings.for_command(os.environ)
    logs.configure("WARNING", json=settings.production)
    core = build_core(settings, kind)
    try:
        yield core
    finally:
        core.close()


def chosen_workspace(works: Works, slug: str | None) -> Workspace:
    """Find the workspace that is meant; the only one where none is named."""
    with works.across_workspaces("find the workspace of a command") as work:
        if slug is not None:
            named = find_workspace(work, slug)
            if named is None:
                raise click.ClickException(f"There is no workspace {slug!r}.")
            return named
        every = list_workspaces(work)
    if len(every) != 1:
        slugs = ", ".join(workspace.slug for workspace in every) or "none; run `geminicrm demo`"
        raise click.ClickException(f"Name one with --workspace. There are: {slugs}.")
    return every[0]


def operator(works: Works, slug: str | None) -> SystemActor:
    """Give the actor of whoever can run commands on this machine."""
    return SystemActor(chosen_workspace(works, slug).id, label="Operator")


def say(as_json: bool, answer: dict[str, object], text: str) -> None:  # noqa: FBT001 - handed through from the option
    """Print the answer for a program or for a person."""
    click.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode() if as_json else text)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Put cells under each other; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
