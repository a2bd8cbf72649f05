"""The extension hubspot: contacts, companies and deals in step with HubSpot's."""

from collections.abc import Iterator
from typing import Final

from typing_extensions import override

from extensions.integration_base import IntegrationBase
from extensions.sdk.capabilities.catalogue import CONNECTION
from extensions.sdk.capabilities.crm_sync import CrmSync
from extensions.sdk.connection import Account
from extensions.sdk.service_errors import AccessDenied
from extensions.sdk.webhooks import Handled, WebhookEvent

from .client import Api, path
from .operations.associations import Associations
from .operations.bulk import Bulk
from .operations.changes import Changes
from .operations.frame import Frame
from .operations.hearing import changes_of
from .operations.records import Records

_TRIED: Final = {
    "crm.objects.contacts.read": path("crm", "v3", "objects", "contacts"),
    "crm.objects.companies.read": path("crm", "v3", "objects", "companies"),
    "crm.objects.deals.read": path("crm", "v3", "objects", "deals"),
    "crm.objects.owners.read": f"{path('crm', 'v3', 'owners')}/",
}


class HubSpotSync(Records, Changes, Bulk, Associations, Frame):
    """The contract `crm_sync`, put together of its parts."""


class HubSpot(IntegrationBase):
    """Provides the capability `crm_sync`."""

    @override
    def test_connection(self) -> Account:
        """Read one of each kind: what may not be read is named. Writing is not tried."""
        missing = tuple(self._missing())
        if len(missing) == len(_TRIED):
            raise AccessDenied("HubSpot lets these credentials read nothing.")
        return Account(id="", label="HubSpot", missing=missing)

    @override
    def handle_webhook(self, event: WebhookEvent) -> Handled:
        """Name the records that an event is about: they are read at HubSpot."""
        changed = changes_of(event.type, event.data)
        return Handled(changed=changed, ignored=not changed)

    @override
    def provider(self, capability: str) -> object:
        return self if capability == CONNECTION else self._sync()

    def _sync(self) -> CrmSync:
        return HubSpotSync(Api(self.app))

    def _missing(self) -> Iterator[str]:
        api = Api(self.app)
        for scope, where in _TRIED.items():
            try:
                api.get(where, lambda page: page["results"], limit=1)
            except AccessDenied:
                yield scope
