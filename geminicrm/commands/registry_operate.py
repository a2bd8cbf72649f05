"""`geminicrm registry serve | add | list | remove`."""

import base64
import binascii
import hashlib
import os
import re
import sys
from pathlib import Path
from typing import Final

import click

from geminicrm.commands.shared import columns, json_option, opened_core, say
from geminicrm.config import Settings
from geminicrm.identity.actor import SystemActor
from geminicrm.identity.people import list_workspaces
from geminicrm.kernel import logs
from geminicrm.kernel.metrics import clean_directory
from geminicrm.kernel.migrate import upgrade
from geminicrm.kernel.work import Works
from geminicrm.processes import registry as registry_process
from geminicrm.registry_app import build_registry_core
from marketplace.registries.service import Wish
from marketplace.signing.pins import ACTIVE, Pinned

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_MOST_KEY_BYTES: Final = 4096
_INPUT: Final = "-"
_METRICS: Final = "PROMETHEUS_MULTIPROC_DIR"


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return serve, list_command, add, remove


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Instead of PORT.")
@click.option("--private", is_flag=True, help="Nothing is read without a token of this registry.")
@click.option(
    "--review",
    type=click.Choice(["none", "unverified", "all"]),
    help="Whose versions wait for a moderator, instead of GEMINICRM_REGISTRY_REVIEW.",
)
def serve(*, port: int | None, private: bool, review: str | None) -> None:
    """Run a registry of your own, with a home and a database of its own."""
    given = {
        "PORT": str(port) if port else None,
        "GEMINICRM_REGISTRY_PRIVATE": "yes" if private else None,
        "GEMINICRM_REGISTRY_REVIEW": review,
    }
    os.environ.update({name: value for name, value in given.items() if value is not None})
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level, json=settings.production)
    settings.remember()
    folder = settings.home / "metrics"
    clean_directory(folder)
    os.environ[_METRICS] = str(folder)
    upgrade(settings.database_url)
    core = build_registry_core(settings)
    core.marketplace.keys.ensure()
    core.close()
    registry_process.become()


@click.command("list")
@json_option
def list_command(*, as_json: bool) -> None:
    """List the registries that this CRM takes packages from, in the order it asks them."""
    with opened_core() as core:
        found = core.marketplace.registries.list(whole_operator(core.works))
    rows = [("name", "address", "state", "installed", "key")]
    for each in found:
        keys = ", ".join(key[:16] for key in each["fingerprints"]) or "-"
        state = each["error"] or ("on" if each["enabled"] else "off")
        rows.append((each["name"], each["url"] or "-", state, str(each["installations"]), keys))
    say(as_json, {"data": found}, columns(rows))


@click.command()
@click.argument("name")
@click.argument("url")
@click.option("--key", metavar="KEYID-or-FILE", help="The key that it has to show.")
@click.option("--token", help="What it asks of readers, if it is private; - reads it from input.")
@click.option(
    "--trust-on-first-use",
    metavar="KEYID",
    help="Without --key: the fingerprint that it shows, typed to say that you believe it.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def add(  # noqa: PLR0913 - one for each option of the command
    *,
    name: str,
    url: str,
    key: str | None,
    token: str | None,
    trust_on_first_use: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Take packages from another registry too, and pin its keys.

    URL is its address, or file:///FOLDER for a mirror. KEYID is the fingerprint of its active key,
    a FILE holds that or the public key; learn it from whoever runs the registry, not from the
    registry itself.
    """
    secret = sys.stdin.readline().strip() if token == _INPUT else token
    wish = Wish(name=name, url=url.rstrip("/"), key=fingerprint(key), token=secret)
    with opened_core() as core:
        pin = core.marketplace.registries.look(wish)
        shown = ", ".join(pin.of_state(ACTIVE))
        chosen = wish.key or believed(name, pin, trust_on_first_use)
        click.echo(f"{name} shows the key {shown}.", err=True)
        if not yes:
            click.confirm("Pin it and take packages from there?", abort=True, err=True)
        pinned = Wish(name=name, url=wish.url, key=chosen, token=secret)
        made = core.marketplace.registries.add(whole_operator(core.works), pinned)
    say(as_json, made, f"{name} is a registry of this CRM now.")


@click.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Even if installations come from it: they run on.")
@json_option
def remove(*, name: str, force: bool, as_json: bool) -> None:
    """Take no more packages from a registry."""
    with opened_core() as core:
        core.marketplace.registries.remove(whole_operator(core.works), name, force=force)
    say(as_json, {"name": name, "removed": True}, f"{name} is removed.")


def whole_operator(works: Works) -> SystemActor:
    """Give the actor of who runs commands here, for what concerns no workspace in particular.

    The audit log of the oldest workspace, if there is one, tells what was done.
    """
    with works.across_workspaces("find a workspace for the audit log") as work:
        every = list_workspaces(work)
    return SystemActor(every[0].id if every else "", label="Operator")


def believed(name: str, pin: Pinned, typed: str | None) -> str:
    """Give the key that somebody typed, where it is the one shown; ClickException else."""
    active = list(pin.of_state(ACTIVE))
    if typed in active:
        return str(typed)
    found = ", ".join(active)
    lines = [
        f"{name} shows the key {found}.",
        "Nobody has said that this is its key, so nothing was added. Compare it with what whoever",
        "runs the registry tells you, then add it again with one of",
        f"  --key {active[0]}",
        f"  --trust-on-first-use {active[0]}",
    ]
    raise click.ClickException("\n".join(lines))


def fingerprint(key: str | None) -> str | None:
    """Read what --key says: a fingerprint, or a file with one or with a public key in base64."""
    if key is None or _FINGERPRINT.fullmatch(key):
        return key
    path = Path(key)
    if not path.is_file():
        raise click.UsageError(f"--key {key} is no fingerprint (64 hex digits) and no file.")
    text = path.read_bytes()[:_MOST_KEY_BYTES].decode("ascii", "replace").strip()
    if _FINGERPRINT.fullmatch(text):
        return text
    try:
        return hashlib.sha256(base64.b64decode(text, validate=True)).hexdigest()
    except binascii.Error:
        raise click.UsageError(f"{key} holds neither a fingerprint nor a public key.") from None
