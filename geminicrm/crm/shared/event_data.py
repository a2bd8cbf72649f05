"""What events say of records, typed: members as the REST API gives them, each with an example."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import override

from geminicrm.kernel.events import Event, EventType


def shown(example: object) -> Any:
    """Give a member an example; the sample of a type is made of them."""
    return Field(examples=[example])


class Data(BaseModel):
    """The data of an event; more members may come: receivers leave alone what they don't know."""

    model_config = ConfigDict(extra="allow")


class Head(Data):
    """What comes first in every record; instants are RFC 3339 text in UTC."""

    id: str
    version: int = shown(1)
    created_at: str = shown("2026-11-21T09:00:00.000000Z")
    updated_at: str = shown("2026-11-21T09:00:00.000000Z")


class Person(Head):
    """What is said of a person."""

    first_name: str | None = shown("Ada")
    last_name: str | None = shown("Byron")
    email: str | None = shown("ada@example.com")
    phone: str | None = shown("+44 20 7946 0958")


class Money(Data):
    """A decimal amount as text, and its ISO 4217 code."""

    amount: str | None = shown("1250.50")
    currency: str | None = shown("EUR")


class Owned(Data):
    """What comes last in every record."""

    owner_id: str | None = shown("usr_1k0sp6n3t0f8nhhzh9zatfv0")
    tags: list[str] = shown(["warm"])
    custom: dict[str, Any] = shown({})


class Changed(Data):
    """What an update says besides."""

    changed_fields: list[str]


class _WithoutTitles(GenerateJsonSchema):
    """Names of members say what a title would repeat."""

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def event_type(event: type[Event], data: type[Data], scope: str | None) -> EventType:
    """Describe a class of events by the shape of its data."""
    return EventType(
        type=event.type,
        description=" ".join((event.__doc__ or "").split()),
        scope=scope,
        data=data.model_json_schema(schema_generator=_WithoutTitles),
        sample=_sample(data),
        schema_version=event.schema_version,
    )


def event_types(
    scope: str | None, *described: tuple[type[Event], type[Data]]
) -> Sequence[EventType]:
    """Describe several that need the same scope."""
    return tuple(event_type(event, data, scope) for event, data in described)


def _sample(data: type[Data]) -> dict[str, Any]:
    return {name: (field.examples or [None])[0] for name, field in data.model_fields.items()}
