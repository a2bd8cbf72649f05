"""Decisions about versions: approved, rejected, taken out, yanked, and back."""

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.work import Actor, Work, Works
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.moderation.access import OPERATE, own_row, public_row
from marketplace.moderation.errors import WrongState
from marketplace.moderation.notices import Notices
from marketplace.publishing import relist, version_row
from marketplace.states import WAYS, Decision

MOST_REASON = 2_000


class Decisions:
    """Moves versions from state to state; each is audited and told to other registries' clients."""

    def __init__(self, works: Works, notices: Notices) -> None:
        self._works = works
        self._notices = notices

    def approve(self, actor: Actor, extension_id: str, version: str) -> None:
        """List a version that waited, or was rejected by mistake.

        ScopeMissing, UnknownExtension, WrongState, as all of these.
        """
        self._decide(actor, "approve", extension_id, version)

    def reject(self, actor: Actor, extension_id: str, version: str, reason: str) -> None:
        """Refuse a version that waits; the publisher reads the reason. ValidationFailed."""
        self._decide(actor, "reject", extension_id, version, reason)

    def quarantine(self, actor: Actor, extension_id: str, version: str, reason: str) -> None:
        """Take a version out: it is in no search and can't be installed; what runs, runs on."""
        self._decide(actor, "quarantine", extension_id, version, reason)

    def release(self, actor: Actor, extension_id: str, version: str) -> None:
        """List a version again that was taken out."""
        self._decide(actor, "release", extension_id, version)

    def yank(self, actor: Actor, extension_id: str, version: str, reason: str) -> None:
        """Offer a version no more; it runs on, and can be had by its number with a warning.

        For members of its publisher too: NotYours for others.
        """
        self._decide(actor, "yank", extension_id, version, reason)

    def unyank(self, actor: Actor, extension_id: str, version: str) -> None:
        """Offer a yanked version again."""
        self._decide(actor, "unyank", extension_id, version)

    def _decide(
        self, actor: Actor, decision: Decision, extension_id: str, version: str, reason: str = ""
    ) -> None:
        words = checked_reason(reason) if WAYS[decision].reasoned else None
        with self._works.write(actor) as work:
            if decision == "yank":
                extension = own_row(work, extension_id)
            else:
                work.require(OPERATE)
                extension = public_row(work, extension_id)
            row = version_row(work, extension.id, version)
            _move(work, decision, extension, row, words)
        self._notices.renew()


def checked_reason(reason: str, pointer: str = "/reason") -> str:
    """Give a reason without space around it; ValidationFailed for none, or too much of it."""
    words = reason.strip()
    if not 0 < len(words) <= MOST_REASON:
        message = f"Say why, in 1 to {MOST_REASON} characters: whoever is affected reads it."
        raise ValidationFailed([Finding(pointer, "missing_reason", message)])
    return words


def _move(
    work: Work,
    decision: Decision,
    extension: RegistryExtension,
    row: RegistryVersion,
    reason: str | None,
) -> None:
    way = WAYS[decision]
    if row.state not in way.sources:
        raise WrongState(extension.extension_id, row.version, row.state, way.sources)
    before = row.state
    row.state, row.state_reason = way.target, reason
    row.state_at, row.state_by = work.now, work.actor.label
    work.session.flush()
    relist(work, extension)
    told = {"version": row.version, "before": before, "after": row.state, "reason": reason}
    work.audit(way.audit, extension.extension_id, told)
