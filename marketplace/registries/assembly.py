"""Puts what this CRM has of registries together."""

from dataclasses import dataclass
from pathlib import Path

from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.http import HttpClient
from geminicrm.kernel.work import Works
from geminicrm.runtime.install.offers import PackageSource
from marketplace.blobs import Blobs
from marketplace.catalogue import Catalogue
from marketplace.registries.browsing import Browsing
from marketplace.registries.bundles import Bundles
from marketplace.registries.clients import Clients
from marketplace.registries.offering import Documents, Downloaded, Offering
from marketplace.registries.refreshing import Refreshing
from marketplace.registries.service import Registries
from marketplace.registries.sources import Sources, Vouch
from marketplace.registries.troubles import Troubles


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryNeeds:
    """What registries stand on.

    `embedded` is the source of our own, and who vouches for it; `documents` what it signs as a
    whole; `downloaded` counts what others take from us.
    """

    works: Works
    cipher: Cipher
    http: HttpClient
    blobs: Blobs
    catalogue: Catalogue
    embedded: tuple[PackageSource, Vouch]
    documents: Documents
    downloaded: Downloaded
    home: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryParts:
    """The table, sources of packages, what is offered to others, bundles, troubles, pages."""

    registries: Registries
    sources: Sources
    offering: Offering
    bundles: Bundles
    troubles: Troubles
    browsing: Browsing


def build_registries(needs: RegistryNeeds) -> RegistryParts:
    """Make them for one process."""
    works = needs.works
    clients = Clients(needs.cipher, needs.http, works.clock)
    refreshing = Refreshing(works, clients)
    folder = needs.home / "arriving"
    registries = Registries(works, needs.cipher, needs.http.guard, clients, refreshing)
    offering = Offering(works, needs.catalogue, needs.blobs, needs.documents, needs.downloaded)
    return RegistryParts(
        registries=registries,
        sources=Sources(works, needs.embedded, clients, refreshing, needs.blobs, folder),
        offering=offering,
        bundles=Bundles(works, registries, clients, offering, needs.home / "registries"),
        troubles=Troubles(works),
        browsing=Browsing(works, clients, needs.embedded[0]),
    )
