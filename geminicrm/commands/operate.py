"""`geminicrm serve | web | worker | db | demo | doctor | keys`."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from geminicrm import demo as demo_data
from geminicrm.app import METRICS_VARIABLE, build_core
from geminicrm.commands.shared import json_option, opened_core, say
from geminicrm.config import Settings, put_key_first
from geminicrm.connections.reencryption import reencrypt as reencrypt_connections
from geminicrm.diagnosis import diagnose
from geminicrm.kernel import logs
from geminicrm.kernel.crypto import new_key
from geminicrm.kernel.metrics import clean_directory
from geminicrm.kernel.migrate import upgrade
from geminicrm.mail.sealing import reencrypt as reencrypt_links
from geminicrm.processes import lifeline
from geminicrm.processes import serve as serve_process
from geminicrm.processes import web as web_process
from geminicrm.processes import worker as worker_process
from geminicrm.runtime.reencryption import reencrypt
from geminicrm.webhooks.incoming.addresses import reencrypt as reencrypt_addresses
from geminicrm.webhooks.outgoing.keys import reencrypt as reencrypt_webhooks
from marketplace.blob_care import move_in
from marketplace.offer import built_in_folder, offer_builtins


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return serve, web, worker, db, demo, doctor, keys


@click.command()
@click.option("--demo", "with_demo", is_flag=True, help="Load the demo once; loopback only.")
def serve(*, with_demo: bool) -> None:
    """Start everything this machine needs, in one tree."""
    if with_demo:
        os.environ.setdefault("GEMINICRM_ALLOW_UNSIGNED", "yes")
        os.environ["GEMINICRM_HOST"] = "127.0.0.1"
    settings = _settings()
    settings.remember()
    clean_directory(_metrics_folder(settings))
    upgrade(settings.database_url)
    with opened_core() as core:
        core.marketplace.keys.ensure()
        move_in(core.works, core.marketplace.blobs, settings.home)
        offer_builtins(core.registry, built_in_folder())
        if with_demo:
            demo_data.ensure(core)
    serve_process.become(with_demo=with_demo)


@click.command()
def web() -> None:
    """Serve pages and the API."""
    settings = _settings()
    _share_metrics(settings)
    lifeline.hold_on(os.environ)
    web_process.run(settings)


@click.command()
def worker() -> None:
    """Hand out events and do what waits."""
    settings = _settings()
    _share_metrics(settings)
    lifeline.hold_on(os.environ)
    worker_process.run(build_core(settings, "worker"))


@click.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the tables up to this version."""
    settings = _settings(Settings.for_command)
    upgrade(settings.database_url)
    click.echo("The database is up to date.")


@click.command()
@json_option
def demo(*, as_json: bool) -> None:
    """Load the demo workspace, once."""
    upgrade(_settings(Settings.for_command).database_url)
    with opened_core() as core:
        core.marketplace.keys.ensure()
        offer_builtins(core.registry, built_in_folder())
        made = demo_data.ensure(core)
    answer: dict[str, object] = {"url": made.url, "email": made.email, "password": made.password}
    say(as_json, answer, f"{made.url}  {made.email}  {made.password}")


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check machine and configuration, and say what to mend."""
    found = diagnose(os.environ)
    lines = [f"{'ok  ' if line.ok else 'MEND'}  {line.name}: {line.detail}" for line in found]
    well = all(line.ok for line in found)
    say(
        as_json,
        {"ok": well, "checks": [line.as_dict() for line in found]},
        "\n".join(lines),
    )
    sys.exit(0 if well else 1)


@click.group()
def keys() -> None:
    """Make and change encryption keys."""


@keys.command("new")
def keys_new() -> None:
    """Print a new key, for GEMINICRM_ENCRYPTION_KEYS or the home's keys file."""
    click.echo(new_key())


@keys.command("rotate")
def keys_rotate() -> None:
    """Encrypt every stored secret with the first key.

    The new key goes in front: of GEMINICRM_ENCRYPTION_KEYS, or, where that is not set, of the
    home's keys file, which this command does by itself; processes that run take it up when they
    meet it. Old keys stay until every process was restarted.
    """
    settings = _settings(Settings.for_command)
    if not os.environ.get("GEMINICRM_ENCRYPTION_KEYS"):
        put_key_first(settings.home, new_key(), settings.encryption_keys)
    with opened_core() as core:
        count = reencrypt(core.works, core.cipher) + core.marketplace.keys.reencrypt()
        count += reencrypt_connections(core.works, core.generations, core.cipher)
        count += reencrypt_links(core.works, core.cipher)
        count += reencrypt_webhooks(core.works, core.generations, core.cipher)
        count += reencrypt_addresses(core.works, core.cipher)
        count += core.marketplace.registries.reencrypt() + core.own_packages.reencrypt()
    click.echo(f"{count} secrets encrypted with the first key. Restart every process.")


def _metrics_folder(settings: Settings) -> Path:
    folder = settings.home / "metrics"
    os.environ[METRICS_VARIABLE] = str(folder)
    return folder


def _share_metrics(settings: Settings) -> None:
    """Have this process count where its siblings do.

    The metrics library looks at the variable when it is imported, which is done by now: so the
    process becomes itself once more, with the variable set.
    """
    if METRICS_VARIABLE not in os.environ:
        _metrics_folder(settings).mkdir(parents=True, exist_ok=True)
        os.execv(sys.executable, [sys.executable, "-m", "geminicrm", *sys.argv[1:]])  # noqa: S606 - the program is ourselves, no shell and no words from outside


def _settings(read: Callable[[Mapping[str, str]], Settings] = Settings.from_env) -> Settings:
    settings = read(os.environ)
    logs.configure(settings.log_level, json=settings.production)
    return settings
