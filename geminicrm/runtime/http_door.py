"""Outside calls of an extension: only to the hosts that it named and an admin granted."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import urlsplit

import structlog

from extensions.sdk import errors as sdk
from extensions.sdk.context import HttpResponse
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.http import AddressRefused, HttpClient, HttpFailed, HttpRequest
from geminicrm.kernel.http import HttpResponse as Answer
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.dry_doors import noted
from geminicrm.runtime.http_request import LONGEST_SECONDS, Asked, request_of
from geminicrm.runtime.manifest import Manifest
from geminicrm.runtime.sdk_errors import to_sdk

# What guard.py says of an address that nobody could call.
_UNREADABLE = frozenset({"url", "host"})
# What stands for the answer to a request that was not sent.
_DRY = HttpResponse(200, {"Content-Type": "application/json"}, b"{}")
_PORTS = {"https": 443, "http": 80}
_log = structlog.get_logger(__name__)


class ExtensionHttp:
    """Implements the SDK's HttpDoor over the core's HTTP client."""

    door = "http"

    def __init__(self, client: HttpClient, call: Callable[[], CallContext]) -> None:
        self._client = client
        self._call = call

    @noted
    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        body: bytes | None = None,
        timeout: float = LONGEST_SECONDS,
    ) -> HttpResponse:
        """Send one request; Invalid, HttpNotAllowed or HttpFailed where there is no answer.

        In a dry run nothing is sent, whatever the method: the answer is 200 with `{}`.
        """
        call = self._call()
        with _translated():
            asked = Asked(
                method=method, url=url, headers=headers, json=json, body=body, timeout=timeout
            )
            request = request_of(asked, call)
            origin, entry = self._check(call, url)
            if call.dry_run is not None:
                return _DRY
            answer = self._send(call, entry, request)
        _log.info(
            "extension called out",
            extension_id=call.installed.extension_id,
            workspace_id=call.installed.workspace_id,
            method=request.method,
            where=origin,  # not the path, which may hold a secret
            status=answer.status,
            milliseconds=answer.elapsed_ms,
        )
        return HttpResponse(answer.status, answer.headers, answer.body)

    def _check(self, call: CallContext, url: str) -> tuple[str, str]:
        # The client's own parser: two readings of one address are how allow-lists are passed by.
        target = self._client.guard.parse(url, https_only=False)
        entry = fitting(target.host, target.port, call.hosts)
        if entry is None:
            call.count_host(spelled(target.host, target.port), allowed=False)
            raise sdk.HttpNotAllowed(target.host)
        return target.origin, entry

    def _send(self, call: CallContext, entry: str, request: HttpRequest) -> Answer:
        """Send it, counted by the entry that allowed it: `*.example.com` stays one line."""
        allowed = True
        try:
            return self._client.request(request)
        except AddressRefused:
            allowed = False
            raise
        finally:
            call.count_host(shown_host(entry), allowed=allowed)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn errors of the client into those of the SDK."""
    try:
        yield
    except AddressRefused as error:
        if error.reason in _UNREADABLE:
            raise sdk.Invalid([sdk.Finding("/url", "wrong_value", error.detail)]) from error
        raise sdk.HttpNotAllowed(error.where) from error
    except HttpFailed as error:
        raise sdk.HttpFailed(error.detail, sent=error.sent) from error
    except ValidationFailed as error:
        raise to_sdk(error, "request", "") from error


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
