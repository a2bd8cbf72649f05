"""Where credentials of the operator may go: to the service, or where the operator sends them.

Whoever manages the integrations of a workspace chooses addresses, and could have the server send
there what another company pays for. So a connection whose address leads elsewhere gets none.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from geminicrm.connections.services import Service, Values
from geminicrm.connections.shared_values import FROM_FILE
from geminicrm.connections.values import Beneath
from geminicrm.connections.ways import Authentication
from geminicrm.kernel.errors import Finding, ValidationFailed

MEND: Final = (
    "Give the connection credentials of its own, or have the operator set the address beside the "
    "credentials in integrations.toml."
)
# What two parsers may read as two hosts names none that is known.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._~:/?&=%+,;*\[\]-]*")
_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_FROM_ENVIRONMENT: Final = "environment:"


def trusted(service: Service, shared: Values, own: Mapping[str, Any]) -> Values:
    """Give the operator's values as far as a connection with these plain values may have them."""
    if not leads_away(service, shared.plain, own):
        return shared
    return Values(shared.plain, {}, shared.origins)


def leads_away(service: Service, shared: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """Say which address is neither the service's nor the operator's; empty where none is."""
    fields = {one.id: one for one in service.fields if one.id in service.host_fields}
    defaults = [str(one.default) for one in fields.values() if one.default is not None]
    hosts = set(filter(None, map(_host, [*service.hosts, *defaults])))
    for name, one in fields.items():
        value = str(own.get(name) or "").strip()
        known = value in ("", str(shared.get(name) or ""), str(one.default or ""))
        if not known and not _is_of(value, hosts):
            return f"{one.label} ({value})"
    lent = {**{one.id: one.default for one in service.fields}, **shared}
    for text in _templates(service):
        host = _host(_filled(text, {**lent, **own}))
        if host != _host(_filled(text, lent)) and not _is_of(host or "?", hosts):
            return f"The address to sign in ({host})"
    return ""


def refuse_to_lead_away(
    service: Service, way: Authentication, values: Values, beneath: Beneath
) -> None:
    """Raise ValidationFailed where credentials of the operator would go to an unknown address."""
    lent = {
        name
        for name, source in beneath.sources.items()
        if source == FROM_FILE or source.startswith(_FROM_ENVIRONMENT)
    }
    shared = {name: one for name, one in beneath.values.plain.items() if name in lent}
    own = {**service.given, **values.plain}
    used = {one.id for one in service.fields if one.secret and one.id in way.settings}
    away = leads_away(service, shared, own)
    if away and used & lent & beneath.values.secrets.keys() - values.secrets.keys():
        raise ValidationFailed(
            Finding(f"/{name}", "leads_away", f"{told(service, away)} {MEND}")
            for name in sorted(service.host_fields & own.keys())
        )


def told(service: Service, away: str) -> str:
    """Say why there are no credentials."""
    return (
        f"{away} is no address of {service.name}: the credentials that the operator lends are not "
        "sent there."
    )


def _templates(service: Service) -> set[str]:
    """Give the addresses that credentials are sent to whose host depends on what is filled in."""
    texts = (text for way in service.ways for text in (way.token_url, way.revocation_url) if text)
    return {text for text in texts if "{" in text.removeprefix("https://").partition("/")[0]}


def _filled(template: str, values: Mapping[str, Any]) -> str:
    return _PLACEHOLDER.sub(lambda found: str(values.get(found[1]) or ""), template)


def _is_of(value: str, hosts: set[str]) -> bool:
    host = _host(value)
    if host is None or value.startswith("http://"):
        return False
    return any(host == one or (one[:2] == "*." and host.endswith(one[1:])) for one in hosts)


def _host(value: str) -> str | None:
    if not _PLAIN.fullmatch(value):
        return None
    try:
        return urlsplit(value if "://" in value else f"https://{value}").hostname
    except ValueError:
        return None
