"""`geminicrm registry mirror | export | import`."""

import re
from pathlib import Path
from typing import Final

import click

from geminicrm.commands.registry_operate import believed, fingerprint, whole_operator
from geminicrm.commands.shared import json_option, opened_core, say
from marketplace.registries.mirror import Mirrored
from marketplace.registries.service import Wish

_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]+")
_key_option = click.option("--key", metavar="KEYID-or-FILE", help="The key that signs it.")


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return mirror, export, import_command


@click.command()
@click.argument("url")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@_key_option
@click.option("--token", help="What it asks of readers, if it is private.")
@json_option
def mirror(*, url: str, folder: Path, key: str | None, token: str | None, as_json: bool) -> None:
    """Keep a verified copy of all listed packages of a registry in a folder.

    Run it again to bring the copy up to date: its keys then have to lead to the present ones, and
    --key is not needed. Other CRMs add the folder as file:///DIR.
    """
    wish = Wish(name="mirrored", url=url.rstrip("/"), key=fingerprint(key), token=token)
    with opened_core() as core:
        if key is None and not (folder / "keys.json").exists():
            believed(url, core.marketplace.registries.look(wish), None)
        found = core.marketplace.bundles.mirror(wish, folder)
    _tell(found, str(folder), as_json=as_json)


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1)
@click.option(
    "-o", "target", required=True, metavar="BUNDLE", type=click.Path(path_type=Path),
    help="The file to write, a .tar.",
)  # fmt: skip
@json_option
def export(*, ids: tuple[str, ...], target: Path, as_json: bool) -> None:
    """Write listed extensions of this installation's registry into one file; all by default."""
    with opened_core() as core:
        found = core.marketplace.bundles.export(ids, target)
    _tell(found, str(target), as_json=as_json)


@click.command("import")
@click.argument("bundle", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_key_option
@click.option("--name", help="What to call the registry, if not by the name of the file.")
@json_option
def import_command(*, bundle: Path, key: str | None, name: str | None, as_json: bool) -> None:
    """Add the registry in a bundle, or bring the one of its name up to date.

    It is verified exactly as a registry over HTTP. --key is needed the first time.
    """
    chosen = name or _NOT_IN_NAMES.sub("-", bundle.stem.lower()).strip("-")
    wish = Wish(name=chosen, url="", key=fingerprint(key))
    with opened_core() as core:
        made = core.marketplace.bundles.bring_in(whole_operator(core.works), bundle, wish)
    say(as_json, made, f"{chosen} is a registry of this CRM now, from {bundle}.")


def _tell(found: Mirrored, where: str, *, as_json: bool) -> None:
    counts = {"extensions": found.extensions, "versions": found.versions, "bytes": found.bytes}
    text = f"{found.versions} versions of {found.extensions} extensions are in {where}."
    say(as_json, {"path": where, **counts}, text)
