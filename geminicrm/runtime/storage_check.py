"""The arguments of the storage door: keys, versions, pages, and how much one call may handle."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from extensions.sdk.storage import MAX_BATCH, MAX_BATCH_BYTES, MAX_KEY, MAX_SIGNS
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.paging import MAX_LIMIT, Page
from geminicrm.runtime.storage_values import encode, signs_in
from geminicrm.runtime.strict_json import join, shorten

_KEY: Final = f"keys are texts of 1 to {MAX_KEY} printable characters"
_VERSIONS: Final = 2**31


def encoded(values: Mapping[str, Any], pointers: Mapping[str, str]) -> dict[str, bytes]:
    """Give each value as JSON; `pointers` say by key where findings about a value are.

    Raises ValidationFailed with a finding for each wrong value.
    """
    tried = {key: encode(value, pointers[key]) for key, value in values.items()}
    _refuse([wrong for _, wrong in tried.values() if wrong is not None])
    check_amount(amount_of(key, made.decode(), len(made)) for key, (made, _) in tried.items())
    return {key: made for key, (made, _) in tried.items()}


@dataclass(frozen=True, slots=True)
class Amount:
    """How much documents are: bytes, and signs as `storage_values.signs_in` counts them."""

    size: int = 0
    signs: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.size + other.size, self.signs + other.signs)

    @property
    def fits(self) -> bool:
        """Whether one call handles it."""
        return self.size <= MAX_BATCH_BYTES and self.signs <= MAX_SIGNS


def amount_of(key: str, text: str, size: int) -> Amount:
    """Tell how much one document is."""
    return Amount(size, signs_in(key) + signs_in(text))


def check_amount(amounts: Iterable[Amount]) -> None:
    """Raise ValidationFailed where documents are too much for one call."""
    total = sum(amounts, Amount())
    if not total.fits:
        message = (
            f"These documents are {total.size} bytes with {total.signs} of the signs [ {{ , : "
            f"together. One call handles {MAX_BATCH_BYTES} and {MAX_SIGNS}: make several calls."
        )
        _refuse([Finding("", "too_large", message)])


def check_key(key: object) -> None:
    """Raise ValidationFailed where it is no key."""
    _refuse(_key_findings(key, "/key"))


def check_keys(keys: object) -> Sequence[str]:
    """Give the keys of several documents. Raises ValidationFailed where they are none."""
    if isinstance(keys, str) or not isinstance(keys, Sequence):
        raise _wrong("", "Give a list of keys.")
    _refuse(_too_many(len(keys)))
    _refuse(found for at, key in enumerate(keys) for found in _key_findings(key, f"/{at}"))
    return keys


def check_values(values: object) -> Mapping[str, Any]:
    """Give the values of several documents by key. Raises ValidationFailed for wrong keys."""
    if not isinstance(values, Mapping):
        raise _wrong("", "Give an object: values by their keys.")
    _refuse(_too_many(len(values)))
    _refuse(found for key in values for found in _key_findings(key, join("", str(key))))
    return values


def check_version(version: object) -> None:
    """Raise ValidationFailed where it is neither None nor a version."""
    if version is None or (_is_whole(version) and 0 <= version < _VERSIONS):
        return
    raise _wrong("/if_version", "Give the version that was read, 0 for none yet, or None.")


def check_prefix(prefix: object) -> None:
    """Raise ValidationFailed where no key can begin with it."""
    if prefix != "":
        _refuse(_key_findings(prefix, "/prefix"))


def check_page(limit: object, cursor: object) -> Page:
    """Give what part of a list is asked for. Raises ValidationFailed."""
    if not _is_whole(limit):
        raise _wrong("/limit", f"Give a whole number from 1 to {MAX_LIMIT}.")
    if cursor is not None and not isinstance(cursor, str):
        raise _wrong("/cursor", "Give the next_cursor of the page before, or None.")
    return Page(limit, cursor or None)


def _key_findings(key: object, pointer: str) -> list[Finding]:
    if isinstance(key, str) and 1 <= len(key) <= MAX_KEY and key.isprintable():
        return []
    return [Finding(pointer, "wrong_key", f"{shorten(str(key))} is no key: {_KEY}.")]


def _too_many(count: int) -> list[Finding]:
    if count <= MAX_BATCH:
        return []
    message = f"One call handles {MAX_BATCH} documents, not {count}: make several calls."
    return [Finding("", "too_many", message)]


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _wrong(pointer: str, message: str) -> ValidationFailed:
    return ValidationFailed([Finding(pointer, "wrong_value", message)])


def _refuse(findings: Iterable[Finding]) -> None:
    found = list(findings)
    if found:
        raise ValidationFailed(found)
