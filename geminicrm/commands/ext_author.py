"""`geminicrm ext new | check | pack`: what authors of extensions do."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from geminicrm import __version__
from geminicrm.commands.shared import json_option, say
from geminicrm.identity.permissions import EXTENSION_SCOPES
from geminicrm.runtime.authoring.new import create_extension
from geminicrm.runtime.check.folder import CheckFinding
from geminicrm.runtime.check.run import AUTHOR_RULES, check_folder
from marketplace.packages import pack

_folder = click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return new, check, pack_command


@click.command()
@click.argument("extension_id", metavar="ID")
@click.option("--name", help="The name for people; made from the id where it is not given.")
@click.option(
    "--in",
    "place",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="The folder that the new one is made in.",
)
@json_option
def new(*, extension_id: str, name: str | None, place: Path, as_json: bool) -> None:
    """Start an extension: a small one that works, to be changed step by step."""
    with _writing(place):
        made = create_extension(extension_id, place, name=name)
    files = sorted(str(file.relative_to(made)) for file in made.rglob("*") if file.is_file())
    lines = (
        f"{made} is made. What comes next:",
        f"  geminicrm ext check {made}",
        f"  geminicrm ext install {made} --unsigned",
        f"  change {made / 'extension.py'}; docs/hooks.md lists what an extension can take part in",
        f"  geminicrm ext pack {made}",
    )
    say(as_json, {"id": extension_id, "folder": str(made), "files": files}, "\n".join(lines))


@click.command()
@_folder
@json_option
def check(*, folder: Path, as_json: bool) -> None:
    """Check an extension's folder without running it; exit 1 where there are errors.

    Each line names file and line, severity, what is wrong and how to mend it.
    """
    found = _check(folder)
    errors = sum(one.severity == "error" for one in found)
    total = f"{errors} errors, {len(found) - errors} warnings"
    answer = {"ok": not errors, "findings": [asdict(one) for one in found]}
    say(as_json, answer, "\n".join([*map(str, found), f"{folder.resolve().name}: {total}"]))
    sys.exit(1 if errors else 0)


@click.command("pack")
@_folder
@click.option(
    "-o",
    "out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    default=".",
    help="The package, or the folder for it; else <id>-<version>.gcx in this folder.",
)
@json_option
def pack_command(*, folder: Path, out: Path, as_json: bool) -> None:
    """Pack a folder; the same files always give the same bytes. One with errors is refused."""
    refuse_errors(folder)
    with _writing(out):
        packed = pack(folder, out)
    answer: dict[str, object] = {
        "id": packed.id,
        "version": packed.version,
        "file": str(packed.path),
        "digest": packed.digest,
    }
    say(as_json, answer, f"{packed.path}  {packed.digest}")


def refuse_errors(folder: Path) -> None:
    """Stop the command where a folder has errors, with each of them on a line."""
    errors = [one for one in _check(folder) if one.severity == "error"]
    if errors:
        head = f"{folder.resolve().name} has {len(errors)} errors:"
        raise click.ClickException("\n".join([head, *map(str, errors)]))


def _check(folder: Path) -> list[CheckFinding]:
    return check_folder(
        folder, known_scopes=EXTENSION_SCOPES, core_version=__version__, rules=AUTHOR_RULES
    )


@contextlib.contextmanager
def _writing(place: Path) -> Iterator[None]:
    """Turn what the file system refuses into an answer instead of a trace."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"{place} can't be written: {error}.") from error
