"""What a version may do that the one before could not: more needs a new consent."""

from collections.abc import Collection
from dataclasses import dataclass

from extensions.sdk.capabilities.catalogue import is_own
from geminicrm.runtime.manifest_model import Manifest, NetworkEntry

# Hooks that let an extension see or refuse what people do, without anybody asking it.
BACKGROUND_HOOKS = frozenset({"before_record_save", "collect_badges"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Everything that is more; empty where a version asks for nothing new."""

    scopes: tuple[str, ...]
    hosts: tuple[NetworkEntry, ...]
    hooks: tuple[str, ...]
    events: tuple[str, ...]
    own_events: tuple[str, ...]
    provided: tuple[str, ...]

    @property
    def needs_consent(self) -> bool:
        """Tell whether an admin has to agree before it runs."""
        more = (self.scopes, self.hosts, self.hooks, self.events, self.own_events, self.provided)
        return any(more)


def growth(before: Manifest, granted: Collection[str], after: Manifest) -> Growth:
    """Compare two versions of an extension, with what the one before was granted.

    Optional permissions are chosen, so they never grow; one that was not chosen and is needed now
    does. What was needed and taken away stays away, and is no growth.
    """
    known = {(one.host, one.setting) for one in before.network}
    announced = {one.name for one in before.event_types}
    asked = {*before.permissions, *granted}
    return Growth(
        scopes=tuple(one for one in after.permissions if one not in asked),
        hosts=tuple(one for one in after.network if (one.host, one.setting) not in known),
        hooks=tuple(
            one
            for one in after.hooks or ()
            if one in BACKGROUND_HOOKS and before.hooks is not None and one not in before.hooks
        ),
        events=tuple(one for one in after.events if one not in before.events),
        own_events=tuple(one.name for one in after.event_types if one.name not in announced),
        provided=() if after.is_integration else _provided(before, after),
    )


def _provided(before: Manifest, after: Manifest) -> tuple[str, ...]:
    """Name what it is newly asked for by others, with no connection that anybody would make."""
    own = (one for one in after.provides if is_own(one))
    return tuple(one for one in own if one not in before.provides)
