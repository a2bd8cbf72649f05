"""The fields of one kind of record in the words of both sides, and when two values are the same."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.capabilities.crm_sync import FarRecord, StandardFields
from geminicrm.syncing.owners import Owners
from geminicrm.syncing.stages import Stages

Rest = Mapping[str, Any]
STAGE: Final = "stage"
OWNER: Final = "owner"
_PIPELINE: Final = "pipeline"
_DAY: Final = len("2026-11-21")
_DIGITS: Final = 30
FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "contact": ("first_name", "last_name", "email", "phone", "title", OWNER),
        "company": ("name", "domain", "phone", "address", OWNER),
        "deal": ("name", "amount", "currency", "expected_close_on", STAGE, OWNER),
    }
)
"""What is synced of each kind, as far as the other side has it."""


class Fields:
    """Reads and writes the values of one kind; `stages` are needed for deals alone.

    An owner whom the other side does not know is left out on both sides: it is not compared.
    """

    def __init__(
        self,
        kind: str,
        standard: StandardFields,
        stages: Stages | None = None,
        owners: Owners | None = None,
    ) -> None:
        self.kind = kind
        self.key = standard.key
        self._names = {
            name: standard.names[name] for name in FIELDS[kind] if name in standard.names
        }
        self._pipeline = standard.names.get(_PIPELINE, "")
        self._stages = stages
        self._owners = owners or Owners((), ())
        if owners is None:
            self._names.pop(OWNER, None)
        if stages is None or not self._pipeline:
            self._names.pop(STAGE, None)

    @property
    def properties(self) -> tuple[str, ...]:
        """Name what is read over there."""
        more = (self._pipeline,) if STAGE in self._names else ()
        return (*self._names.values(), *more)

    @property
    def key_property(self) -> str:
        """Name the property over there that finds a record; "" for none."""
        return self._names.get(self.key, "")

    def ours(self, record: Rest) -> dict[str, str]:
        """Give the values of our record, as they are compared."""
        found = {name: same(name, record[_own(name)]) for name in self._names}
        if found.get(OWNER) and self._owners.theirs(found[OWNER]) is None:
            del found[OWNER]
        return found

    def theirs(self, record: FarRecord) -> dict[str, str]:
        """Give the values of theirs, as they are compared.

        A stage and an owner that fit none of ours are left out.
        """
        found = {name: same(name, record.values.get(far)) for name, far in self._names.items()}
        if STAGE in found:
            stage = self._our_stage(record)
            if stage is None:
                del found[STAGE]
            else:
                found[STAGE] = stage
        if found.get(OWNER):
            owner = self._owners.ours(found[OWNER])
            if owner is None:
                del found[OWNER]
            else:
                found[OWNER] = owner
        return found

    def strange_stage(self, record: FarRecord) -> str:
        """Name their stage where none of ours fits; "" where one does."""
        if STAGE not in self._names or self._our_stage(record) is not None:
            return ""
        return str(record.values.get(self._names[STAGE]) or "")

    def to_ours(self, record: FarRecord, names: Iterable[str]) -> dict[str, Any]:
        """Give values of theirs as our schema takes them."""
        found: dict[str, Any] = {}
        for name in names:
            value = (record.values.get(self._names[name]) or "").strip()
            if name == STAGE:
                found[_own(name)] = self._our_stage(record)
            elif name == OWNER:
                found[_own(name)] = self._owners.ours(value) if value else None
            elif name == "expected_close_on":
                found[name] = value[:_DAY]
            else:
                found[name] = value
        return found

    def to_far(self, record: Rest, names: Iterable[str]) -> tuple[dict[str, str], str]:
        """Give values of ours in their words, and what of them has none there."""
        found, wrong = {}, ""
        for name in names:
            value = record[_own(name)]
            if name == OWNER:
                found[self._names[name]] = self._owners.theirs(value or "") or ""
                continue
            if name != STAGE:
                found[self._names[name]] = "" if value is None else str(value)
                continue
            place = self._stages.theirs(value) if self._stages is not None else None
            if place is None:
                wrong = "stage: no stage there has its name; rename one of the two."
            else:
                found[self._pipeline], found[self._names[STAGE]] = place
        return found, wrong

    def said(self, name: str, value: str) -> str:
        """Write a value as it is compared for people."""
        return self._owners.address(value) if name == OWNER else value

    def key_of(self, values: Mapping[str, str]) -> str:
        """Give what finds a record, from values as they are compared; "" for nothing."""
        return values.get(self.key, "") if self.key in self._names else ""

    def _our_stage(self, record: FarRecord) -> str | None:
        if self._stages is None:
            return None
        pipeline = record.values.get(self._pipeline) or ""
        return self._stages.ours(pipeline, record.values.get(self._names[STAGE]) or "")


def same(name: str, value: object) -> str:
    """Write a value so that what means the same is the same text."""
    text = "" if value is None else " ".join(str(value).replace("\x00", "").split())
    if name in {"email", "domain"}:
        return text.lower()
    if name == "currency":
        return text.upper()
    if name == "expected_close_on":
        return text[:_DAY]
    return _number(text) if name == "amount" else text


def _own(name: str) -> str:
    return f"{name}_id" if name in {STAGE, OWNER} else name


def _number(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    short = number.is_finite() and abs(number.adjusted()) < _DIGITS  # 1e999999 would fill memory
    return f"{number.normalize():f}" if short else text
