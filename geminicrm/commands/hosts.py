"""`geminicrm supervisor | hosts`."""

import os
import sys
import time

import click

from geminicrm.commands.shared import json_option, say
from geminicrm.config import Settings
from geminicrm.processes.supervisor import words
from geminicrm.runtime.host.control import HostState, Look, States
from geminicrm.runtime.hosting.supervisor_client import SupervisorAway, SupervisorClient

_ANSWER_SECONDS = 5.0
_MIB = 1024 * 1024


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return supervisor, hosts


@click.command()
def supervisor() -> None:
    """Run installed extensions in locked processes."""
    settings = Settings.from_env(os.environ)
    # It takes the place of this process, so that nothing of the core stays in its memory.
    os.execv(sys.executable, [sys.executable, *words(settings)])  # noqa: S606 - our own module


@click.command()
@json_option
def hosts(*, as_json: bool) -> None:
    """Show the processes that extensions run in."""
    settings = Settings.for_command(os.environ)
    client = SupervisorClient(settings.home, starts=False)
    try:
        states = client.ask(Look(), time.monotonic() + _ANSWER_SECONDS)
    except SupervisorAway as error:
        raise click.ClickException(f"No supervisor runs here: {error}.") from error
    finally:
        client.close()
    if not isinstance(states, States):
        raise click.ClickException("The supervisor answered something else; see its log.")
    answer: dict[str, object] = {
        "zygote": states.zygote,
        "hosts": [_as_dict(state) for state in states.hosts],
    }
    say(as_json, answer, "\n".join(map(_line, states.hosts)) or "No extension runs in a host.")


def _as_dict(state: HostState) -> dict[str, object]:
    return {name: getattr(state, name) for name in state.__struct_fields__}


def _line(state: HostState) -> str:
    off = [f"{layer} {level}" for layer, level in state.level.items() if level.startswith("off")]
    parts = (
        f"{state.extension_id}  {state.installation_id}  {state.state}",
        f"pid {state.pid}  {state.age:.0f} s  {state.private_memory / _MIB:.1f} MiB",
        "; ".join(off) or "all locks on",
    )
    return "  ".join(parts)
