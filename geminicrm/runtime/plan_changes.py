"""The difference that a plan makes: what comes, what goes, what stays."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from geminicrm.runtime.growth import growth
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.plan_lines import (
    Addition,
    HostLine,
    OwnEventLine,
    ScheduleLine,
    ScopeLine,
    SettingLine,
    additions,
    host_lines,
    own_event_lines,
    schedule_lines,
    scope_lines,
)

Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class Before:
    """What is installed now: its manifest, what it was granted, which settings have a value."""

    manifest: Manifest
    granted: Collection[str]
    filled: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a change adds and takes away.

    `scopes_added` are needed now and were not before; `scopes_unchanged` stay needed.
    `settings_lost` have a value that the version does not take any more; `settings_needed` have
    none and are needed from now on. `needs_consent` tells whether anything of it is more.
    """

    scopes_added: tuple[ScopeLine, ...] = ()
    scopes_removed: tuple[ScopeLine, ...] = ()
    scopes_unchanged: tuple[ScopeLine, ...] = ()
    hosts_added: tuple[HostLine, ...] = ()
    hosts_removed: tuple[HostLine, ...] = ()
    hooks_added: tuple[str, ...] = ()
    hooks_removed: tuple[str, ...] = ()
    events_added: tuple[str, ...] = ()
    events_removed: tuple[str, ...] = ()
    schedules_added: tuple[ScheduleLine, ...] = ()
    schedules_removed: tuple[ScheduleLine, ...] = ()
    own_events_added: tuple[OwnEventLine, ...] = ()
    own_events_removed: tuple[OwnEventLine, ...] = ()
    ui_added: tuple[Addition, ...] = ()
    ui_removed: tuple[Addition, ...] = ()
    settings_lost: tuple[SettingLine, ...] = ()
    settings_needed: tuple[SettingLine, ...] = ()
    needs_consent: bool = True


def changes(before: Before | None, after: Manifest | None) -> Changes:
    """Compare what is installed with what will be; None stands for nothing."""
    old = before.manifest if before else None
    return Changes(
        **_scopes(before, after),
        hosts_added=_less(_hosts(after), _hosts(old)),
        hosts_removed=_less(_hosts(old), _hosts(after)),
        hooks_added=_less(_hooks(after), _hooks(old)),
        hooks_removed=_less(_hooks(old), _hooks(after)),
        events_added=_less(after.events if after else (), old.events if old else ()),
        events_removed=_less(old.events if old else (), after.events if after else ()),
        schedules_added=_less(_schedules(after), _schedules(old)),
        schedules_removed=_less(_schedules(old), _schedules(after)),
        own_events_added=_less(_own_events(after), _own_events(old)),
        own_events_removed=_less(_own_events(old), _own_events(after)),
        ui_added=_less(_ui(after), _ui(old)),
        ui_removed=_less(_ui(old), _ui(after)),
        settings_lost=_lost(before, after),
        settings_needed=_needed(before, after),
        needs_consent=_grows(before, after),
    )


def _scopes(before: Before | None, after: Manifest | None) -> dict[str, tuple[ScopeLine, ...]]:
    had = {*before.manifest.permissions, *before.granted} if before else set[str]()
    needed = after.permissions if after else ()
    asked = {*needed, *after.optional_permissions} if after else set[str]()
    gone = sorted(had - asked)
    return {
        "scopes_added": _lines(after, [one for one in needed if one not in had]),
        "scopes_removed": _lines(before.manifest if before else None, gone),
        "scopes_unchanged": _lines(after, [one for one in needed if one in had]),
    }


def _lines(manifest: Manifest | None, names: Iterable[str]) -> tuple[ScopeLine, ...]:
    return tuple(scope_lines(manifest, names)) if manifest else ()


def _hosts(manifest: Manifest | None) -> tuple[HostLine, ...]:
    return tuple(host_lines(manifest)) if manifest else ()


def _hooks(manifest: Manifest | None) -> tuple[str, ...]:
    return manifest.hooks or () if manifest else ()


def _schedules(manifest: Manifest | None) -> tuple[ScheduleLine, ...]:
    return tuple(schedule_lines(manifest)) if manifest else ()


def _own_events(manifest: Manifest | None) -> tuple[OwnEventLine, ...]:
    return tuple(own_event_lines(manifest)) if manifest else ()


def _ui(manifest: Manifest | None) -> tuple[Addition, ...]:
    return tuple(additions(manifest)) if manifest else ()


def _less(these: Sequence[Line], those: Sequence[Line]) -> tuple[Line, ...]:
    known = set(map(_key, those))
    return tuple(one for one in these if _key(one) not in known)


def _key(line: object) -> object:
    """Tell lines apart by what they do: another reason for the same host is no other host."""
    if isinstance(line, HostLine):
        return line.host, line.setting
    if isinstance(line, OwnEventLine):
        return line.type
    if isinstance(line, Addition):
        return line.kind, line.id, line.record
    return line


def _lost(before: Before | None, after: Manifest | None) -> tuple[SettingLine, ...]:
    if before is None or after is None:
        return ()
    kept = {one.id for one in after.settings}
    old = before.manifest.settings
    return tuple(
        SettingLine(one.id, one.label)
        for one in old
        if one.id in before.filled and one.id not in kept
    )


def _needed(before: Before | None, after: Manifest | None) -> tuple[SettingLine, ...]:
    filled = before.filled if before else ()
    wanted = after.settings if after else ()
    return tuple(
        SettingLine(one.id, one.label)
        for one in wanted
        if one.required and one.default is None and one.id not in filled
    )


def _grows(before: Before | None, after: Manifest | None) -> bool:
    if after is None:
        return False
    return before is None or growth(before.manifest, before.granted, after).needs_consent
