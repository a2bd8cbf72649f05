"""Secrets and headers of endpoints: sealed at rest, opened to sign."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute

from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.generation import WEBHOOKS, Generations
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Work, Works
from geminicrm.webhooks.outgoing.models import Endpoint

_SECRET: Final = "secret"  # noqa: S105 - the name that the value is sealed under
_SEALED: Final[tuple[InstrumentedAttribute[Any], ...]] = (
    Endpoint.secret,
    Endpoint.old_secret,
    Endpoint.headers,
)


class EndpointKeys:
    """Seals and opens what endpoints keep secret. Opening raises DecryptionFailed."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal(self, secret: str) -> str:
        """Seal a secret."""
        return self._vault.seal({_SECRET: secret}) or ""

    def seal_headers(self, headers: Mapping[str, str]) -> str | None:
        """Seal headers; None where there are none."""
        return self._vault.seal(headers)

    def signing(self, row: Endpoint, now: datetime) -> list[str]:
        """Give the secrets that sign at an instant, the newest first."""
        held = [row.secret]
        if row.old_secret and row.old_secret_until and now < row.old_secret_until:
            held.append(row.old_secret)
        return [self._vault.open(one)[_SECRET] for one in held]

    def headers(self, row: Endpoint) -> dict[str, str]:
        """Give the headers that are sent beside ours."""
        return self._vault.open(row.headers)

    def header_names(self, row: Endpoint) -> list[str]:
        """Name the headers; none where no key opens them any more."""
        return sorted(self._vault.readable(row.headers))


def sweep(work: Work) -> None:
    """Forget old secrets that sign no more."""
    # Not by way of the row: its revision counts what people change.
    work.session.execute(
        update(Endpoint)
        .where(Endpoint.old_secret_until <= work.now, Endpoint.old_secret.is_not(None))
        .values(old_secret=None)
        .execution_options(synchronize_session=False)
    )


def reencrypt(works: Works, generations: Generations, cipher: Cipher) -> int:
    """Encrypt all with the first key; give how many there were.

    Raises DecryptionFailed, changing nothing, where a key is missing.
    """
    with works.across_workspaces("webhooks: encrypt anew", write=True) as work:
        count = sum(_rotated(work, column, cipher) for column in _SEALED)
        generations.bump(work, WEBHOOKS)
        return count


def _rotated(work: Work, column: InstrumentedAttribute[Any], cipher: Cipher) -> int:
    sealed = select(Endpoint.id, column).where(column.is_not(None), column != "")
    rows = work.session.execute(sealed.order_by(Endpoint.id).with_for_update()).all()
    for identifier, token in rows:
        work.session.execute(
            update(Endpoint)
            .where(Endpoint.id == identifier)
            .values({column: cipher.rotate(token)})
            .execution_options(synchronize_session=False)
        )
    return len(rows)
