"""What a schema can't say about the webhooks of a manifest: schemes and settings that exist."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.manifest_schema import nearest
from geminicrm.runtime.strict_json import join, shorten
from geminicrm.webhooks.incoming.schemes import SCHEMES

_MOST: Final = 50
_Data = Mapping[str, Any]


def webhook_findings(data: _Data) -> Iterator[Finding]:
    """Look at each entry; what has the wrong type is left to the schema."""
    kinds = {str(one.get("id")): one.get("type") for one in _objects(data, "settings")}
    for at, entry in enumerate(_objects(data, "inbound_webhooks")):
        pointer = f"/inbound_webhooks/{at}"
        yield from _scheme(data, pointer, entry)
        yield from _settings(pointer, entry, kinds)


def _scheme(data: _Data, pointer: str, entry: _Data) -> Iterator[Finding]:
    scheme = entry.get("scheme")
    if not isinstance(scheme, str):
        return
    if not data.get("authentication"):
        message = "Only an integration receives webhooks: add a way of authentication."
        yield Finding(f"{pointer}/scheme", "no_integration", message)
    known = SCHEMES.get(scheme)
    if known is None:
        hint = nearest(scheme, SCHEMES) or f" Known are: {', '.join(sorted(SCHEMES))}."
        yield Finding(f"{pointer}/scheme", "unknown_scheme", f"{shorten(scheme)} is none.{hint}")
    elif known.needs_secret and not entry.get("secrets"):
        message = f"{scheme} checks by a secret: name the settings that hold one."
        yield Finding(f"{pointer}/secrets", "missing_property", message)


def _settings(pointer: str, entry: _Data, kinds: Mapping[str, Any]) -> Iterator[Finding]:
    secrets = entry.get("secrets")
    named = list(enumerate(secrets[:_MOST])) if isinstance(secrets, list) else []
    for at, name in named:
        if isinstance(name, str) and kinds.get(name, "password") != "password":
            message = f"{shorten(name)} would be shown in clear: give it the type password."
            yield Finding(f"{pointer}/secrets/{at}", "not_a_secret", message)
    options = entry.get("option_settings")
    places = [(f"{pointer}/secrets/{at}", name) for at, name in named]
    if isinstance(options, dict):
        places += [
            (join(f"{pointer}/option_settings", name), one)
            for name, one in list(options.items())[:_MOST]
        ]
    for place, name in places:
        if isinstance(name, str) and name not in kinds:
            message = f"There is no setting {shorten(name)}.{nearest(name, kinds)}"
            yield Finding(place, "unknown_setting", message)


def _objects(data: _Data, name: str) -> list[_Data]:
    value = data.get(name)
    return (
        [one if isinstance(one, dict) else {} for one in value[:200]]
        if isinstance(value, list)
        else []
    )
