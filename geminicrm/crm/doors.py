"""The REST doors of the CRM, ready to be registered."""

from flask import Blueprint

from geminicrm.crm.build import Crm
from geminicrm.crm.deals import api as deals_api
from geminicrm.crm.leads import api as leads_api
from geminicrm.crm.pipelines import api as pipelines_api
from geminicrm.crm.shared.api import record_blueprint


def blueprints(crm: Crm) -> tuple[Blueprint, ...]:
    """Give the blueprints of all records and of pipelines."""
    return (
        leads_api.blueprint(crm.leads, crm.conversion),
        record_blueprint(crm.contacts),
        record_blueprint(crm.companies),
        deals_api.blueprint(crm.deals, crm.deals_flow),
        record_blueprint(crm.activities),
        pipelines_api.blueprint(crm.pipelines),
    )
