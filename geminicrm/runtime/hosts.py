"""The hosts that an extension may call, and how they are written."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from geminicrm.runtime.manifest_model import Manifest

_PORTS = {"https": 443, "http": 80}


def fitting(host: str, port: int, allowed: Iterable[str]) -> str | None:
    """Give the entry that fits, such as `api.example.com`, `*.example.com` or `host:8443`."""
    for entry in allowed:
        name, given = split_port(entry)
        below = name.startswith("*.") and host.endswith(name[1:])
        if port == (given or _PORTS["https"]) and (below or name == host):
            return entry
    return None


def shown_host(entry: str) -> str:
    """Give an entry in the one spelling that people and the ledger read."""
    name, port = split_port(entry)
    return spelled(name, port or _PORTS["https"])


def spelled(host: str, port: int) -> str:
    """Spell host and port; the port of https goes without saying."""
    name = f"[{host}]" if ":" in host else host
    return name if port == _PORTS["https"] else f"{name}:{port}"


def split_port(entry: str) -> tuple[str, int | None]:
    """Part `host:port`; no port gives None. IPv6 addresses stand in brackets."""
    name, colon, port = entry.rpartition(":")
    if colon and port.isdecimal() and not port.startswith("]"):
        return name.strip("[]").lower(), int(port)
    return entry.strip("[]").lower(), None


def allowed_hosts(manifest: Manifest, settings: Mapping[str, object]) -> frozenset[str]:
    """Give the hosts of the manifest, and those in the settings that it names."""
    hosts = set()
    for entry in manifest.network:
        if entry.host is not None:
            hosts.add(entry.host)
        elif entry.setting is not None and (host := host_in(settings.get(entry.setting))):
            hosts.add(host)
    return frozenset(hosts)


def host_in(value: object) -> str | None:
    """Give host and port of an address that a setting holds, None where it holds none."""
    if not isinstance(value, str) or not value.strip():
        return None
    text = value.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:  # a setting that holds no address allows none
        return None
    host = parts.hostname
    return f"[{host}]:{port}" if host and ":" in host else f"{host}:{port}" if host else None
