"""What it takes to send to an endpoint, opened from its row and kept until the row changes."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from geminicrm.kernel.crypto import DecryptionFailed
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Work
from geminicrm.webhooks.outgoing.claims import Errand
from geminicrm.webhooks.outgoing.models import Endpoint

_MOST: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """An endpoint as it is sent to, in clear; without `secrets` nothing can be signed."""

    id: str
    url: str
    secrets: tuple[str, ...]
    old_until: datetime | None
    headers: Mapping[str, str]

    def signing(self, now: datetime) -> tuple[str, ...]:
        """Give the secrets that hold, the newest first."""
        if self.old_until is None or now >= self.old_until:
            return self.secrets[:1]
        return self.secrets


class Doors:
    """Those of the endpoints that were sent to last."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._known: OrderedDict[tuple[str, int], Door] = OrderedDict()

    def of(self, errand: Errand) -> Door:
        """Give the door of an errand's endpoint, which was read with it."""
        return self._known[errand.endpoint_id, errand.revision]

    def read(self, work: Work, errands: Iterable[Errand]) -> None:
        """Have at hand what these errands need."""
        wanted = {(one.endpoint_id, one.revision) for one in errands}
        missing = [key for key in wanted if key not in self._known]
        if missing:
            self._read(work, missing)
        for key in wanted:
            self._known.move_to_end(key)
        while len(self._known) > max(_MOST, len(wanted)):
            self._known.popitem(last=False)

    def _read(self, work: Work, missing: list[tuple[str, int]]) -> None:
        rows = work.session.execute(
            select(
                Endpoint.id,
                Endpoint.url,
                Endpoint.secret,
                Endpoint.old_secret,
                Endpoint.old_secret_until,
                Endpoint.headers,
            ).where(Endpoint.id.in_([one for one, _revision in missing]))
        )
        found = {row.id: self._door(row) for row in rows.all()}
        # Changed just now: what was read is newer than its revision says, and is not asked again.
        self._known.update({key: found[key[0]] for key in missing})

    def _door(self, row: Any) -> Door:
        try:
            sealed = [one for one in (row.secret, row.old_secret) if one]
            secrets = [value for one in sealed for value in self._vault.open(one).values()]
            headers = self._vault.open(row.headers)
        except DecryptionFailed:
            secrets, headers = [], {}
        return Door(
            id=row.id,
            url=row.url,
            secrets=tuple(secrets),
            old_until=row.old_secret_until if row.old_secret else None,
            headers=headers,
        )
