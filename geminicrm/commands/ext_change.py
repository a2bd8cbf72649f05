"""`geminicrm ext plan | upgrade | rollback | versions | removed | restore`: other versions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from geminicrm.app import Core
from geminicrm.commands.consent import (
    allow_unsigned,
    ask_consent,
    ask_trust,
    asked,
    failure,
    request_for,
)
from geminicrm.commands.ext_operate import liveness
from geminicrm.commands.plan_words import plan_words
from geminicrm.commands.shared import (
    columns,
    json_option,
    opened_core,
    operator,
    say,
    workspace_option,
)
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.errors import AppError
from geminicrm.runtime.changes import Change
from geminicrm.runtime.plan import Kind, Plan
from geminicrm.runtime.problems import InstallFailed

_extension = click.argument("extension_id", metavar="ID")


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return plan, upgrade, rollback, versions, removed, restore


@click.command()
@_extension
@click.option("--version", help="This version, not the newest that fits.")
@click.option("--upgrade", "action", flag_value="upgrade", help="What an upgrade would do.")
@click.option("--rollback", "action", flag_value="rollback", help="What a rollback would do.")
@click.option("--uninstall", "action", flag_value="uninstall", help="What an uninstall would do.")
@workspace_option
@json_option
def plan(
    *,
    extension_id: str,
    version: str | None,
    action: Kind | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Show what a change would do, without doing it.

    Without an option: what an upgrade of an installed extension would do, or an install of one that
    is not.
    """
    with opened_core() as core:
        found = _preview(core, operator(core.works, workspace), extension_id, version, action)
    say(as_json, found.to_dict(), "\n".join(plan_words(found)))


@click.command()
@click.argument("extension_id", metavar="ID", required=False)
@click.option("--version", help="This version, not the newest that fits.")
@click.option("--all", "everything", is_flag=True, help="All that ask for no more than they have.")
@click.option(
    "--yes", is_flag=True, help="Grant what the new version asks for, without a question."
)
@click.option("--unsigned", is_flag=True, help="Let in packages that nobody has signed.")
@workspace_option
@json_option
def upgrade(  # noqa: PLR0913 - one for each option of the command
    *,
    extension_id: str | None,
    version: str | None,
    everything: bool,
    yes: bool,
    unsigned: bool,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Put a newer version in the place of the one that runs.

    The version before serves until the new one does. What it may do more is shown and asked about,
    unless --yes agrees to it.
    """
    if (extension_id is None) != everything or (everything and version):
        raise click.UsageError("Name one extension, or say --all.")
    with opened_core() as core:
        actor = operator(core.works, workspace)
        if extension_id is None:
            _upgrade_all(core, actor, as_json=as_json)
            return
        found = _preview(core, actor, extension_id, version, "upgrade")
        _allow(core, found, unsigned=unsigned)
        granted = [line.scope for line in asked(found)]
        if found.needs_consent and not yes:
            granted = ask_consent(found)
        change = _upgrade(core, actor, found, granted)
    _tell(as_json, change, "is updated to")


@click.command()
@_extension
@click.argument("version", metavar="VERSION", required=False)
@workspace_option
@json_option
def rollback(
    *, extension_id: str, version: str | None, workspace: str | None, as_json: bool
) -> None:
    """Go back to an earlier version; its settings come back, what it stored stays as it is."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        try:
            change = core.life_cycle.upgrades.rollback(actor, extension_id, version)
        except InstallFailed as error:
            raise failure(error) from error
    _tell(as_json, change, "is back at")


@click.command()
@_extension
@workspace_option
@json_option
def versions(*, extension_id: str, workspace: str | None, as_json: bool) -> None:
    """List the versions that an extension has had here, the present one first."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        found = core.life_cycle.upgrades.versions(actor, extension_id)
    head = ("VERSION", "SINCE", "UNTIL", "OUTCOME", "ROLL BACK", "")
    say(as_json, {"data": found}, columns([head, *map(_version, found)]))


@click.command()
@workspace_option
@json_option
def removed(*, workspace: str | None, as_json: bool) -> None:
    """List what was uninstalled and can be brought back."""
    with opened_core() as core:
        found = core.life_cycle.removals.removed(operator(core.works, workspace))
    head = ("ID", "EXTENSION", "VERSION", "REMOVED", "UNTIL", "DATA")
    rows = [
        (
            one["id"],
            one["extension_id"],
            one["version"],
            one["removed_at"],
            one["expires_at"],
            f"{one['data']}, {one['documents']} document(s)",
        )
        for one in found
    ]
    say(as_json, {"data": found}, columns([head, *rows]) if rows else "Nothing was removed.")


@click.command()
@_extension
@workspace_option
@json_option
def restore(*, extension_id: str, workspace: str | None, as_json: bool) -> None:
    """Bring back what was uninstalled: the extension's last removal, or one by its own id."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        found = core.life_cycle.removals.removed(actor)
        meant = [one["id"] for one in found if extension_id in {one["id"], one["extension_id"]}]
        if not meant:
            raise click.ClickException(
                f"Nothing of {extension_id} can be brought back. `geminicrm ext removed` lists "
                "what can."
            )
        try:
            change = core.life_cycle.removals.restore(actor, meant[0])
        except InstallFailed as error:
            raise failure(error) from error
    _tell(as_json, change, "is back at")


def _preview(
    core: Core, actor: SystemActor, extension_id: str, version: str | None, action: Kind | None
) -> Plan:
    try:
        return core.life_cycle.preview(actor, extension_id, version, action, allow_unsigned=True)
    except InstallFailed as error:
        raise failure(error) from error


def _allow(core: Core, found: Plan, *, unsigned: bool) -> None:
    for one in found.every:
        if not (one.signed or one.built_in or unsigned or core.settings.allow_unsigned):
            allow_unsigned(one.extension_id, one.extension_id)
        if one.trust_required:
            ask_trust(one.extension_id, None)


def _upgrade(core: Core, actor: SystemActor, found: Plan, granted: list[str]) -> Change:
    try:
        return core.life_cycle.upgrades.upgrade(actor, request_for(found, granted))
    except InstallFailed as error:
        raise failure(error) from error


def _upgrade_all(core: Core, actor: SystemActor, *, as_json: bool) -> None:
    """Upgrade what asks for no more; say of the others why they wait."""
    done, waiting = [], []
    for one in core.life_cycle.upgrades.available(actor):
        name, reason = one["extension_id"], _why_not(core, actor, one)
        if reason:
            waiting.append({"extension_id": name, "version": one["latest"], "reason": reason})
        else:
            done.append({"extension_id": name, "version": one["latest"]})
    lines = [f"{one['extension_id']} is updated to {one['version']}." for one in done]
    lines += [f"{one['extension_id']} {one['version']}: {one['reason']}" for one in waiting]
    answer: dict[str, object] = {"updated": done, "waiting": waiting}
    say(as_json, answer, "\n".join(lines) or "Everything is up to date.")


def _why_not(core: Core, actor: SystemActor, one: Mapping[str, Any]) -> str:
    if one["held_back"]:
        return str(one["held_back"])
    if one["needs_consent"]:
        return "it asks for more; see `geminicrm ext plan`, then upgrade it by its id"
    try:
        found = core.life_cycle.preview(actor, one["extension_id"], one["latest"], "upgrade")
        if found.needs_consent or found.trust_required:
            return "what comes with it asks for more; upgrade it by its id"
        core.life_cycle.upgrades.upgrade(actor, request_for(found, []))
    except AppError as error:
        return error.detail
    return ""


def _version(one: Mapping[str, Any]) -> Sequence[str]:
    outcome = "runs now" if one["current"] else one["outcome"] or ""
    back = "yes" if one["can_roll_back"] else ""
    return one["version"], one["since"], one["until"] or "", outcome, back, one["reason"] or ""


def _tell(as_json: bool, change: Change, done: str) -> None:  # noqa: FBT001 - handed through from the option
    one = change.installation
    for warning in change.warnings:
        click.echo(f"warning: {warning}", err=True)
    answer = {
        **one,
        "steps": [asdict(step) for step in change.steps],
        "warnings": list(change.warnings),
    }
    line = f"{one['extension_id']} {done} {one['version']}{liveness(live=change.live)}."
    say(as_json, answer, line)
