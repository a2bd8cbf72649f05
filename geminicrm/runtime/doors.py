"""Every blueprint of the runtime."""

from flask import Blueprint

from geminicrm.identity.guards import current_actor
from geminicrm.runtime import (
    api,
    apps_views,
    assets,
    capabilities_api,
    consent_views,
    dispatch,
    removals_api,
    removals_views,
    update_views,
    views,
)
from geminicrm.runtime.capability_list import CapabilityList
from geminicrm.runtime.contributions import RecordReader
from geminicrm.runtime.replaying import api as replays_api
from geminicrm.runtime.replaying import views as replays_views
from geminicrm.runtime.replaying.replays import Replays
from geminicrm.runtime.runtime import ExtensionRuntime
from geminicrm.runtime.service import LifeCycle


def blueprints(
    runtime: ExtensionRuntime,
    life_cycle: LifeCycle,
    replays: Replays,
    read_record: RecordReader,
    prose: update_views.Prose,
) -> tuple[Blueprint, ...]:
    """Make them; `prose` gives a publisher's Markdown as HTML that is safe to show."""
    return (
        api.blueprint(life_cycle),
        removals_api.blueprint(life_cycle.removals),
        capabilities_api.blueprint(CapabilityList(runtime.convergence, runtime.capabilities)),
        replays_api.blueprint(replays),
        views.blueprint(life_cycle, runtime.hooks),
        replays_views.blueprint(life_cycle, replays),
        removals_views.blueprint(life_cycle.removals),
        consent_views.blueprint(life_cycle),
        update_views.blueprint(life_cycle, prose),
        apps_views.blueprint(runtime.hooks, read_record),
        dispatch.blueprint(runtime.dispatcher, current_actor),
        assets.blueprint(runtime.options.packages),
    )
