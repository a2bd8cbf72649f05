"""Puts the marketplace of one process together from what app.py has made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geminicrm.config import Review
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import HttpClient
from geminicrm.kernel.work import Works
from geminicrm.runtime.quarantine import Quarantine
from marketplace.blob_care import blobs_of
from marketplace.blobs import Blobs
from marketplace.counts import InstallCounts
from marketplace.developer.desk import Desk
from marketplace.developer.portal import Portal
from marketplace.developer.preview import Previews
from marketplace.featuring import Featuring
from marketplace.moderation.service import Moderation, build_moderation
from marketplace.offer import built_in_folder, comes_along
from marketplace.pictures import Pictures
from marketplace.publishers.service import Publishers
from marketplace.registries.assembly import RegistryNeeds, build_registries
from marketplace.registries.browsing import Browsing
from marketplace.registries.bundles import Bundles
from marketplace.registries.offering import Offering
from marketplace.registries.service import Registries
from marketplace.registries.sources import Sources
from marketplace.registries.troubles import Troubles
from marketplace.reviews.service import ReviewDesk
from marketplace.service import Registry
from marketplace.signing.registry_keys import RegistryKeys
from marketplace.source import RegistrySource
from marketplace.statistics.service import Statistics
from marketplace.trust import build_keys, build_vouching


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketplaceNeeds:
    """What the marketplace stands on.

    `home` is the folder of this machine, `blobs` where packages are kept: files or database;
    `note_own` remembers the digest of what comes with the core;
    `review` says whose versions wait for a review.
    """

    works: Works
    generations: Generations
    cipher: Cipher
    http: HttpClient
    home: Path
    note_own: Callable[[str], object]
    blobs: str = "files"
    review: Review = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marketplace:
    """Every part of the marketplace that outlives a request."""

    blobs: Blobs
    registry: Registry
    source: RegistrySource
    sources: Sources
    registries: Registries
    offering: Offering
    reviews: ReviewDesk
    pictures: Pictures
    featuring: Featuring
    bundles: Bundles
    troubles: Troubles
    browsing: Browsing
    statistics: Statistics
    keys: RegistryKeys
    publishers: Publishers
    portal: Portal
    moderation: Moderation

    def connect(self, quarantine: Quarantine) -> None:
        """Have what registries say reach what is installed."""
        self.moderation.kills.connect(quarantine.apply)
        self.registries.refreshing.connect(quarantine.take_notice)


def build_marketplace(needs: MarketplaceNeeds) -> Marketplace:
    """Make the marketplace of one process."""
    blobs = blobs_of(needs.works, needs.home, needs.blobs)
    keys = build_keys(needs.works, needs.cipher)
    counts = InstallCounts(needs.works, needs.generations)
    registry = Registry(needs.works, blobs, counts, keys, needs.note_own, needs.review)
    moderation = build_moderation(needs.works, blobs, keys)
    source = RegistrySource(needs.works, blobs)

    def own(extension_id: str, digest: str) -> bool:
        offered = registry.has_offered(extension_id, digest)
        return offered or comes_along(built_in_folder(), extension_id, digest)

    statistics = Statistics(needs.works)
    others = build_registries(
        RegistryNeeds(
            works=needs.works,
            cipher=needs.cipher,
            http=needs.http,
            blobs=blobs,
            catalogue=registry,
            embedded=(source, build_vouching(keys, own)),
            documents={
                "keys": keys.key_set,
                "notices": moderation.notices.current,
            },
            downloaded=statistics.downloaded,
            home=needs.home,
        )
    )
    publishers = Publishers(needs.works, needs.generations, keys)
    portal = Portal(
        registry=registry,
        publishers=publishers,
        desk=Desk(needs.works),
        previews=Previews(needs.works, blobs, needs.cipher, registry.before),
    )
    return Marketplace(
        blobs=blobs,
        registry=registry,
        source=source,
        sources=others.sources,
        registries=others.registries,
        offering=others.offering,
        reviews=ReviewDesk(needs.works),
        pictures=Pictures(needs.works),
        featuring=Featuring(needs.works),
        bundles=others.bundles,
        troubles=others.troubles,
        browsing=others.browsing,
        statistics=statistics,
        keys=keys,
        publishers=publishers,
        portal=portal,
        moderation=moderation,
    )
