"""From the checked JSON of a manifest to the frozen Manifest, with every default filled in."""

from collections.abc import Mapping
from typing import Any, Final

from geminicrm.connections.ways import OAUTH2, Authentication, Injection, Limit
from geminicrm.runtime.manifest_model import (
    CustomField,
    Manifest,
    NavigationEntry,
    NetworkEntry,
    Option,
    OwnCapability,
    OwnEvent,
    OwnOperation,
    RecordAction,
    RecordPanel,
    Requires,
    Schedule,
    Screenshot,
    Setting,
    Ui,
    Widget,
)
from geminicrm.webhooks.incoming.entry import MOST_BYTES, InboundWebhook


def build_manifest(data: Mapping[str, Any]) -> Manifest:
    """Build from JSON that was checked before, now or when it was stored."""
    simple: dict[str, Any] = {
        **{name: data[name] for name in _REQUIRED},
        **{name: data.get(name) for name in _OPTIONAL},
        **{name: tuple(data.get(name, ())) for name in _LISTS},
    }
    return Manifest(
        **simple,
        api_version=int(data.get("api_version", 1)),
        storage_version=int(data.get("storage_version", 1)),
        sockets=bool(data.get("sockets", False)),
        permission_reasons=data.get("permission_reasons", {}),
        hooks=tuple(data["hooks"]) if "hooks" in data else None,
        settings=tuple(_setting(item) for item in data.get("settings", ())),
        network=tuple(_network(item) for item in data.get("network", ())),
        authentication=tuple(_authentication(item) for item in data.get("authentication", ())),
        limits=tuple(_limit(item) for item in data.get("limits", ())),
        ui=_ui(data.get("ui", {})),
        schedules=tuple(
            Schedule(item["id"], item["cron"], item.get("description", ""))
            for item in data.get("schedules", ())
        ),
        event_types=tuple(OwnEvent(**item) for item in data.get("event_types", ())),
        capability_types=tuple(_capability(item) for item in data.get("capability_types", ())),
        inbound_webhooks=tuple(_inbound_webhook(item) for item in data.get("inbound_webhooks", ())),
        requires=_requires(data.get("requires", {})),
        screenshots=tuple(
            Screenshot(item["path"], item.get("caption", ""))
            for item in data.get("screenshots", ())
        ),
        source=data,
    )


_REQUIRED = ("id", "name", "version", "description", "author", "license", "entry_point")
_OPTIONAL = ("icon", "homepage", "support", "privacy")
_LABELS: Final = {
    "api_key": "API key",
    "basic": "User name and password",
    "bearer": "Access token",
    "oauth2": "Sign in with the service",
    "client_credentials": "Client id and secret",
    "service_account": "Service account",
    "mail": "Mail account",
    "access_keys": "Access keys",
}
_LISTS = ("permissions", "optional_permissions", "events", "provides", "categories", "keywords")


def _setting(item: Mapping[str, Any]) -> Setting:
    return Setting(
        id=item["id"],
        type=item["type"],
        label=item["label"],
        description=item.get("description", ""),
        required=item.get("required", False),
        default=item.get("default"),
        options=tuple(_option(option) for option in item.get("options", ())),
        env=tuple(item.get("env", ())),
        placeholder=item.get("placeholder", ""),
    )


def _capability(item: Mapping[str, Any]) -> OwnCapability:
    operations = tuple(OwnOperation(**one) for one in item["operations"])
    return OwnCapability(item["name"], item["description"], operations)


def _option(option: str | Mapping[str, str]) -> Option:
    if isinstance(option, str):
        return Option(option, option)
    return Option(option["value"], option["label"])


def _network(item: Mapping[str, Any]) -> NetworkEntry:
    return NetworkEntry(item.get("host"), item.get("setting"), item.get("reason", ""))


def _requires(item: Mapping[str, Any]) -> Requires:
    return Requires(
        item.get("geminicrm"), item.get("extensions", {}), tuple(item.get("python", ()))
    )


def _authentication(item: Mapping[str, Any]) -> Authentication:
    kind = item["type"]
    settings = tuple(item.get("settings", ()))
    given = item.get("inject")
    return Authentication(
        id=item.get("id", kind),
        type=kind,
        label=item.get("label", _LABELS[kind]),
        settings=settings,
        inject=_usual(kind, settings) if given is None else tuple(_injection(one) for one in given),
        authorization_url=item.get("authorization_url"),
        token_url=item.get("token_url"),
        revocation_url=item.get("revocation_url"),
        scopes=tuple(item.get("scopes", ())),
        parameters=item.get("parameters", {}),
        issuer=item.get("issuer"),
        client_authentication=item.get("client_authentication", "basic"),
    )


def _usual(kind: str, settings: tuple[str, ...]) -> tuple[Injection, ...]:
    """Give where credentials of a kind go if the manifest does not say."""
    if kind == "bearer" and settings:
        return (Injection("header", "Authorization", f"Bearer {{{settings[0]}}}"),)
    if kind in OAUTH2:
        return (Injection("header", "Authorization", "Bearer {access_token}"),)
    return ()


def _injection(item: Mapping[str, str]) -> Injection:
    return Injection(item["in"], item["name"], item["value"])  # type: ignore[arg-type]  # the schema allows no other place


def _inbound_webhook(item: Mapping[str, Any]) -> InboundWebhook:
    return InboundWebhook(
        id=item["id"],
        description=item.get("description", ""),
        scheme=item.get("scheme", ""),
        secrets=tuple(item.get("secrets", ())),
        options=item.get("options", {}),
        option_settings=item.get("option_settings", {}),
        max_bytes=int(item.get("max_bytes", MOST_BYTES)),
        account=item.get("account", ""),
    )


def _limit(item: Mapping[str, Any]) -> Limit:
    return Limit(
        id=item["id"],
        counts=item["counts"],
        most=item["most"],
        seconds=item["seconds"],
        label=item.get("label", item["id"].replace("-", " ").capitalize()),
        setting=item.get("setting"),
    )


def _ui(item: Mapping[str, Any]) -> Ui:
    return Ui(
        navigation=tuple(NavigationEntry(**entry) for entry in item.get("navigation", ())),
        dashboard_widgets=tuple(Widget(**entry) for entry in item.get("dashboard_widgets", ())),
        record_panels=tuple(RecordPanel(**entry) for entry in item.get("record_panels", ())),
        record_actions=tuple(
            RecordAction(**{"confirm": "", **entry}) for entry in item.get("record_actions", ())
        ),
        pages=tuple(Widget(**entry) for entry in item.get("pages", ())),
        custom_fields=tuple(
            CustomField(**{**entry, "options": tuple(entry.get("options", ()))})
            for entry in item.get("custom_fields", ())
        ),
    )
