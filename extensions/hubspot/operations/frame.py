"""What records hang in: owners, properties, pipelines."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk.capabilities.crm_sync import (
    Kind,
    NewProperty,
    Owner,
    Pipeline,
    Property,
    Stage,
    StandardFields,
    ValueType,
)

from ..client import Api, path
from ..mapping import PLURAL, STANDARD
from .records import PAGE

_TYPES: Final[Mapping[str, ValueType]] = MappingProxyType(
    {
        "number": "number",
        "date": "date",
        "datetime": "datetime",
        "enumeration": "choice",
        "bool": "yes_no",
    }
)
_GROUPS: Final[Mapping[Kind, str]] = MappingProxyType(
    {"contact": "contactinformation", "company": "companyinformation", "deal": "dealinformation"}
)
_V3: Final = ("crm", "v3")


class Frame:
    """The operations on names of fields, owners, properties and pipelines."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def standard_fields(self, kind: Kind) -> StandardFields:
        """Tell what the CRM's own fields are called at HubSpot."""
        return STANDARD[kind]

    def owners(self) -> tuple[Owner, ...]:
        """Give all owners; HubSpot wants the slash at the end."""
        return tuple(owner(one) for one in self._api.pages(f"{path(*_V3, 'owners')}/", limit=PAGE))

    def properties(self, kind: Kind) -> tuple[Property, ...]:
        """Give all properties of a kind, in one page."""
        return tuple(map(far_property, self._api.pages(_properties(kind))))

    def create_property(self, kind: Kind, new: NewProperty) -> Property:
        """Add one; it needs a right over the schema, which syncing does not."""
        body = {
            "name": new.name,
            "label": new.label,
            "type": "string",
            "fieldType": "text",
            "groupName": _GROUPS[kind],
            "hasUniqueValue": new.unique,
        }
        return self._api.post(_properties(kind), far_property, body)

    def pipelines(self) -> tuple[Pipeline, ...]:
        """Give those of deals, in one page."""
        return tuple(map(pipeline, self._api.pages(path(*_V3, "pipelines", PLURAL["deal"]))))


def owner(data: Mapping[str, Any]) -> Owner:
    """Read one."""
    names = (data.get("firstName"), data.get("lastName"))
    return Owner(
        id=str(data["id"]),
        email=str(data.get("email") or ""),
        name=" ".join(name for name in names if name),
        archived=data["archived"],
    )


def far_property(data: Mapping[str, Any]) -> Property:
    """Read one; kinds that are not known are text."""
    rights = data.get("modificationMetadata") or {}
    return Property(
        name=data["name"],
        label=data["label"],
        type=_TYPES.get(data["type"], "text"),
        choices={str(one["value"]): str(one["label"]) for one in data["options"]},
        read_only=data.get("calculated") is True or rights.get("readOnlyValue") is True,
        unique=data.get("hasUniqueValue") is True,
    )


def pipeline(data: Mapping[str, Any]) -> Pipeline:
    """Read one, its stages in order."""
    stages = sorted(map(_stage, data["stages"]), key=lambda one: one.order)
    return Pipeline(id=str(data["id"]), label=data["label"], stages=tuple(stages))


def _stage(data: Mapping[str, Any]) -> Stage:
    more = data.get("metadata") or {}
    return Stage(
        id=str(data["id"]),
        label=data["label"],
        order=data["displayOrder"],
        probability=_probability(more.get("probability")),
        closed=str(more.get("isClosed")).lower() == "true",
    )


def _probability(told: Any) -> float | None:
    try:
        return float(told)
    except (TypeError, ValueError):
        return None


def _properties(kind: Kind) -> str:
    return path(*_V3, "properties", PLURAL[kind])
