"""What an endpoint would be after a change, in the form that is checked."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final

from geminicrm.kernel.errors import Finding
from geminicrm.webhooks.outgoing.book import place_of
from geminicrm.webhooks.outgoing.models import Endpoint
from geminicrm.webhooks.outgoing.shaping import Shaping
from geminicrm.webhooks.outgoing.wishes import NewEndpoint

_SHAPING: Final = tuple(one.name for one in fields(Shaping))


def merged(row: Endpoint, headers: Mapping[str, str], values: Mapping[str, Any]) -> NewEndpoint:
    """Lay changes over an endpoint that has these headers."""
    form = {name: values[name] for name in _SHAPING if name in values}
    rest = {name: value for name, value in values.items() if name not in _SHAPING}
    given = rest.get("headers", headers)
    rest["headers"] = {
        name: headers.get(name) if value is None else value for name, value in given.items()
    }
    present = NewEndpoint(
        url=row.url,
        events=tuple(row.events),
        description=row.description,
        rate=row.rate,
        concurrency=row.concurrency,
    )
    return replace(present, shaping=replace(Shaping.of(row.shape), **form), **rest)


def missing_values(headers: Mapping[str, str | None]) -> list[Finding]:
    """Say which headers have no value, nor had one."""
    return [
        Finding(f"/headers/{name[:100]}", "missing", "Give a value.")
        for name, value in headers.items()
        if value is None
    ]


def led_away(row: Endpoint, kept: Mapping[str, str], values: Mapping[str, Any]) -> list[Finding]:
    """Say which headers have to be given anew, as the address is another server's.

    Who may change an address must not learn in that way what only its old server was to know.
    """
    if place_of(values.get("url", row.url)) == place_of(row.url):
        return []
    given = values.get("headers", dict.fromkeys(kept))
    return [
        Finding(f"/headers/{name}", "give_anew", "The address is another server's: give the value "
                "of this header again, or leave the header out.")
        for name, value in given.items()
        if value is None and name in kept
    ]  # fmt: skip
