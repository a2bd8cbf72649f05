"""Installed integrations as the room of connections sees them: implements its Services."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from geminicrm.connections.injection import fields_in
from geminicrm.connections.services import Field, Service, Values
from geminicrm.kernel.work import Works
from geminicrm.runtime.manifest_build import build_manifest
from geminicrm.runtime.manifest_model import Manifest, Option, Setting
from geminicrm.runtime.models import Installation
from geminicrm.runtime.settings_values import Stored, host_settings, merge


class InstalledServices:
    """Reads the integrations of a workspace from its installations."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def all(self, workspace_id: str) -> Sequence[Service]:
        """Give those that are installed, by name."""
        found = self._read(workspace_id, None)
        return sorted(found, key=lambda one: (one.name.casefold(), one.extension_id))

    def find(self, workspace_id: str, extension_id: str) -> Service | None:
        """Give one; None where it is not installed, or no integration."""
        return next(iter(self._read(workspace_id, extension_id)), None)

    def merged(self, service: Service, stored: Values, given: Mapping[str, Any]) -> Values:
        """Check what is given and put it over what is stored. Raises ValidationFailed."""
        settings = tuple(_setting(one) for one in service.fields)
        found = merge(settings, Stored(stored.plain, stored.secrets), given)
        return Values(found.plain, found.secrets)

    def _read(self, workspace_id: str, extension_id: str | None) -> list[Service]:
        wanted = select(Installation).where(Installation.workspace_id == workspace_id)
        if extension_id is not None:
            wanted = wanted.where(Installation.extension_id == extension_id)
        with self._works.across_workspaces("connections: installed integrations") as work:
            rows = [(row, build_manifest(row.manifest)) for row in work.session.scalars(wanted)]
            return [_stored(row, manifest) for row, manifest in rows if manifest.is_integration]


def _stored(row: Installation, manifest: Manifest) -> Service:
    service = service_of(manifest, row.id, row.workspace_id, enabled=row.enabled)
    return replace(service, given=row.settings, sealed=row.secrets)


def service_of(
    manifest: Manifest, installation_id: str, workspace_id: str, *, enabled: bool = True
) -> Service:
    """Give an integration by its manifest."""
    return Service(
        installation_id=installation_id,
        workspace_id=workspace_id,
        extension_id=manifest.id,
        name=manifest.name,
        enabled=enabled,
        provides=manifest.provides,
        fields=fields_of(manifest),
        ways=manifest.authentication,
        limits=manifest.limits,
        host_fields=host_settings(manifest),
        hosts=tuple(one.host for one in manifest.network if one.host is not None),
        webhook_secrets=_webhook_secrets(manifest),
    )


def _webhook_secrets(manifest: Manifest) -> frozenset[str] | None:
    taken = manifest.taken_webhooks
    return frozenset(name for one in taken for name in one.secrets) if taken else None


def fields_of(manifest: Manifest) -> tuple[Field, ...]:
    """Give what people fill in to connect."""
    injected = {name for way in manifest.authentication for name in fields_in(way)}
    return tuple(
        Field(
            id=one.id,
            type=one.type,
            label=one.label,
            description=one.description,
            required=one.required,
            secret=one.secret,
            default=one.default,
            options=tuple((option.value, option.label) for option in one.options),
            env=one.env,
            placeholder=one.placeholder,
            injected=one.secret and one.id in injected,
        )
        for one in manifest.settings
    )


def _setting(field: Field) -> Setting:
    return Setting(
        id=field.id,
        type=field.type,  # type: ignore[arg-type]  # made from a Setting above
        label=field.label,
        description=field.description,
        required=field.required,
        default=field.default,
        options=tuple(Option(value, label) for value, label in field.options),
        env=field.env,
        placeholder=field.placeholder,
    )
