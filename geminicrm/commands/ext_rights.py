"""`geminicrm ext permissions | trust | distrust`: what extensions may do, and who sees to it."""

import sys
from typing import Any

import click

from geminicrm.commands.ext_operate import liveness
from geminicrm.commands.shared import (
    columns,
    json_option,
    opened_core,
    operator,
    say,
    workspace_option,
)
from geminicrm.runtime.changes import Change
from geminicrm.runtime.enforcement import ENFORCED_WORDS, TRUST_WORDS, enforced_by
from geminicrm.runtime.service import LifeCycle

_extension = click.argument("extension_id", metavar="ID")
_USE = ("GRANTED", "USED", "REFUSED", "LAST USED", "")


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return permissions, trust, distrust


@click.command()
@_extension
@click.option("--remove", metavar="SCOPE", multiple=True, help="Take this permission away.")
@click.option("--give", metavar="SCOPE", multiple=True, help="Grant this one that it asks for.")
@workspace_option
@json_option
def permissions(
    *,
    extension_id: str,
    remove: tuple[str, ...],
    give: tuple[str, ...],
    workspace: str | None,
    as_json: bool,
) -> None:
    """Show what an extension may do and what of it was used, or change what it may do.

    What is taken away is refused at once, also in calls that are running.
    """
    with opened_core() as core:
        actor = operator(core.works, workspace)
        if remove or give:
            core.life_cycle.change_grant(actor, extension_id, give=give, remove=remove)
        found = core.life_cycle.inventory.permissions(actor, extension_id)
    say(as_json, found, "\n".join(_shown(extension_id, found)))


@click.command()
@_extension
@click.option("--confirm", metavar="ID", help="The extension's id once more, instead of typing it.")
@workspace_option
@json_option
def trust(*, extension_id: str, confirm: str | None, workspace: str | None, as_json: bool) -> None:
    """Run an extension as a plain process that nothing confines.

    It then has the rights of this server, whatever its permissions say.
    """
    with opened_core() as core:
        actor = operator(core.works, workspace)
        typed = confirm if confirm is not None else _typed(core.life_cycle, actor, extension_id)
        change = core.life_cycle.trust(actor, extension_id, typed)
    _tell(as_json, change, "is trusted: nobody enforces its permissions any more")


@click.command()
@_extension
@workspace_option
@json_option
def distrust(*, extension_id: str, workspace: str | None, as_json: bool) -> None:
    """Run an extension in a locked process again."""
    with opened_core() as core:
        change = core.life_cycle.distrust(operator(core.works, workspace), extension_id)
    _tell(as_json, change, "runs in a locked process again")


def _typed(life: LifeCycle, actor: Any, extension_id: str) -> str:
    """Ask for the id; whoever can't be asked gets what it means and how to say so."""
    if life.get(actor, extension_id)["built_in"]:
        return ""  # refused whatever is typed
    if not sys.stdin.isatty():
        raise click.ClickException(
            f"{TRUST_WORDS} If you want that, repeat the command with --confirm {extension_id}."
        )
    click.echo(TRUST_WORDS, err=True)
    typed: str = click.prompt("Its id", default="", show_default=False, err=True)
    return typed


def _shown(extension_id: str, found: dict[str, Any]) -> list[str]:
    scopes = [(line["scope"], *_use(line), line["sentence"]) for line in found["data"]]
    hosts = [(_host(line), *_use(line), line["reason"]) for line in found["hosts"]]
    lines = [f"{extension_id} asks for no permission."]
    if scopes:
        lines = [columns([("PERMISSION", *_USE), *scopes])]
    if hosts:
        lines += ["", columns([("HOST", *_USE), *hosts])]
    return [*lines, "", ENFORCED_WORDS[enforced_by(found["isolation"])]]


def _host(line: dict[str, Any]) -> str:
    return line["host"] or f"(none yet in {line['setting']})"


def _use(line: dict[str, Any]) -> tuple[str, ...]:
    granted = "yes" if line["granted"] else "no"
    return granted, str(line["used"]), str(line["refused"]), line["last_used_on"] or "never"


def _tell(as_json: bool, change: Change, done: str) -> None:  # noqa: FBT001 - handed through from the option
    name = change.installation["extension_id"]
    say(as_json, change.installation, f"{name} {done}{liveness(live=change.live)}.")
