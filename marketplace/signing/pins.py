"""The keys that a registry is pinned to, and how they may change: with a signature of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, NoReturn, cast

from marketplace.signing.envelope import SignedText, signers
from marketplace.signing.errors import KeyInvalid, Untrusted
from marketplace.signing.keys import key_id

KEYS: Final = "keys"
NEXT, ACTIVE, RETIRED, REVOKED = "next", "active", "retired", "revoked"
STATES: Final = frozenset({NEXT, ACTIVE, RETIRED, REVOKED})
_MAX_KEYS: Final = 100


@dataclass(frozen=True, slots=True, order=True)
class TrustedKey:
    """A registry's key as its key set names it.

    `active` signs; `next` is announced and takes over at the next rotation; `retired` signs no
    more, but what it signed stays good; `revoked` is compromised, and nothing by it is good.
    """

    id: str
    public: str
    state: str


@dataclass(frozen=True, slots=True)
class Pinned:
    """A key set that is believed; `serial` never goes down."""

    serial: int
    keys: tuple[TrustedKey, ...]

    def of_state(self, *states: str) -> dict[str, str]:
        """Give the keys of these states: id and public half."""
        return {key.id: key.public for key in self.keys if key.state in states}

    def proves(self, signed: SignedText) -> bool:
        """Tell whether a text is signed by a key of the set that is not revoked."""
        return bool(signers(signed, self.of_state(NEXT, ACTIVE, RETIRED)))

    def to_rows(self) -> list[dict[str, Any]]:
        """Give the keys as they are stored."""
        return [asdict(key) for key in self.keys]


def pinned_of(serial: int, rows: Iterable[Mapping[str, Any]]) -> Pinned:
    """Read what `Pinned.to_rows` gave. Untrusted where it does not hold together."""
    return Pinned(serial, _keys(list(rows)))


def first(offered: SignedText, fingerprint: str | None = None) -> Pinned:
    """Pin a registry that nothing is known of yet. Untrusted.

    `fingerprint` is the id of its active key, learnt by another way than the registry itself;
    without one, the first answer is believed.
    """
    found = _read(offered)
    _prove(offered, found)
    if fingerprint is not None and fingerprint not in found.of_state(ACTIVE):
        raise Untrusted(f"The registry's active key is not {fingerprint}.")
    return found


def accept(pinned: Pinned, offered: SignedText) -> Pinned:
    """Give the key set to believe from now on: the offered one, where the pinned one leads to it.

    It has to be signed by a key that is pinned as active or next, and by its own active key; its
    serial has to rise. The very set that is pinned is accepted too. Raises Untrusted for all else:
    what was pinned then stays.
    """
    found = _read(offered)
    _prove(offered, found)
    if not signers(offered, pinned.of_state(ACTIVE, NEXT)):
        _refuse("None of the keys that are pinned has signed the new ones.")
    if found.serial < pinned.serial:
        _refuse(f"They are older (serial {found.serial}) than what is pinned ({pinned.serial}).")
    if found.serial == pinned.serial and set(found.keys) != set(pinned.keys):
        _refuse(f"There are two key sets with the serial {found.serial}.")
    revived = {*pinned.of_state(REVOKED)} & {*found.of_state(NEXT, ACTIVE, RETIRED)}
    if revived:
        _refuse(f"A revoked key can't come back: {', '.join(sorted(revived))}.")
    return found


def _read(offered: SignedText) -> Pinned:
    members = offered.members()
    if members.get("type") != KEYS:
        _refuse("This is another document than a key set.")
    serial, rows = members.get("serial"), members.get("keys")
    if type(serial) is not int or serial < 1 or not isinstance(rows, list):
        _refuse("The key set lacks its serial or its keys.")
    return Pinned(serial, _keys(rows))


def _keys(rows: list[Any]) -> tuple[TrustedKey, ...]:
    if not 0 < len(rows) <= _MAX_KEYS:
        _refuse("There are no keys, or too many of them.")
    keys = tuple(sorted(_key(row) for row in rows))
    if len({key.id for key in keys}) != len(keys):
        _refuse("A key is named twice.")
    return keys


def _key(row: Any) -> TrustedKey:
    if not isinstance(row, dict) or not all(
        isinstance(row.get(name), str) for name in ("id", "public", "state")
    ):
        _refuse("A key lacks its id, its public half or its state.")
    key = TrustedKey(*(cast("str", row[name]) for name in ("id", "public", "state")))
    try:
        named_right = key_id(key.public) == key.id
    except KeyInvalid as error:
        raise Untrusted(error.detail) from error
    if not named_right or key.state not in STATES:
        _refuse(f"The key {key.id[:16]} has another id or a state that nobody knows.")
    return key


def _prove(offered: SignedText, found: Pinned) -> None:
    active = found.of_state(ACTIVE)
    if len(active) != 1:
        _refuse("There has to be one active key.")
    if not signers(offered, active):
        _refuse("The active key has not signed the key set.")


def _refuse(reason: str) -> NoReturn:
    raise Untrusted(f"The registry's keys are not believed. {reason}")
