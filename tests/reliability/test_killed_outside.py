"""`kill -9` between a vendor's "yes" and our writing it down: nothing is done twice, nothing lost.

The worker is a real process, and the far side kills it after it has done what was asked and before
it answers. Where the vendors' own descriptions are there, each request is judged by them as well.
"""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from geminicrm.payments.listing import list_payments
from geminicrm.payments.models import Payment
from geminicrm.payments.requesting import NewPaymentRequest, request_payment
from geminicrm.syncing.choosing import Choice
from geminicrm.syncing.models import SyncCursor, SyncDirty, SyncLink
from geminicrm.syncing.status import state
from tests.support.connecting import connect
from tests.support.core import START, make_tenant
from tests.support.installed import Installer
from tests.support.killing.outside import listening
from tests.support.killing.worker import Shift

pytestmark = pytest.mark.journey
ROOT = Path(__file__).parents[2]
SECONDS = 300  # on a machine that does much else
MANY = 150


@pytest.fixture
def outside():
    with listening() as found:
        yield found


class Scene:
    """A workspace with an integration, and workers that come and go."""

    def __init__(self, made, via, outside):
        self.core, self.tenant, self.via, self.outside = made.core, made.tenant, via, outside
        self.hours = 0

    def worker(self):
        """Have a new one work, an hour after the last; give how it ended."""
        url = self.core.database.engine.url.render_as_string(hide_password=False)
        shift = Shift(
            home=str(self.core.settings.home),
            key=self.core.settings.encryption_keys[0],
            database=url,
            at=(START + timedelta(hours=self.hours)).isoformat(),
        )
        self.hours += 1
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.killing.worker", shift.to_json()],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        )
        self.outside.victim = process.pid
        return process.wait(SECONDS)

    def killed(self, *endings, spared=0):
        """Have one killed by a call of each of these."""
        for ending in endings:
            self.outside.deadly = {ending: spared}
            assert self.worker() == -signal.SIGKILL
        assert self.outside.deadly == {}

    def rows(self, model):
        with self.core.works.read(self.tenant.owner()) as work:
            return list(work.session.scalars(select(model).order_by(model.id)))

    def create(self, kind, **values):
        return self.core.crm.records[kind].create(self.tenant.owner(), values)["id"]

    def switch_on(self, *kinds):
        with self.core.works.write(self.tenant.owner()) as work:
            self.core.syncing.change(work, self.via, Choice(enabled=True, kinds=kinds))

    def trouble(self):
        """Say what is wrong with the sync."""
        with self.core.works.read(self.tenant.owner()) as work:
            return state(work, self.via)["error"]


@pytest.fixture
def scene(make_core, tried, outside, judged):
    """Give a function that makes one with a built-in integration."""

    def scene(vendor, database, **config):
        core = make_core(
            GEMINICRM_EGRESS_ALLOW="127.0.0.0/8",
            GEMINICRM_ALLOW_UNSIGNED="yes",
            GEMINICRM_DATABASE_URL=database,
        )
        made = Installer(core, make_tenant(core, "north"), tried)(vendor)
        return Scene(made, connect(made, base_url=outside.base_url(vendor), **config), outside)

    yield scene
    for vendor, log in outside.log.items():
        assert judged(vendor, log) == []


@pytest.fixture
def syncing(scene, tmp_path):
    return scene("hubspot", f"sqlite:///{tmp_path / 'crm.db'}", access_token="pat-eu1-north")


@pytest.fixture
def both_syncing(scene, full_database_url):
    """Give the same, once on each engine."""
    return scene("hubspot", full_database_url, access_token="pat-eu1-north")


def test_a_payment_link_is_made_once(scene, full_database_url):
    found = scene("stripe", full_database_url, api_key="rk_test_of_north_0123456789")
    lead = found.create("lead", last_name="Lovelace")
    new = NewPaymentRequest(
        related=("lead", lead),
        amount=1250,
        currency="EUR",
        description="Consulting",
        send_mail=False,
    )
    with found.core.works.write(found.tenant.owner()) as work:
        request_payment(work, new)
    found.killed("/checkout/sessions")
    (left,) = found.rows(Payment)
    assert (left.state, left.checkout_id, left.connection_id is None) == ("asking", None, False)
    assert found.worker() == 0
    (session,) = found.outside.stripe.sessions.values()
    asked = [one for one in found.outside.log["stripe"] if one["method"] == "POST"]
    assert len(asked) == 2, "the second worker asked again"
    assert len({one["headers"]["idempotency-key"] for one in asked}) == 1
    assert len({one["body"] for one in asked}) == 1
    with found.core.works.read(found.tenant.owner()) as work:
        (payment,) = list_payments(work).data
    told = [payment[name] for name in ("state", "checkout_id", "url", "error")]
    assert told == ["open", session["id"], session["url"], None]


@pytest.mark.parametrize(
    ("kind", "values", "ending"),
    [
        (
            "contact",
            {"last_name": "Lovelace", "email": "ada@engines.example"},
            "/contacts/batch/upsert",
        ),
        ("contact", {"last_name": "Lovelace"}, "/contacts/batch/create"),
        ("company", {"name": "Engines", "domain": "engines.example"}, "/companies/batch/create"),
        (
            "deal",
            {"name": "Engine", "amount": "12.50", "currency": "EUR"},
            "/deals/batch/create",
        ),
    ],
)
def test_what_goes_out_is_made_once(syncing, kind, values, ending):
    record_id = syncing.create(kind, **values)
    syncing.switch_on(kind)
    syncing.killed(ending)
    assert syncing.worker() == 0
    ((there,),) = [list(one) for one in syncing.outside.hubspot.records.values() if one]
    (link,) = syncing.rows(SyncLink)
    assert (link.record_id, link.far_id, link.state) == (record_id, there, "ok")
    assert (syncing.rows(SyncDirty), syncing.trouble()) == ([], None)


def test_what_belongs_together_is_linked_once(syncing):
    company = syncing.create("company", name="Engines", domain="engines.example")
    syncing.create("contact", last_name="L", email="ada@engines.example", company_id=company)
    syncing.switch_on("company", "contact")
    syncing.killed("/contacts/companies/batch/create")
    assert syncing.worker() == 0
    hubspot = syncing.outside.hubspot
    (one,), (other,) = hubspot.records["contacts"], hubspot.records["companies"]
    assert hubspot.links == {(one, other)}
    tied = [link.ties for link in syncing.rows(SyncLink) if link.kind == "contact"]
    assert tied == [{"company": [company, other]}]
    assert syncing.trouble() is None


@pytest.mark.parametrize("spared", [0, 1])
def test_what_comes_in_is_made_once(both_syncing, spared):
    syncing = both_syncing
    for at in range(MANY):
        syncing.outside.hubspot.put("contacts", lastname=f"P{at}", email=f"p{at}@x.example")
    syncing.switch_on("contact")
    syncing.killed("/contacts/search", spared=spared)
    assert len(syncing.rows(SyncLink)) == spared * 100, "a page is there whole or not at all"
    assert syncing.worker() == 0
    links = syncing.rows(SyncLink)
    assert len({link.far_id for link in links}) == len(links) == MANY
    assert len({link.record_id for link in links}) == MANY
    (cursor,) = syncing.rows(SyncCursor)
    assert (cursor.came_in, syncing.trouble()) == (MANY, None)
