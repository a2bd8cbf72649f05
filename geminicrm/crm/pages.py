"""The people's doors of the CRM, ready to be registered."""

from collections.abc import Callable, Sequence

from flask import Blueprint

from geminicrm.crm.activities import views as activities
from geminicrm.crm.board import views as board
from geminicrm.crm.build import Crm
from geminicrm.crm.companies import views as companies
from geminicrm.crm.contacts import views as contacts
from geminicrm.crm.deals import views as deals
from geminicrm.crm.home import views as home
from geminicrm.crm.leads import views as leads
from geminicrm.crm.shared.desk import Card, Desk


def blueprints(
    crm: Crm, zone: Callable[[], str], cards: Sequence[Card] = ()
) -> tuple[Blueprint, ...]:
    """Give the blueprints of all pages; `zone` gives the IANA zone of whoever is looking.

    `cards` are those that rooms above put beside records.
    """
    desk = Desk(crm.records, zone, cards)
    deal_views = deals.views(desk, crm.pipelines)
    made_board = board.Board(desk, crm.pipelines, crm.deals_flow, deal_views.list_page)
    first = home.Home(desk, crm.pipelines, crm.deals_flow.totals, crm.search)
    return (
        Blueprint("crm_templates", __name__, template_folder="templates"),
        home.blueprint(first),
        leads.blueprint(desk, crm.conversion),
        contacts.blueprint(desk),
        companies.blueprint(desk),
        deals.blueprint(deal_views, crm.deals_flow),
        board.blueprint(made_board),
        activities.blueprint(desk),
    )
