"""The composition root: builds the core, then the web application around it.

This is the one file that knows every room. `build_core` makes what all processes share (web,
worker, command line); `create_app` adds the doors.
"""

import os
from functools import partial
from pathlib import Path

from flask import Flask
from flask_wtf.csrf import generate_csrf
from prometheus_client import CollectorRegistry

from geminicrm import __version__, navigation, plumbing
from geminicrm.compatibility import OldPaths
from geminicrm.config import Settings, environment, keys_in
from geminicrm.connections.assembly import ConnectionNeeds, build_connections
from geminicrm.connections.oauth.assembly import OAuthNeeds, build_oauth
from geminicrm.connections.shared_values import OperatorValues
from geminicrm.core import Core as Core  # noqa: PLC0414 - re-exported: who builds one names its type
from geminicrm.core import event_types
from geminicrm.crm.build import build as build_crm
from geminicrm.doors import open_doors
from geminicrm.events.catalogue import Catalogues
from geminicrm.identity.cookies import BrowserSessions
from geminicrm.identity.guards import Credentials, Guard, public
from geminicrm.identity.people import is_member
from geminicrm.jobs.service import Jobs
from geminicrm.kernel.clock import Clock, SystemClock
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.db import Database
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import AddressGuard, HttpClient
from geminicrm.kernel.jobs.wakes import open_wakes
from geminicrm.kernel.metrics import Metrics
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Works
from geminicrm.payments.assembly import build_payments
from geminicrm.payments.noticing import noticed
from geminicrm.runtime.assembly import Needs, build_life_cycle
from geminicrm.runtime.attention.assembly import AttentionNeeds, build_care
from geminicrm.runtime.connection_calls import ConnectionCalls
from geminicrm.runtime.connection_values import ConnectionValues
from geminicrm.runtime.crm_syncing import place_of
from geminicrm.runtime.dry_doors import CallWorks
from geminicrm.runtime.hosting.supervisor_client import SupervisorClient
from geminicrm.runtime.labels import labels
from geminicrm.runtime.own_packages import OwnPackages
from geminicrm.runtime.parts import GUEST, RuntimeOptions, RuntimeParts
from geminicrm.runtime.paying import payers
from geminicrm.runtime.receivers import InstalledReceivers
from geminicrm.runtime.recovery.watch import RecoveryWatch
from geminicrm.runtime.replaying.assembly import build_replays
from geminicrm.runtime.requirements.ensure import ensure
from geminicrm.runtime.requirements.fetch import PipFetch
from geminicrm.runtime.runtime import ExtensionRuntime
from geminicrm.runtime.safe_mode import SafeMode
from geminicrm.runtime.services import InstalledServices
from geminicrm.runtime.workspaces import workspace_info
from geminicrm.syncing.choosing import Choosing
from geminicrm.syncing.hearing import heard
from geminicrm.syncing.sink import SyncSink
from geminicrm.web import pages
from geminicrm.webhooks.incoming.assembly import IncomingNeeds, build_incoming
from geminicrm.webhooks.manager import EXTENSION as WEBHOOKS
from geminicrm.webhooks.outgoing.assembly import OutgoingNeeds, build_outgoing
from geminicrm.webhooks.receiver.service import Receivers
from marketplace.assembly import MarketplaceNeeds, build_marketplace
from marketplace.extension_registry import EXTENSION as MARKETPLACE
from marketplace.extension_registry import Doors
from marketplace.package_reader import open_package

EXTENSION = "geminicrm"
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# Their server has a supervisor of its own, and starts another when that one dies.
_PATIENCE = {"web": 3.0, "worker": 3.0}


def build_core(settings: Settings, kind: str = "command", clock: Clock | None = None) -> Core:
    """Make the core of one process of a kind (web, worker, command, guest); no thread runs yet."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_url, settings.home, settings.web_threads + 4)
    wakes = open_wakes(settings.home / "run" / "work", settings.redis_url)
    works = Works(database, clock or SystemClock(), wakes.wake)
    generations = Generations(settings.home / "generation")
    cipher = Cipher(settings.encryption_keys, partial(keys_in, settings.home))
    metrics_folder = os.environ.get(METRICS_VARIABLE)
    metrics = Metrics(CollectorRegistry(), Path(metrics_folder) if metrics_folder else None)
    client = HttpClient(settings.egress_allow, pool_size=settings.http_pool)
    own_packages = OwnPackages(works, cipher)
    market = build_marketplace(
        MarketplaceNeeds(
            works=works,
            generations=generations,
            cipher=cipher,
            http=client,
            home=settings.home,
            blobs=settings.blobs,
            review=settings.registry_review,
            note_own=own_packages.note,
        )
    )
    safe_mode = SafeMode(settings.home, settings.safe_mode)
    python_packages = partial(ensure, settings.home, PipFetch())
    shared = OperatorValues(
        settings.home, environment(os.environ), settings.shared_values_for, works
    )
    values = ConnectionValues(works, Vault(cipher), shared)
    oauth = build_oauth(
        OAuthNeeds(
            works=works,
            generations=generations,
            cipher=cipher,
            http=client,
            filled=values,
            public_url=settings.public_url,
            guest=kind == GUEST,
        )
    )
    runtime = ExtensionRuntime(
        RuntimeOptions(
            home=settings.home,
            kind=kind,
            threads=settings.web_threads,
            seconds=settings.extension_seconds,
        ),
        RuntimeParts(
            works=works,
            generations=generations,
            cipher=cipher,
            metrics=metrics,
            http=client,
            workspace=partial(workspace_info, works),
            supervisor=SupervisorClient(
                settings.home,
                patience=_PATIENCE.get(kind, 0.0),
                idle_seconds=settings.host_idle_seconds,
            ),
            present=SupervisorClient(settings.home, starts=False),
            requirements=python_packages,
            report=market.statistics.report,
            files_of=lambda digest: open_package(market.blobs.read(digest)).files,
            own=own_packages.holds,
            safe=safe_mode.on,
            tokens=oauth.tokens,
            shared=shared,
        ),
    )
    calls = ConnectionCalls(
        runtime.capabilities,
        runtime.convergence,
        runtime.calls,
        runtime.context,
        runtime.connections.find,
    )
    incoming = build_incoming(
        IncomingNeeds(
            works=works,
            generations=generations,
            cipher=cipher,
            http=client,
            counts=metrics,
            receivers=InstalledReceivers(works, generations, values),
            listeners={"payments": noticed, "crm_sync": heard},
            public_url=settings.public_url,
        )
    )
    connections = build_connections(
        ConnectionNeeds(
            works=works,
            generations=generations,
            vault=Vault(cipher),
            services=InstalledServices(works),
            shared=shared,
            http=client,
            public_url=settings.public_url,
            sign_in=calls.sign_in,
            connect=calls.connect,
            vendor=calls,
            end=calls.end,
            revoker=oauth.revocation,
            reader=calls,
            webhooks=incoming.addresses.paths,
        )
    )
    crm = build_crm(works, runtime.hooks, is_member)
    life_cycle = build_life_cycle(
        Needs(
            works=works,
            generations=generations,
            cipher=cipher,
            source=market.sources,
            glance=market.sources.glance,
            vouch=market.sources.vouch,
            unpack=lambda package: open_package(package).files,
            keep=market.blobs.put,
            runner=runtime.runner,
            confines=runtime.hosting.confines,
            live=runtime,
            meter=metrics,
            packages=settings.home / "packages",
            logs=runtime.logs,
            core_version=__version__,
            allow_unsigned=settings.allow_unsigned,
            watch_seconds=settings.watch_seconds,
            kills=market.moderation.kills.of,
            advice=market.moderation.telling.advice,
            disconnect=connections.ending.leave,
        )
    )
    market.connect(life_cycle.quarantine)
    records = build_crm(CallWorks(works), runtime.hooks, is_member).records
    runtime.connect(records, life_cycle.save_settings, life_cycle.upgrades.come_back)
    care = build_care(
        AttentionNeeds(
            cipher=cipher,
            runtime=runtime,
            life_cycle=life_cycle,
            safe_mode=safe_mode,
            python_packages=python_packages,
            available=life_cycle.upgrades.available,
            notices=market.moderation.telling.notices,
            registries=market.troubles,
        )
    )
    types = Catalogues(event_types(), runtime.event_types)
    return Core(
        settings=settings,
        database=database,
        works=works,
        wakes=wakes,
        generations=generations,
        cipher=cipher,
        metrics=metrics,
        http=client,
        crm=crm,
        runtime=runtime,
        life_cycle=life_cycle,
        replays=build_replays(runtime, life_cycle),
        recovery=RecoveryWatch(life_cycle.recovery),
        marketplace=market,
        own_packages=own_packages,
        safe_mode=safe_mode,
        care=care,
        jobs=Jobs(works, labels, types.may_read, runtime.leases.alive),
        oauth=oauth,
        connections=connections,
        payments=build_payments(crm, *payers(runtime.capabilities), settings.public_url),
        sync_sink=SyncSink(works, generations),
        syncing=Choosing(generations, place_of(connections.book)),
        outgoing=build_outgoing(
            OutgoingNeeds(
                works=works,
                generations=generations,
                vault=Vault(cipher),
                catalogues=types,
                guard=AddressGuard(
                    settings.egress_allow, own=Receivers(works, settings.public_url).is_own
                ),
                https_only=settings.production,
            )
        ),
        incoming=incoming,
    )


def create_app(settings: Settings | None = None, core: Core | None = None) -> Flask:
    """Make the web application; settings come from the environment unless given."""
    core = core or build_core(settings or Settings.from_env(os.environ), "web")
    app = Flask("geminicrm", static_folder=None)
    app.session_interface = BrowserSessions()
    plumbing.configure(app, core.settings)
    plumbing.bind_database(app, core.database, core.settings.database_url)
    credentials = Credentials(core.works, core.generations)
    guard = Guard(app, core.works, credentials)
    plumbing.install(app, guard, core.metrics, secure=core.settings.secure)
    pages.init_app(
        app,
        nav=navigation.places_of(core.attention.badge),
        viewer=navigation.viewer_of(core.works),
        csrf_token=generate_csrf,
        public_url=core.settings.public_url,
        commands=navigation.commands,
    )
    public(app.view_functions["web.preferences"])
    open_doors(app, core, credentials)
    app.wsgi_app = OldPaths(app, core.runtime.runs)  # type: ignore[method-assign]  # as Flask says
    app.extensions[EXTENSION] = core
    app.extensions[WEBHOOKS] = core.outgoing
    app.extensions[MARKETPLACE] = Doors(core.works, core.registry, core.life_cycle, core.http)
    return app
