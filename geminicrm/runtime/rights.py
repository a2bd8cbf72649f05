"""What an admin changes about an installation's rights: its trust and its grant."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from sqlalchemy import update

from geminicrm.kernel.errors import Finding, NotFound, ScopeMissing, ValidationFailed
from geminicrm.kernel.work import Actor, Work
from geminicrm.runtime.changes import Change
from geminicrm.runtime.history.models import InstalledVersion
from geminicrm.runtime.models import Installation
from geminicrm.runtime.present import manifest_of
from geminicrm.runtime.problems import NoTrustNeeded, TrustNotTyped

RightsChange = Callable[[Work, Installation], None]


class Rights(ABC):
    """The life cycle's changes of rights; each raises NotInstalled too."""

    def trust(self, actor: Actor, extension_id: str, typed: str | None) -> Change:
        """Let it run as a plain process; `typed` has to be its id, trusted before or not.

        Raises NoTrustNeeded for what came with the CRM, TrustNotTyped.
        """
        return self._change_rights(actor, extension_id, partial(_trust, typed=typed))

    def distrust(self, actor: Actor, extension_id: str) -> Change:
        """Put it behind the locks again. Raises NoTrustNeeded for what came with the CRM."""
        return self._change_rights(actor, extension_id, _distrust)

    def set_grant(self, actor: Actor, extension_id: str, scopes: Sequence[str]) -> Change:
        """Grant these scopes and no others, needed ones or not.

        Raises ValidationFailed for a scope that the extension does not ask for, ScopeMissing where
        the actor has not got what is granted anew.
        """
        return self._change_rights(actor, extension_id, partial(_set_grant, scopes=scopes))

    def change_grant(
        self,
        actor: Actor,
        extension_id: str,
        *,
        give: Collection[str] = (),
        remove: Collection[str] = (),
    ) -> Change:
        """Give and take single scopes; what is named in both is taken.

        Raises NotFound for a scope that the extension does not ask for, ScopeMissing as
        `set_grant`.
        """
        change = partial(_change_grant, give=give, remove=remove)
        return self._change_rights(actor, extension_id, change)

    @abstractmethod
    def _change_rights(self, actor: Actor, extension_id: str, change: RightsChange) -> Change:
        """Change the row in one unit of work that needs `manage:extensions`, and spread it."""


def _trust(work: Work, row: Installation, typed: str | None) -> None:
    if row.built_in:
        raise NoTrustNeeded(row.extension_id)
    if typed != row.extension_id:
        raise TrustNotTyped(row.extension_id)
    _mark(work, row, trusted=True)


def _distrust(work: Work, row: Installation) -> None:
    if row.built_in:
        raise NoTrustNeeded(row.extension_id)
    _mark(work, row, trusted=False)


def _set_grant(work: Work, row: Installation, scopes: Sequence[str]) -> None:
    askable = _askable(row)
    findings = [
        Finding(f"/granted/{at}", "not_asked", f"The extension does not ask for {scope!r}.")
        for at, scope in enumerate(scopes)
        if scope not in askable
    ]
    if findings:
        raise ValidationFailed(findings)
    _store(work, row, scopes)


def _change_grant(
    work: Work, row: Installation, give: Collection[str], remove: Collection[str]
) -> None:
    askable = _askable(row)
    for scope in (*give, *remove):
        if scope not in askable:
            raise NotFound(f"permission that {row.extension_id} asks for", scope)
    _store(work, row, {*row.granted, *give} - {*remove})


def _mark(work: Work, row: Installation, *, trusted: bool) -> None:
    if row.trusted == trusted:
        return
    row.trusted = trusted
    row.level = None  # of the other kind of process
    if not trusted:
        # Else a way back to an earlier version would bring the trust back.
        own = InstalledVersion.installation_id == row.id
        work.session.execute(update(InstalledVersion).where(own).values(trusted=False))
    if row.enabled:
        # It is started anew; what kept the other kind of process from running may not keep this.
        row.status, row.error = "enabled", None
    done = "trusted" if trusted else "distrusted"
    work.audit(f"extension.{done}", row.extension_id, {"trusted": trusted, "version": row.version})


def _store(work: Work, row: Installation, scopes: Iterable[str]) -> None:
    before, after = sorted(row.granted), sorted(set(scopes))
    for scope in after:
        if scope not in before and not work.actor.allows(scope):
            raise ScopeMissing(scope, work.actor.label)
    if after == before:
        return
    row.granted = after
    work.audit("extension.permissions", row.extension_id, {"before": before, "after": after})


def _askable(row: Installation) -> frozenset[str]:
    manifest = manifest_of(row)
    return frozenset((*manifest.permissions, *manifest.optional_permissions, *row.granted))
