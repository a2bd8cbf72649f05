"""The points where an extension may take part. This file is the whole list.

A name tells its kind: `collect_*` gives something, `before_*` may refuse, `on_*` looks on after the
commit, `run_*` does what was asked for. Implement a hook as a method of your `ExtensionBase` class
under `@hookimpl`, with the arguments that you need out of those named here. Each extension is
called on its own: an error or an overrun counts against that extension alone and is shown on its
page; after several in a row it is left out for a while.
"""

import inspect
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import pluggy

from extensions.sdk.blocks import Badge, BlockLike
from extensions.sdk.events import Event
from extensions.sdk.jobs import Job, Schedule
from extensions.sdk.records import Record, RecordChange

PROJECT_NAME: Final = "geminicrm"

hookspec: Final = pluggy.HookspecMarker(PROJECT_NAME)
hookimpl: Final = pluggy.HookimplMarker(PROJECT_NAME)

BUDGET_SECONDS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "collect_panel": 2.0,
        "collect_widget": 2.0,
        "collect_settings_panel": 2.0,
        "collect_badges": 0.5,
        "before_record_save": 1.0,
        "on_event": 30.0,
        "on_schedule": 60.0,
        "run_job": 300.0,
        "run_operation": 60.0,
    }
)
"""Seconds that one call of one extension may take; its keys are the names of all hooks."""


def hook_arguments(name: str) -> tuple[str, ...]:
    """Give the names of the arguments of a hook; an implementation takes any of them."""
    return tuple(inspect.signature(globals()[name]).parameters)


@hookspec
def collect_panel(panel: str, record_type: str, record: Record) -> Sequence[BlockLike] | None:
    """Give the blocks of one panel on a record's page.

    Fires when the panel is loaded, just after the page itself, for each entry of the manifest's
    `ui.record_panels` that fits the record; `panel` is the entry's id.
    Return blocks (see `extensions.sdk.blocks`), or None to show nothing.
    Budget: 2 seconds.
    """


@hookspec
def collect_widget(widget: str) -> Sequence[BlockLike] | None:
    """Give the blocks of one widget on the dashboard.

    Fires when the dashboard is loaded, for each entry of the manifest's `ui.dashboard_widgets`;
    `widget` is the entry's id.
    Return blocks, or None to show nothing.
    Budget: 2 seconds.
    """


@hookspec
def collect_settings_panel() -> Sequence[BlockLike] | None:
    """Give blocks to show beside the settings form, such as a connection's state or set-up steps.

    Fires when an admin opens the extension's settings page.
    Return blocks, or None to show nothing.
    Budget: 2 seconds.
    """


@hookspec
def collect_badges(record_type: str, records: Sequence[Record]) -> Mapping[str, Badge] | None:
    """Give small labels for records on lists and pages.

    Fires once for all the records that a page shows.
    Return badges by record id (records without a badge are left out), or None for none.
    Budget: 0.5 seconds.
    """


@hookspec
def before_record_save(change: RecordChange) -> None:
    """Look at a change before it is saved, and refuse it if it must not be.

    Fires on every creation and update of a record, by people, programs and extensions, before the
    write transaction begins; the draft can't be changed here.
    Return nothing; raise `extensions.sdk.errors.Refused(reason, field)` to refuse. Another error,
    or an overrun, does not stop the change.
    Budget: 1 second.
    """


@hookspec
def on_event(event: Event) -> None:
    """Take note of something that happened.

    Fires after the commit for each event whose type is listed under the manifest's `events`
    (wildcards such as `lead.*` count), at least once, those of one record in order.
    Return nothing; an error means: try again later with a higher `event.attempt`. Raise
    `extensions.sdk.errors.Unavailable` where that was to be expected, such as an outside service
    that is down: it does not count against the extension.
    Budget: 30 seconds.
    """


@hookspec
def on_schedule(schedule: Schedule) -> None:
    """Do what comes round.

    Fires for each entry of the manifest's `schedules` when its time has come in the workspace's
    zone, at least once, on one machine; `schedule.id` is the entry's id.
    Return nothing; an error means: try again, twice at most. `Unavailable` as in `on_event`. Long
    work belongs into jobs: `self.app.jobs.enqueue`.
    Budget: 60 seconds.
    """


@hookspec
def run_job(job: Job) -> None:
    """Do a job that this extension has asked for.

    Fires after `self.app.jobs.enqueue(name, payload)`, at least once, in any process; an extension
    asks for jobs and does them itself, nobody else.
    Return nothing; an error means: try again later with a higher `job.attempt`. `Unavailable` as in
    `on_event`. Call `job.progress(percent, note)` now and then and let `JobStopped` through.
    Budget: 300 seconds.
    """


@hookspec
def run_operation(capability: str, operation: str, arguments: Mapping[str, Any]) -> Any:
    """Do one operation of a capability that this extension provides.

    Fires when the core needs the capability, such as to send a mail, for one connection of the
    workspace. `IntegrationBase` implements it: derive from that, and write methods.
    Return what the contract in `extensions.sdk.capabilities` says; raise one of
    `extensions.sdk.service_errors`.
    Budget: 60 seconds.
    """
