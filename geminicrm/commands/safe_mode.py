"""`geminicrm safe-mode on | off | status`: running without any extension."""

import os

import click

from geminicrm.commands.shared import json_option, say
from geminicrm.config import Settings
from geminicrm.kernel.clock import SystemClock
from geminicrm.runtime.safe_mode import SafeMode, SafeState


def commands() -> tuple[click.Command, ...]:
    """Give the group of this file, filled."""
    return (group,)


@click.group("safe-mode")
def group() -> None:
    """Run without any extension, or with them again."""


@group.command("on")
@click.option("--reason", default="", help="Why, for whoever looks.")
@json_option
def turn_on(*, reason: str, as_json: bool) -> None:
    """Stop all extensions on this machine at once."""
    safe = _safe_mode()
    safe.enter("operator", reason or "Turned on by command.", SystemClock().now())
    _tell(as_json, safe.state())


@group.command("off")
@json_option
def turn_off(*, as_json: bool) -> None:
    """Let extensions run again; running workers follow by themselves."""
    safe = _safe_mode()
    safe.leave()
    _tell(as_json, safe.state())


@group.command("status")
@json_option
def status(*, as_json: bool) -> None:
    """Tell whether safe mode is on, and why."""
    _tell(as_json, _safe_mode().state())


def _safe_mode() -> SafeMode:
    # Without a core: it works where the database is away and the keys are lost.
    settings = Settings.for_command(os.environ)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return SafeMode(settings.home, settings.safe_mode)


def _tell(as_json: bool, state: SafeState) -> None:  # noqa: FBT001 - handed through from the option
    if not state.on:
        say(as_json, state.as_dict(), "Safe mode is off: extensions run.")
        return
    since = f" since {state.since}" if state.since else ""
    line = f"Safe mode is on{since}: no extension runs. {state.reason}"
    say(as_json, state.as_dict(), line.strip())
