"""Opens every door of the CRM: the blueprints of its rooms, those of extensions last."""

from flask import Flask

from geminicrm import navigation
from geminicrm.api import operations
from geminicrm.connections import doors as connections_doors
from geminicrm.connections.oauth import views as oauth_views
from geminicrm.core import Core, event_types
from geminicrm.crm import doors as crm_doors
from geminicrm.crm import pages as crm_pages
from geminicrm.events import doors as events_doors
from geminicrm.identity import views as identity_views
from geminicrm.identity.guards import Credentials
from geminicrm.jobs import doors as jobs_doors
from geminicrm.mail import doors as mail_doors
from geminicrm.members import doors as members_doors
from geminicrm.notifications import doors as notifications_doors
from geminicrm.payments import doors as payments_doors
from geminicrm.readiness import checks_of
from geminicrm.runtime import doors as runtime_doors
from geminicrm.runtime.attention import doors as care_doors
from geminicrm.syncing import doors as syncing_doors
from geminicrm.web import styleguide as web_styleguide
from geminicrm.webhooks.incoming import doors as incoming_doors
from geminicrm.webhooks.outgoing import doors as webhooks_doors
from geminicrm.webhooks.pages import doors as webhook_pages
from marketplace import doors as market_doors
from marketplace.cards import installed_states
from marketplace.prose import to_html


def open_doors(app: Flask, core: Core, credentials: Credentials) -> None:
    """Register all of them."""
    _open_own(app, core, credentials)
    _open_those_of_extensions(app, core)


def _open_own(app: Flask, core: Core, credentials: Credentials) -> None:
    checks = checks_of(core.database.engine, core.settings.redis_url)
    days = core.settings.session_days
    doors = (
        operations.blueprint(checks, core.metrics.exposition),
        identity_views.blueprint(credentials, core.generations, days, members_doors.ABOVE),
        *members_doors.blueprints(core.members(), credentials),
        *notifications_doors.blueprints(),
        *mail_doors.blueprints(core.mail_needs),
        *payments_doors.blueprints(core.payments),
        *jobs_doors.blueprints(core.jobs),
        oauth_views.blueprint(
            core.oauth.journeys, core.connections.vendor, core.connections.testing.connect
        ),
        *connections_doors.blueprints(core.connections, navigation.SECTIONS),
        *syncing_doors.blueprints(core.syncing),
        *webhook_pages.blueprints(core.outgoing, core.receivers),
        *webhooks_doors.blueprints(core.outgoing),
        *incoming_doors.blueprints(core.incoming, core.connections.book),
        web_styleguide.blueprint(),
        *crm_doors.blueprints(core.crm),
        *events_doors.blueprints(core.works, event_types(), core.runtime.event_types),
        *crm_pages.blueprints(core.crm, navigation.zone_of(core.works), navigation.CARDS),
    )
    for door in doors:
        app.register_blueprint(door)


def _open_those_of_extensions(app: Flask, core: Core) -> None:
    states = installed_states(core.works)
    doors = (
        *runtime_doors.blueprints(
            core.runtime, core.life_cycle, core.replays, core.crm.read_record, to_html
        ),
        *care_doors.blueprints(core.care),
        *market_doors.blueprints(core.marketplace, states, core.runtime.hosting.confines),
    )
    for door in doors:
        app.register_blueprint(door)
