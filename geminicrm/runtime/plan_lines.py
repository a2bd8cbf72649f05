"""Lines of a plan: one permission, host, addition, schedule or setting each, as people read it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from geminicrm.identity.permissions import Scope, scope_named
from geminicrm.runtime.manifest_model import Manifest


@dataclass(frozen=True, slots=True)
class ScopeLine:
    """One permission as people read it; `reason` is the developer's own word."""

    scope: str
    sentence: str
    explanation: str
    group: str
    sensitive: bool
    reason: str


@dataclass(frozen=True, slots=True)
class HostLine:
    """A host it may call: `host`, or the one that an admin saves in `setting`."""

    host: str | None
    setting: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Addition:
    """One thing that appears in the pages, or that others can ask for."""

    kind: str
    id: str
    title: str
    record: str | None = None


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """Work that comes round; `cron` in the workspace's time zone."""

    id: str
    cron: str
    description: str


@dataclass(frozen=True, slots=True)
class OwnEventLine:
    """A type of event that it announces, under its whole name."""

    type: str
    description: str


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting."""

    id: str
    label: str


def scope_lines(manifest: Manifest, names: Iterable[str]) -> Iterator[ScopeLine]:
    """Put scopes into words, with the developer's reason for each."""
    for name in names:
        scope = scope_named(name) or Scope(name, name, "This core does not know it.", "manage")
        yield ScopeLine(
            scope=name,
            sentence=scope.sentence,
            explanation=scope.explanation,
            group=scope.group,
            sensitive=scope.sensitive,
            reason=manifest.permission_reasons.get(name, ""),
        )


def host_lines(manifest: Manifest) -> Iterator[HostLine]:
    """List the hosts it may call."""
    for one in manifest.network:
        yield HostLine(one.host, one.setting, one.reason)


def schedule_lines(manifest: Manifest) -> Iterator[ScheduleLine]:
    """List the work that comes round."""
    for one in manifest.schedules:
        yield ScheduleLine(one.id, one.cron, one.description)


def own_event_lines(manifest: Manifest) -> Iterator[OwnEventLine]:
    """List the types of events that it announces."""
    for one in manifest.event_types:
        yield OwnEventLine(f"{manifest.event_kind}.{one.name}", one.description)


def additions(manifest: Manifest) -> Iterator[Addition]:
    """List what appears in the pages, and what others can ask of it."""
    ui = manifest.ui
    for widget in ui.dashboard_widgets:
        yield Addition("dashboard widget", widget.id, widget.title)
    for panel in ui.record_panels:
        yield Addition("record panel", panel.id, panel.title, panel.record)
    for action in ui.record_actions:
        yield Addition("record action", action.id, action.title, action.record)
    for page in ui.pages:
        yield Addition("page", page.id, page.title)
    for name in manifest.provides:
        yield Addition("capability", name, name)
    for own in manifest.capability_types:
        yield Addition("capability of its own", own.name, f"{manifest.id}.{own.name}")
