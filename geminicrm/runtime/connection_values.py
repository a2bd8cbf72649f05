"""The values of a connection outside any call: implements what the room of OAuth2 asks for."""

from extensions.sdk.service_errors import NotConnected
from geminicrm.connections.opened import SharedValues
from geminicrm.connections.services import Service, Values
from geminicrm.connections.table import Connected
from geminicrm.connections.trust import trusted
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Works
from geminicrm.runtime.manifest_build import build_manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.services import service_of


class ConnectionValues:
    """Puts the values of a connection over those of its installation and of the operator."""

    def __init__(self, works: Works, vault: Vault, shared: SharedValues) -> None:
        self._works = works
        self._vault = vault
        self._shared = shared

    def __call__(self, connection: Connected) -> tuple[Service, Values]:
        """Give the integration and the values. Raises NotConnected, DecryptionFailed."""
        with self._works.read(SystemActor(connection.workspace_id)) as work:
            row = work.session.get(Installation, connection.installation_id)
        if row is None:
            raise NotConnected(connection.extension_id)
        service = service_of(build_manifest(row.manifest), row.id, row.workspace_id)
        return service, self.of(service, row, connection)

    def of(self, service: Service, row: Installation, connection: Connected) -> Values:
        """Give the values where the installation was read before. Raises DecryptionFailed."""
        own = {**row.settings, **connection.config}
        shared = trusted(service, self._shared.of(service), own)
        defaults = {one.id: one.default for one in service.fields if one.default is not None}
        plain = {**defaults, **shared.plain, **own}
        secrets = dict(shared.secrets)
        for one in (row.secrets, connection.secrets):
            secrets |= self._vault.open(one)
        return Values(plain, secrets)

    def lent(self, service: Service) -> Values:
        """Give what the operator lends the connections of an integration."""
        return self._shared.of(service)
