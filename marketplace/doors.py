"""Every blueprint of the marketplace."""

from collections.abc import Callable

from flask import Blueprint

from marketplace import api, browse_views, extension_views, review_views, views
from marketplace.assembly import Marketplace
from marketplace.cards import InstalledStates
from marketplace.developer import views as developer_views
from marketplace.extension_views import Showroom
from marketplace.moderation import api as moderation_api
from marketplace.moderation import views as moderation_views
from marketplace.publishers import api as publishers_api
from marketplace.registries import api as registries_api
from marketplace.registries import browse_views as registries_browse
from marketplace.registries import protocol_api
from marketplace.registries import views as registries_views
from marketplace.reviews import api as reviews_api
from marketplace.statistics import api as statistics_api
from marketplace.statistics import views as statistics_views


def blueprints(
    market: Marketplace,
    installed: InstalledStates,
    confines: Callable[[], bool],
    *,
    private: bool = True,
) -> tuple[Blueprint, ...]:
    """Make them; see `Desk` for `installed` and `confines`.

    `private` keeps what other installations read behind a token.
    """
    room = Showroom(
        registry=market.registry,
        pictures=market.pictures,
        featuring=market.featuring,
        installed=installed,
        confines=confines,
    )
    return (
        protocol_api.blueprint(market.offering, private=private),
        registries_api.blueprint(market.registries),
        registries_views.blueprint(market.registries),
        api.blueprint(market.registry, installed, market.featuring),
        registries_browse.blueprint(market.browsing, installed),
        reviews_api.blueprint(market.reviews),
        views.blueprint(market.registry),
        browse_views.blueprint(market.registry, installed),
        extension_views.blueprint(room),
        review_views.blueprint(room, market.reviews),
        moderation_api.blueprint(market.moderation),
        moderation_views.blueprint(market.moderation),
        publishers_api.blueprint(market.publishers),
        developer_views.blueprint(market.portal),
        statistics_api.blueprint(market.statistics),
        statistics_views.blueprint(market.statistics, market.portal.desk),
    )
