"""The live table: what one worker serves, immutable, swapped as a whole."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from geminicrm.kernel.events import EventType, StoredEvent, matches
from geminicrm.runtime.announcing import types_of
from geminicrm.runtime.hosts import allowed_hosts
from geminicrm.runtime.live import Code, HostKey, Installed, LoadedVersion
from geminicrm.runtime.manifest import Manifest, build_manifest
from geminicrm.runtime.manifest_model import event_kind
from geminicrm.runtime.models import Installation
from geminicrm.runtime.record_door import NOUNS
from geminicrm.runtime.watching.counter import Counter

_RECORD_HOOKS = ("before_record_save", "collect_badges", "collect_panel")
# Payments are no records that extensions have a door to; events tell of them all the same.
_NOUNS_OF_EVENTS = {**NOUNS, "payment": "payments"}
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Unserved:
    """An installation that is switched on and not served here as it should be.

    Its package is not on this machine (`away`), or it could not be loaded. `reason` says why; it is
    None while the package comes.
    """

    workspace_id: str
    extension_id: str
    events: tuple[str, ...]
    granted: frozenset[str]
    away: bool
    reason: str | None

    @property
    def why(self) -> str:
        """Say why, for people."""
        return self.reason or "its package is on its way"


@dataclass(frozen=True, slots=True)
class Table:
    """Everything a request needs, each in one look-up.

    `hooked` is by workspace and `hook` or, for hooks that are shown a record, `hook:record type`:
    only installations that may read that kind of record are in it. `announced` are the types of
    events of all extensions of a workspace. `unserved` is by installation: while the package of a
    newer version comes, the older one may be served, and is in `by_id` too. `watched` is by
    installation and digest, and holds what could not be loaded too. `leaving` are those that an
    admin has just switched off: nothing is found in it, but calls that run may end.
    In safe mode (`safe`) there is nothing in any of them.
    """

    generation: int
    content_hash: str
    by_id: Mapping[str, Installed] = field(default_factory=dict)
    by_name: Mapping[_Key, Installed] = field(default_factory=dict)
    hooked: Mapping[_Key, tuple[Installed, ...]] = field(default_factory=dict)
    unserved: Mapping[str, Unserved] = field(default_factory=dict)
    safe: bool = False
    watched: Mapping[_Key, Counter] = field(default_factory=dict)
    leaving: Mapping[str, Installed] = field(default_factory=dict)
    announced: Mapping[str, tuple[EventType, ...]] = field(default_factory=dict)

    def find(self, workspace_id: str, extension_id: str) -> Installed | None:
        """Give the installation of an extension in a workspace, if it is switched on."""
        return self.by_name.get((workspace_id, extension_id))

    def away(self) -> list[Unserved]:
        """Give the installations whose packages are not on this machine."""
        return [one for one in self.unserved.values() if one.away]

    def failed(self) -> dict[str, str]:
        """Say by installation why it could not be loaded."""
        return {key: one.why for key, one in self.unserved.items() if not one.away}

    def not_loaded(self) -> dict[str, str]:
        """Say by installation why it is not served here as it should be."""
        return {key: one.why for key, one in self.unserved.items()}

    def waited_for(self, installation_id: str) -> Unserved | None:
        """Give an installation of which nothing is served here, and that may still come."""
        if installation_id in self.by_id:
            return None
        return self.unserved.get(installation_id)

    def with_hook(self, workspace_id: str, hook: str) -> tuple[Installed, ...]:
        """Give the installations that implement a hook, in the order of their ids."""
        return self.hooked.get((workspace_id, hook), ())

    def interested(self, event: StoredEvent) -> list[str]:
        """Name the installations whose manifest asks for the event and who may see it.

        Those among them that are not served here now get it once they are.
        """
        served = [
            one.id
            for one in self.with_hook(event.workspace_id, "on_event")
            if wants_event(one, event.type)
        ]
        waiting = [
            key
            for key, one in self.unserved.items()
            if one.workspace_id == event.workspace_id
            and key not in self.by_id
            and _wants(one, event.type)
        ]
        return [*served, *waiting]

    def digests(self) -> set[str]:
        """Give the digests of the versions in use."""
        return {one.digest for one in self.by_id.values()}

    def hosts(self) -> tuple[HostKey, ...]:
        """Name the hosts that may run."""
        found = (one.loaded.host for one in self.by_id.values())
        return tuple(host for host in found if host is not None)


EMPTY = Table(-1, "")
SAFE_HASH = "safe mode"
"""Stands for what a worker serves in safe mode: nothing."""


class Asking(Protocol):
    """Who may ask for events: an installation, or what could become one."""

    @property
    def manifest(self) -> Manifest:
        """What it asks for."""
        ...

    @property
    def granted(self) -> frozenset[str]:
        """What it may do."""
        ...


def wants_event(installed: Asking, event_type: str) -> bool:
    """Tell whether an installation gets an event: asked for, and readable with its grant.

    None gets its own, which it could answer with further ones for ever.
    """
    manifest = installed.manifest
    return _asks(manifest.id, manifest.events, installed.granted, event_type)


def _wants(one: Unserved, event_type: str) -> bool:
    return _asks(one.extension_id, one.events, one.granted, event_type)


def _asks(
    extension_id: str, patterns: Iterable[str], granted: frozenset[str], event_type: str
) -> bool:
    kind = event_type.partition(".")[0]
    noun = _NOUNS_OF_EVENTS.get(kind)
    if kind == event_kind(extension_id) or (noun is not None and f"read:{noun}" not in granted):
        return False
    return any(matches(pattern, event_type) for pattern in patterns)


def installed_from(
    row: Installation, manifest: Manifest, loaded: LoadedVersion, watch: Counter | None = None
) -> Installed:
    """Make the in-memory form of a row."""
    return Installed(
        id=row.id,
        workspace_id=row.workspace_id,
        extension_id=row.extension_id,
        digest=row.digest,
        manifest=manifest,
        granted=frozenset(row.granted),
        settings=MappingProxyType(dict(row.settings)),
        secrets=row.secrets,
        loaded=loaded,
        hosts=allowed_hosts(manifest, row.settings),
        watch=watch,
    )


def unserved_from(row: Installation, reason: str | None, *, away: bool) -> Unserved:
    """Make the in-memory form of a row that is not served, whatever its manifest is worth."""
    return Unserved(
        workspace_id=row.workspace_id,
        extension_id=row.extension_id,
        events=tuple(row.manifest.get("events", ())),
        granted=frozenset(row.granted),
        away=away,
        reason=reason,
    )


def code_of(row: Installation) -> Code:
    """Say how the code of a row runs."""
    return Code(
        installation_id=row.id,
        digest=row.digest,
        built_in=row.built_in,
        trusted=row.trusted,
        hooks=tuple(row.hooks) if row.hooks is not None else None,
    )


def manifest_of(row: Installation) -> Manifest:
    """Read back the manifest that was checked when the row was stored."""
    return build_manifest(row.manifest)


def build_table(
    generation: int,
    rows: Iterable[Installation],
    live: Sequence[Installed],
    unserved: Mapping[str, Unserved],
) -> Table:
    """Make a table of what is served and what is not; the same in whatever order."""
    ordered = sorted(live, key=lambda one: (one.extension_id, one.id))
    hooked: dict[_Key, list[Installed]] = {}
    announced: dict[str, list[EventType]] = {}
    for one in ordered:
        announced.setdefault(one.workspace_id, []).extend(types_of(one.manifest))
        for hook in _hook_names(one):
            hooked.setdefault((one.workspace_id, hook), []).append(one)
    return Table(
        generation,
        _content_hash(rows),
        MappingProxyType({one.id: one for one in ordered}),
        MappingProxyType({(one.workspace_id, one.extension_id): one for one in ordered}),
        MappingProxyType({key: tuple(found) for key, found in hooked.items()}),
        MappingProxyType(dict(sorted(unserved.items()))),
        announced=MappingProxyType({key: tuple(found) for key, found in announced.items()}),
    )


def _hook_names(installed: Installed) -> Iterable[str]:
    for hook in installed.loaded.hooks:
        if hook not in _RECORD_HOOKS:
            yield hook
            continue
        for kind, noun in NOUNS.items():
            if f"read:{noun}" in installed.granted:
                yield f"{hook}:{kind}"


def _content_hash(rows: Iterable[Installation]) -> str:
    """Say in short what a worker serves, so that two workers can be compared."""
    lines = sorted(f"{row.id} {row.digest} {row.revision}" for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
