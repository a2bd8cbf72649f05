"""The keys of the embedded registry: made at the first start, rotated with overlap, revoked."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.errors import Conflict, NotFound
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.models import EMBEDDED
from marketplace.signing.documents import find_document, put_document
from marketplace.signing.envelope import SignedText, sign
from marketplace.signing.errors import Untrusted
from marketplace.signing.keys import SigningKey
from marketplace.signing.models import RegistryKey, SignedDocument
from marketplace.signing.pins import (
    ACTIVE,
    KEYS,
    NEXT,
    RETIRED,
    REVOKED,
    Pinned,
    accept,
    first,
)

_log = structlog.get_logger(__name__)
OPERATE = "operate:instance"


def _nothing(_work: Work) -> None:
    """Have nothing to sign anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What hangs on the keys: the pin of this installation, and the records that they sign.

    `first` runs in the transaction that makes the first keys, `revoked` in one that revokes a key.
    """

    read_pin: Callable[[Work], Pinned]
    write_pin: Callable[[Work, Pinned], None]
    first: Callable[[Work], None] = _nothing
    revoked: Callable[[Work], None] = _nothing


class RegistryKeys:
    """Signs what this registry says. Secrets are encrypted at rest and leave memory never."""

    def __init__(self, works: Works, cipher: Cipher, holdings: Holdings) -> None:
        self._works = works
        self._cipher = cipher
        self._holdings = holdings
        self._made = False

    def ensure(self) -> bool:
        """Make the first keys and pin them, unless that was done; tell whether it was done now.

        Harmless at once from several processes: one of them makes the keys.
        """
        if self._made or self._exist():
            self._made = True
            return False
        try:
            with self._works.across_workspaces("make the registry's keys", write=True) as work:
                made = find_document(work, KEYS) is None and self._make_first(work)
        except IntegrityError:
            made = False  # PostgreSQL lets two look at once; the other one was quicker
        self._made = True
        return made

    def sign(self, work: Work, text: str) -> SignedText:
        """Sign a text with the active key. Untrusted where there is none."""
        return sign(text, *(self._opened(row) for row in _rows(work, ACTIVE)))

    def key_set(self) -> SignedText:
        """Give the signed key set, as everybody may have it."""
        self.ensure()
        with self._works.across_workspaces("show the registry's keys") as work:
            found = find_document(work, KEYS)
        if found is None:
            raise Untrusted("This registry has no key set; start the server once.")
        return found

    def pinned(self) -> Pinned:
        """Give what this installation believes of its own registry."""
        self.ensure()
        with self._works.across_workspaces("read the registry's pinned keys") as work:
            return self._holdings.read_pin(work)

    def believed(self, work: Work) -> Pinned:
        """Give the same within a unit of work. Untrusted where nothing is pinned."""
        return self._holdings.read_pin(work)

    def rotate(self, actor: Actor) -> Pinned:
        """Let the announced key take over and announce another; ScopeMissing.

        What the old key has signed stays good.
        """
        self.ensure()
        with self._works.write(actor) as work:
            work.require(OPERATE)
            _queue(work)
            self._advance(work, RETIRED)
            return self._announce(work, "registry.keys_rotated", {})

    def revoke(self, actor: Actor, key_id: str) -> Pinned:
        """Stop believing a key that others may have; ScopeMissing, NotFound, Conflict.

        The active one is followed by the announced one at once. What only this key has signed is
        signed anew in the same transaction.
        """
        self.ensure()
        with self._works.write(actor) as work:
            work.require(OPERATE)
            _queue(work)
            row = _find(work, key_id)
            if row.state == ACTIVE:
                self._advance(work, REVOKED)
            else:
                replaced = row.state == NEXT
                row.state, row.retired_at = REVOKED, work.now
                if replaced:
                    self._add(work, NEXT)
            pin = self._announce(work, "registry.key_revoked", {"key": row.id})
            self._holdings.revoked(work)
            return pin

    def reencrypt(self) -> int:
        """Encrypt every secret with the first encryption key; give how many there were.

        Raises DecryptionFailed, changing nothing, where a key is missing.
        """
        with self._works.across_workspaces("encrypt registry keys anew", write=True) as work:
            rows = work.session.scalars(select(RegistryKey)).all()
            for row in rows:
                row.secret = self._cipher.rotate(row.secret)
            return len(rows)

    def _exist(self) -> bool:
        with self._works.across_workspaces("look for the registry's keys") as work:
            return find_document(work, KEYS) is not None

    def _make_first(self, work: Work) -> bool:
        # First of all: whoever else is about to make keys waits here, and then learns that it is
        # too late. Looking at the other's keys beside one's own, it would find two active ones.
        claim = SignedDocument(name=KEYS, serial=0, body="", signatures=[], made_at=work.now)
        work.session.add(claim)
        work.session.flush()
        self._add(work, ACTIVE)
        self._add(work, NEXT)
        work.session.flush()
        signed = self._put(work)
        pin = first(signed)
        self._holdings.write_pin(work, pin)
        self._holdings.first(work)
        _log.info("the registry's keys are made", active=next(iter(pin.of_state(ACTIVE))))
        return True

    def _add(self, work: Work, state: str) -> None:
        made = SigningKey.make()
        work.session.add(
            RegistryKey(
                id=made.id,
                public=made.public,
                secret=self._cipher.encrypt(made.secret),
                state=state,
                made_at=work.now,
                active_at=work.now if state == ACTIVE else None,
            )
        )

    def _advance(self, work: Work, old_state: str) -> None:
        """Let the next key become the active one, the active one what `old_state` says."""
        for row in _rows(work, ACTIVE):
            row.state, row.retired_at = old_state, work.now
        for row in _rows(work, NEXT):
            row.state, row.active_at = ACTIVE, work.now
        self._add(work, NEXT)
        work.session.flush()

    def _announce(self, work: Work, action: str, changes: dict[str, str]) -> Pinned:
        """Sign the new set and pin it here by the same rule as anybody else would."""
        work.session.flush()
        pin = accept(self._holdings.read_pin(work), self._put(work))
        self._holdings.write_pin(work, pin)
        work.audit(action, EMBEDDED, {**changes, "serial": pin.serial})
        return pin

    def _put(self, work: Work) -> SignedText:
        """Sign the set with every key in it that is not revoked.

        So whoever has pinned any earlier set can follow to this one, however many were missed.
        """
        rows = work.session.scalars(select(RegistryKey).order_by(RegistryKey.id)).all()
        keys = [self._opened(row) for row in rows if row.state != REVOKED]
        named = [{"id": row.id, "public": row.public, "state": row.state} for row in rows]
        return put_document(work, KEYS, {"keys": named}, lambda text: sign(text, *keys))

    def _opened(self, row: RegistryKey) -> SigningKey:
        return SigningKey.of_secret(self._cipher.decrypt(row.secret))


def _queue(work: Work) -> None:
    """Let one change of keys after the other look at them."""
    work.session.get(SignedDocument, KEYS, with_for_update=True)


def _rows(work: Work, state: str) -> list[RegistryKey]:
    return list(work.session.scalars(select(RegistryKey).where(RegistryKey.state == state)))


def _find(work: Work, key_id: str) -> RegistryKey:
    row = work.session.get(RegistryKey, key_id)
    if row is None:
        raise NotFound("registry key", key_id)
    if row.state == REVOKED:
        raise Conflict(f"The key {key_id[:16]} is revoked already.")
    return row
