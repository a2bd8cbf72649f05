"""`geminicrm ext lock`: the exact Python packages of an extension, with their hashes."""

from pathlib import Path

import click

from geminicrm import __version__
from geminicrm.commands.shared import json_option, say
from geminicrm.identity.permissions import EXTENSION_SCOPES
from geminicrm.kernel.errors import AppError
from geminicrm.runtime.check.folder import open_folder
from geminicrm.runtime.manifest import Manifest, ManifestInvalid
from geminicrm.runtime.requirements.lock_file import LOCK_FILE, Pin, write_lock
from geminicrm.runtime.requirements.locking import HEAD, Locker
from geminicrm.runtime.requirements.problems import FetchFailed
from geminicrm.runtime.requirements.provide import wanted_by


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return (lock,)


@click.command()
@click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--python",
    "pythons",
    metavar="VERSION",
    multiple=True,
    help="Another version of Python, such as 3.12, whose wheels are to fit too; may be repeated.",
)
@json_option
def lock(*, folder: Path, pythons: tuple[str, ...], as_json: bool) -> None:
    """Write requirements.lock: the versions and hashes of what `requires.python` leads to.

    pip looks for them, for this interpreter, in the index that it is set to; only wheels count.
    Left out is what each host has for itself, and what lies in wheels/.
    """
    try:
        manifest = _manifest(folder)
        pins = Locker().pins(wanted_by(manifest), folder / "wheels", pythons)
    except (AppError, FetchFailed) as error:
        raise click.ClickException(str(error)) from error
    path = folder / LOCK_FILE
    if pins:
        path.write_text(write_lock(pins, HEAD), "utf-8")
    answer: dict[str, object] = {
        "file": str(path) if pins else None,
        "packages": [_shown(pin) for pin in pins],
    }
    say(as_json, answer, _text(path, pins))


def _manifest(folder: Path) -> Manifest:
    found = open_folder(folder, known_scopes=EXTENSION_SCOPES, core_version=__version__)
    if found.manifest is None:
        raise ManifestInvalid(found.manifest_findings)
    return found.manifest


def _shown(pin: Pin) -> dict[str, object]:
    return {"name": pin.name, "version": str(pin.version), "hashes": list(pin.hashes)}


def _text(path: Path, pins: tuple[Pin, ...]) -> str:
    if not pins:
        return "There is nothing to lock: all of it is the host's own, or lies in wheels/."
    lines = [f"  {pin.name} {pin.version}" for pin in pins]
    return "\n".join([f"{path} has {len(pins)} packages:", *lines])
