"""The form of a connection: made from what its integration declares, read back from a browser."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from geminicrm.connections.services import Field, Service
from geminicrm.connections.values import CONNECTION, needed
from geminicrm.connections.ways import Authentication
from geminicrm.kernel.errors import Finding

_INPUTS: Final = {"password": "secret", "boolean": "checkbox", "integer": "number"}
_STEPS: Final = {"integer": "1", "number": "any"}
_SOURCES: Final = {
    "installation": "Comes from the settings of the extension.",
    "file": "Comes from the operator's integrations.toml.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input of the form, in the words of the field macro; `clear` takes a secret away."""

    name: str
    clear: str | None
    label: str
    type: str
    value: Any
    help: str
    error: str | None
    required: bool
    options: tuple[Mapping[str, str], ...]
    is_set: bool
    attrs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a form shows: values, where they come from, last characters of secrets, mistakes."""

    config: Mapping[str, Any]
    sources: Mapping[str, str]
    hints: Mapping[str, str | None]
    findings: tuple[Finding, ...] = ()


def inputs(service: Service, way: Authentication, filled: Filled) -> list[Input]:
    """Make the inputs of one way to sign in; none ever holds a secret."""
    errors = {one.pointer.removeprefix("/config/"): one.message for one in filled.findings}
    required = {one.id for one in needed(service, way)}
    return [
        _input(one, filled, errors.get(one.id), required=one.id in required)
        for one in fields_of(service, way)
    ]


def fields_of(service: Service, way: Authentication) -> list[Field]:
    """Give the fields of a way, those that belong to none, and what webhooks are checked with."""
    of_others = {name for one in service.ways for name in one.settings} - set(way.settings)
    of_others -= service.webhook_secrets or frozenset()
    return [one for one in service.fields if one.id not in of_others]


def read(fields: Iterable[Field], form: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Give the values by field, and the secrets to take away; what is no number stays text."""
    config, clear = {}, []
    for one in fields:
        text = form.get(_name(one), "")
        if one.secret and text:
            config[one.id] = text
        elif one.secret and f"clear-{one.id}" in form:
            clear.append(one.id)
        elif not one.secret:
            config[one.id] = _value(one, text)
    return config, clear


def _name(one: Field) -> str:
    return f"setting-{one.id}"


def _value(one: Field, text: str) -> Any:
    if one.type == "boolean":
        return text == "true"
    text = text.replace("\r\n", "\n") if one.type == "textarea" else text.strip()
    if one.type not in _STEPS:
        return text or None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None


def _input(one: Field, filled: Filled, error: str | None, *, required: bool) -> Input:
    source = filled.sources.get(one.id)
    given = source is not None
    attrs = {"placeholder": one.placeholder} if one.placeholder and not one.secret else {}
    if one.type in _STEPS:
        attrs["step"] = _STEPS[one.type]
    return Input(
        name=_name(one),
        clear=f"clear-{one.id}" if one.secret and source == CONNECTION and not required else None,
        label=one.label,
        type=_INPUTS.get(one.type, one.type),
        value=None if one.secret else filled.config.get(one.id),
        help=" ".join(filter(None, [one.description, _told(one, source, filled.hints)])),
        error=error,
        required=required and not given,
        options=_options(one),
        is_set=one.secret and given,
        attrs=attrs,
    )


def _told(one: Field, source: str | None, hints: Mapping[str, str | None]) -> str:
    if one.secret and source == CONNECTION:
        ending = hints.get(one.id)
        return f"Ends in {ending}." if ending else ""
    if source is not None and source.startswith("environment:"):
        return f"Comes from the variable {source.partition(':')[2]}."
    return _SOURCES.get(source or "", "")


def _options(one: Field) -> tuple[Mapping[str, str], ...]:
    if one.type != "select":
        return ()
    given = tuple({"value": value, "label": label} for value, label in one.options)
    return given if one.required else ({"value": "", "label": "Not set"}, *given)
