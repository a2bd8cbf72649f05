"""What programs and forms say of a connection, read and checked."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from geminicrm.connections.book import Changes, NewConnection
from geminicrm.connections.shapes import WORKSPACE
from geminicrm.kernel.errors import Finding, ValidationFailed

ME: Final = "me"
_TEXTS: Final = ("service", "name", "way", "environment", "owner")
_NEW: Final = frozenset({*_TEXTS, "config"})
_CHANGED: Final = frozenset({"config", "name", "is_active", "clear"})
# What an answer holds may come back with it: it is left as it is.
_SHOWN: Final = frozenset(
    {
        *(
            "id",
            "service",
            "service_name",
            "types",
            "owner",
            "status",
            "version",
            "way",
            "environment",
        ),
        *("last_error", "last_error_code", "last_error_at", "last_ok_at", "tested_at"),
        *("sources", "hints", "secrets_age_days", "account", "scopes", "missing_scopes"),
        *("token_expires_at", "paused_until", "debug_until"),
        *("created_by", "created_at", "updated_at"),
    }
)


def new_of(body: Mapping[str, Any], user_id: str) -> NewConnection:
    """Read what is to be connected; `owner` is workspace, or me. Raises ValidationFailed."""
    found = [*_unknown(body, _NEW), *_no_text(body, _TEXTS), *_no_object(body)]
    if not body.get("service"):
        found.append(Finding("/service", "missing", "Give the id of an installed integration."))
    if body.get("owner", WORKSPACE) not in (WORKSPACE, ME, user_id):
        found.append(Finding("/owner", "unknown_value", f"Write {WORKSPACE} or {ME}."))
    if found:
        raise ValidationFailed(found)
    return NewConnection(
        service=body["service"],
        config=body.get("config", {}),
        name=body.get("name", "").strip(),
        way=body.get("way", ""),
        environment=body.get("environment", "live"),
        owner_id=None if body.get("owner", WORKSPACE) == WORKSPACE else user_id,
    )


def changes_of(body: Mapping[str, Any], revision: int | None) -> Changes:
    """Read what is to be changed. Raises ValidationFailed."""
    found = [*_unknown(body, _CHANGED | _SHOWN), *_no_text(body, ("name",)), *_no_object(body)]
    if not isinstance(body.get("is_active", True), bool):
        found.append(Finding("/is_active", "not_a_boolean", "Write true or false."))
    clear = body.get("clear", [])
    if not isinstance(clear, list) or not all(isinstance(one, str) for one in clear):
        found.append(Finding("/clear", "not_a_list", "List the ids of secrets to take away."))
    if found:
        raise ValidationFailed(found)
    return Changes(
        config=body.get("config", {}),
        clear=tuple(clear),
        name=body.get("name"),
        active=body.get("is_active"),
        revision=revision,
    )


def _unknown(body: Mapping[str, Any], known: Iterable[str]) -> list[Finding]:
    return [
        Finding(f"/{name}", "unknown_member", "There is no such member here.")
        for name in sorted(set(body) - set(known))
    ]


def _no_text(body: Mapping[str, Any], names: Iterable[str]) -> list[Finding]:
    return [
        Finding(f"/{name}", "not_a_text", "Give a text.")
        for name in names
        if not isinstance(body.get(name, ""), str)
    ]


def _no_object(body: Mapping[str, Any]) -> list[Finding]:
    if isinstance(body.get("config", {}), dict):
        return []
    return [Finding("/config", "not_an_object", "Give an object: values by the id of the field.")]
