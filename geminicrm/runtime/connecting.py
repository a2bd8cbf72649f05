"""Which connection a call of an integration is made for, and what the call gets of it."""

from collections.abc import Mapping
from typing import Any

from geminicrm.connections.opened import Opened, SharedValues, Tokens
from geminicrm.connections.services import Values
from geminicrm.connections.table import Connected, ConnectionTable
from geminicrm.connections.trust import leads_away, told, trusted
from geminicrm.kernel.vault import Vault
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.hosts import host_in
from geminicrm.runtime.live import Installed
from geminicrm.runtime.services import service_of
from geminicrm.runtime.settings_door import StoredSettings


class Connecting:
    """Opens the connection of a call, once: the one that was chosen, else the usual one."""

    def __init__(
        self, table: ConnectionTable, vault: Vault, tokens: Tokens, shared: SharedValues
    ) -> None:
        self._table = table
        self._vault = vault
        self._tokens = tokens
        self._shared = shared

    def of(self, call: CallContext) -> Opened | None:
        """Give the connection; None for an extension that is no integration, or has none."""
        if call.opened is None and call.installed.manifest.is_integration:
            found = self._chosen(call)
            if found is not None:
                call.opened = self.opened(call.installed, found)
        return call.opened

    def opened(self, installed: Installed, connection: Connected) -> Opened:
        """Open a connection of an installation."""
        service = service_of(installed.manifest, installed.id, installed.workspace_id)
        lent = self._shared.of(service)
        own = {**installed.settings, **connection.config}
        shared = trusted(service, lent, own)
        defaults = {one.id: one.default for one in service.fields if one.default is not None}
        beneath = Values({**defaults, **shared.plain, **installed.settings}, shared.secrets)
        secrets = installed.secrets
        opened = Opened(connection, service, self._vault, self._tokens, beneath, secrets)
        if lent.secrets and not shared.secrets:
            opened.withheld = told(service, leads_away(service, lent.plain, own))
        return opened

    def hosts(self, call: CallContext) -> frozenset[str]:
        """Give the hosts that the values of the call's connection name."""
        opened = self.of(call)
        if opened is None:
            return frozenset()
        plain = opened.plain()
        named = (host_in(plain.get(name)) for name in opened.service.host_fields)
        return frozenset(host for host in named if host)

    def _chosen(self, call: CallContext) -> Connected | None:
        installed = call.installed
        if call.connection is not None:
            return self._table.find(installed.id, call.connection)
        user_id = getattr(call.caller, "user_id", None)
        return self._table.usual(installed.id, user_id)


class IntegrationSettings:
    """Implements SettingsSource: the values of a connection over those of the installation.

    Without a connection there are no secrets: nobody but the core needs them then.
    """

    def __init__(self, beneath: StoredSettings, opened: Opened | None) -> None:
        self._beneath = beneath
        self._opened = opened

    def plain(self) -> Mapping[str, Any]:
        """Give the plain values, and what the call has saved since it began."""
        own = self._opened.plain() if self._opened is not None else {}
        return {**own, **self._beneath.changed()}

    def secrets(self) -> Mapping[str, str]:
        """Give the secrets that the core does not put into calls by itself."""
        return self._opened.visible() if self._opened is not None else {}

    def save(self, values: Mapping[str, Any]) -> None:
        """Store values for the whole installation, beneath those of each connection."""
        self._beneath.save(values)
