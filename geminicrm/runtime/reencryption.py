"""Writing every stored secret of installations anew with the newest key."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select

from geminicrm.connections import keeping
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.work import Works
from geminicrm.runtime.history.journal import DRAFT
from geminicrm.runtime.history.models import InstalledVersion, RemovedInstallation, Run
from geminicrm.runtime.models import Installation, KeptSettings
from geminicrm.runtime.removal import CONNECTIONS

_SECRETS = "secrets"

_Sealed = Installation | KeptSettings | InstalledVersion


def reencrypt(works: Works, cipher: Cipher) -> int:
    """Encrypt all secrets with the first key; give how many there were.

    Those of earlier versions, of what was removed and of runs that go on are among them. Raises
    DecryptionFailed, changing nothing, where a key is missing.
    """
    with works.across_workspaces("encrypt secrets anew", write=True) as work:
        rows: list[_Sealed] = []
        for kind in (Installation, KeptSettings, InstalledVersion):
            sealed: Select[Any] = select(kind).where(kind.secrets.is_not(None))
            rows += work.session.scalars(sealed)
        for row in rows:
            row.secrets = cipher.rotate(row.secrets or "")
        every = work.session.scalars(select(RemovedInstallation)).all()
        removed = [one for one in every if _has(one.facts) or _kept(one.facts)]
        for one in removed:
            one.facts = {**_rotated(one.facts, cipher), **_connections(one.facts, cipher)}
        going_on = work.session.scalars(select(Run).where(Run.state == "running"))
        runs = [run for run in going_on if _has(run.facts.get(DRAFT, {}))]
        for run in runs:
            run.facts = {**run.facts, DRAFT: _rotated(run.facts[DRAFT], cipher)}
        return len(rows) + len(removed) + len(runs)


def _has(facts: Mapping[str, Any]) -> bool:
    return facts.get(_SECRETS) is not None


def _kept(facts: Mapping[str, Any]) -> bool:
    return any(_has(one) for one in facts.get(CONNECTIONS, ()))


def _rotated(facts: Mapping[str, Any], cipher: Cipher) -> dict[str, Any]:
    return {**facts, _SECRETS: cipher.rotate(facts[_SECRETS])} if _has(facts) else dict(facts)


def _connections(facts: Mapping[str, Any], cipher: Cipher) -> dict[str, Any]:
    if CONNECTIONS not in facts:
        return {}
    return {CONNECTIONS: keeping.rotated(facts[CONNECTIONS], cipher)}
