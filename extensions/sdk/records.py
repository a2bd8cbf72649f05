"""Records as extensions see them: plain dictionaries in the shape of the REST API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Record: TypeAlias = dict[str, Any]
"""`id`, `version`, `created_at`, `updated_at` and the fields; money is a decimal string."""

RecordType: TypeAlias = Literal["lead", "contact", "company", "deal", "activity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """What `before_record_save` is asked about.

    `draft` is the whole record as it would be saved, for reading only; `before` is the record as
    it is now, None when it is about to be created.
    """

    record_type: RecordType
    action: Literal["create", "update"]
    before: Mapping[str, Any] | None
    draft: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One page of a list; `next_cursor` is None on the last."""

    data: tuple[Record, ...]
    next_cursor: str | None = None
