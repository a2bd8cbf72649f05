"""The form of an endpoint: what it shows, and what somebody has filled in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from werkzeug.datastructures import MultiDict

from geminicrm.events.catalogue import Catalogue
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.webhooks.outgoing.shaping import Shaping
from geminicrm.webhooks.outgoing.wishes import CONCURRENCY, NewEndpoint

_TEXTS: Final = ("url", "description", "secret", "headers", "filter", "mapping", "template")
_JSON_HELP: Final = "Write JSON: {}."
_NUMBERS: Final = ("rate", "concurrency")


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the fields, as text; `events` are the patterns that are ticked."""

    texts: Mapping[str, str]
    events: Sequence[str]

    @classmethod
    def of_endpoint(cls, endpoint: Mapping[str, Any]) -> "Filled":
        """Give the fields of an endpoint as it is; values of headers are not shown."""
        texts = {
            "url": endpoint["url"],
            "description": endpoint["description"],
            "headers": "\n".join(f"{name}:" for name in endpoint["headers"]),
            "filter": _pretty(endpoint["filter"]),
            "mapping": _pretty(endpoint["mapping"]),
            "template": endpoint["template"] or "",
            "rate": _number(endpoint["rate"]),
            "concurrency": _number(endpoint["concurrency"]),
        }
        return cls(texts, endpoint["events"])

    @classmethod
    def of_form(cls, sent: "MultiDict[str, str]") -> "Filled":
        """Give the fields as they were sent."""
        texts = {name: sent.get(name, "").strip() for name in (*_TEXTS, *_NUMBERS)}
        return cls(texts, sent.getlist("events"))

    @classmethod
    def empty(cls, url: str) -> "Filled":
        """Give the fields of a new one."""
        return cls({"url": url, "concurrency": str(CONCURRENCY)}, ())

    def values(self) -> dict[str, Any]:
        """Give what they mean, by the names of NewEndpoint and Shaping.

        Raises ValidationFailed with every field that can't be read.
        """
        texts, findings = self.texts, list[Finding]()
        read: dict[str, Any] = {
            "url": texts["url"],
            "description": texts["description"],
            "events": tuple(self.events),
            "headers": _headers(texts["headers"], findings),
            "template": texts["template"] or None,
        }
        for name in ("filter", "mapping"):
            read[name] = _json(name, texts[name], findings)
        read["rate"] = _whole("rate", texts["rate"], None, findings)
        read["concurrency"] = _whole("concurrency", texts["concurrency"], CONCURRENCY, findings)
        if findings:
            raise ValidationFailed(findings)
        return read

    def wish(self) -> NewEndpoint:
        """Give what is to be made. Raises as `values`."""
        values = self.values()
        shaping = Shaping(**{name: values.pop(name) for name in ("filter", "mapping", "template")})
        return NewEndpoint(**values, shaping=shaping, secret=self.texts["secret"])


def groups(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Give the types of events by what they are about, each group with the pattern for all."""
    found: dict[str, list[dict[str, str]]] = {}
    for one in catalogue.all():
        noun = one.type.rpartition(".")[0]
        found.setdefault(noun, []).append({"type": one.type, "description": one.description})
    return [{"name": noun, "all": f"{noun}.*", "types": types} for noun, types in found.items()]


def errors_of(error: ValidationFailed) -> dict[str, str]:
    """Give what is wrong by field: several findings of one field stand after each other."""
    found: dict[str, str] = {}
    for one in error.findings:
        name = one.pointer.split("/")[1]
        found[name] = f"{found[name]} {one.message}" if name in found else one.message
    return found


def _headers(text: str, findings: list[Finding]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon:
            message = f"Write a name, a colon and a value on each line; {line[:40]!r} has no colon."
            findings.append(Finding("/headers", "no_header", message))
        found[name.strip()] = value.strip() or None
    return found


def _json(name: str, text: str, findings: list[Finding]) -> Any:
    if not text:
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        findings.append(Finding(f"/{name}", "no_json", _JSON_HELP.format(error)))
        return None
    wanted: type = list if name == "filter" else dict
    if not isinstance(found, wanted):
        message = "Write a list of conditions." if wanted is list else "Write an object."
        findings.append(Finding(f"/{name}", "wrong_shape", message))
        return None
    return found


def _whole(name: str, text: str, missing: int | None, findings: list[Finding]) -> int | None:
    if not text:
        return missing
    if not (text.isascii() and text.isdigit() and len(text) <= 6):  # noqa: PLR2004 - far above any that is let through
        findings.append(Finding(f"/{name}", "no_number", "Write a whole number."))
        return missing
    return int(text)


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() if value else ""


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
