"""`geminicrm ext install`: from an id, a package or a folder, with consent."""

import contextlib
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import click

from geminicrm.app import Core
from geminicrm.commands.consent import (
    allow_unsigned,
    ask_consent,
    ask_trust,
    failure,
    request_for,
)
from geminicrm.commands.ext_author import refuse_errors
from geminicrm.commands.ext_operate import liveness
from geminicrm.commands.shared import (
    json_option,
    opened_core,
    operator,
    say,
    workspace_option,
)
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.errors import AppError, ValidationFailed
from geminicrm.runtime.changes import Change
from geminicrm.runtime.plan import Plan
from geminicrm.runtime.problems import AlreadyInstalled, InstallFailed, NotInstalled
from marketplace.inspection import PackageRefused
from marketplace.offer import publish_file
from marketplace.package_reader import open_package
from marketplace.packages import SUFFIX, pack
from marketplace.signed_package import split_package

_SUFFIXES: Final = (SUFFIX, ".zip")


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """What the command line says."""

    target: str
    version: str | None
    yes: bool
    unsigned: bool
    trust: str | None


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return (install,)


@click.command()
@click.argument("target", metavar="ID-or-FILE-or-DIR")
@click.option("--version", help="With an id: this version, not the newest.")
@click.option("--yes", is_flag=True, help="Grant exactly the permissions that its manifest asks.")
@click.option(
    "--unsigned",
    is_flag=True,
    help="Let in this one package, which nobody has signed. It runs locked up like any other.",
)
@click.option(
    "--trust",
    metavar="ID",
    help="Where this machine can't lock extensions up: the extension's id, typed to say that its "
    "code may do whatever this server can.",
)
@workspace_option
@json_option
def install(  # noqa: PLR0913 - one for each option of the command
    *,
    target: str,
    version: str | None,
    yes: bool,
    unsigned: bool,
    trust: str | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Install an extension in a workspace.

    An ID is looked up in the marketplace of this installation. A FILE (.gcx or .zip), or a DIR
    with a manifest.json, is published there first, and a published version never changes: raise
    the version before you install a changed one.

    What it may do is shown and asked about, unless --yes agrees to it.
    """
    wish = _Wish(target=target, version=version, yes=yes, unsigned=unsigned, trust=trust)
    with opened_core() as core:
        actor = operator(core.works, workspace)
        change = _install(core, actor, wish)
    shown = change.installation
    for warning in change.warnings:
        click.echo(f"warning: {warning}", err=True)
    steps = [asdict(step) for step in change.steps]
    answer = {**shown, "steps": steps, "warnings": list(change.warnings)}
    lines = [
        f"{shown['extension_id']} {shown['version']} is installed{liveness(live=change.live)}."
    ]
    if shown["missing_settings"]:
        names = ", ".join(shown["missing_settings"])
        where = f"{core.settings.public_url}/installed/{shown['extension_id']}/settings"
        lines.append(f"Fill in {names} at {where}")
    say(as_json, answer, "\n".join(lines))


def _install(core: Core, actor: SystemActor, wish: _Wish) -> Change:
    name, version, let_in = wish.target, wish.version, _is_path(wish.target)
    if let_in:
        if wish.version is not None:
            raise click.UsageError("--version goes with an id: a package has its own version.")
        name, version = _publish(core, actor, wish)
    _refuse_second(core, actor, name)
    plan = core.life_cycle.plan(actor, name, version, allow_unsigned=True)
    for one in plan.every:
        if not (let_in and one is plan) and not (one.signed or one.built_in):
            _allow_unsigned(core, one.extension_id, wish)
        if one.trust_required:
            ask_trust(one.extension_id, wish.trust if one is plan else None)
    granted = [line.scope for line in plan.scopes] if wish.yes else ask_consent(plan)
    return _act(core, actor, plan, granted)


def _act(core: Core, actor: SystemActor, plan: Plan, granted: list[str]) -> Change:
    try:
        return core.life_cycle.install(actor, request_for(plan, granted))
    except InstallFailed as error:
        raise failure(error) from error


def _refuse_second(core: Core, actor: SystemActor, name: str) -> None:
    """Say so before anybody is asked anything."""
    with contextlib.suppress(NotInstalled):
        core.life_cycle.get(actor, name)
        raise AlreadyInstalled(name)


def _allow_unsigned(core: Core, name: str, wish: _Wish) -> None:
    if not (wish.unsigned or core.settings.allow_unsigned):
        allow_unsigned(name, wish.target)


def _is_path(target: str) -> bool:
    path = Path(target)
    named = "/" in target or target.endswith(_SUFFIXES)
    if named and not path.exists():
        raise click.UsageError(f"There is no file or folder {target}.")
    return named or path.is_file() or (path / "manifest.json").is_file()


def _publish(core: Core, actor: SystemActor, wish: _Wish) -> tuple[str, str]:
    """Publish a package or folder once it is let in; give its id and version."""
    path = Path(wish.target)
    if path.is_dir():
        refuse_errors(path)
        with tempfile.TemporaryDirectory(prefix="geminicrm-pack-") as name:
            return _publish_file(core, actor, pack(path, Path(name)).path, wish)
    return _publish_file(core, actor, path, wish)


def _publish_file(core: Core, actor: SystemActor, path: Path, wish: _Wish) -> tuple[str, str]:
    name = ""
    try:
        name = open_package(split_package(path.read_bytes())[0]).id
        _refuse_second(core, actor, name)
        _allow_unsigned(core, name, wish)
        release = publish_file(core.registry, actor, path).release
    except AppError as error:
        subject = f"{name} ({wish.target})" if name else wish.target
        detail = "it has errors." if isinstance(error, ValidationFailed) else error.detail
        head = f"{subject} was not installed, its package was refused: {detail}"
        raise click.ClickException("\n".join([head, *_lines(error)])) from error
    return release.extension_id, release.version


def _lines(error: AppError) -> list[str]:
    """Give the findings of an error, each on a line with its place."""
    if not isinstance(error, ValidationFailed):
        return []
    where = "manifest.json " if isinstance(error, PackageRefused) else ""
    return [
        f"  {where}{found.pointer}: {found.message}" if found.pointer else f"  {found.message}"
        for found in error.findings
    ]
