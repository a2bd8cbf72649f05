"""The pages of jobs, as far as no browser is needed."""

import pytest
from flask import Flask
from sqlalchemy import update

from geminicrm.app import Core, create_app
from geminicrm.identity.models import User
from geminicrm.jobs import service
from tests.support.core import Tenant
from tests.support.crm_pages import said
from tests.support.jobs import EVENTS, OWN_JOB, empty, job_of, put, put_dead
from tests.support.life_app import Browser

PAGE = "/jobs"


@pytest.fixture
def core(make_core) -> Core:
    """Give a core on SQLite: what depends on the engine is tested beside."""
    return make_core()


@pytest.fixture
def app(core: Core) -> Flask:
    return create_app(core=core)


@pytest.fixture
def owner(app: Flask, core: Core, tenant: Tenant) -> Browser:
    """Give an admin who operates nothing."""
    with core.works.across_workspaces("no operator", write=True) as work:
        work.session.execute(update(User).values(is_operator=False))
    return Browser(app.test_client(), tenant)


def test_workers_are_for_operators(app: Flask, tenant: Tenant, owner: Browser, core: Core):
    assert "No worker runs" not in owner.get(PAGE)
    assert "The CRM&#39;s own jobs" not in owner.get(PAGE)
    owner.get(f"{PAGE}?of=instance", 403)
    with core.works.across_workspaces("an operator", write=True) as work:
        work.session.execute(update(User).values(is_operator=True))
    operator = Browser(app.test_client(), tenant)
    page = operator.get(PAGE)
    assert "No worker runs" in page
    assert "This workspace&#39;s jobs" in operator.get(f"{PAGE}?of=instance")


def test_a_poll_gets_nothing_where_nothing_has_changed(owner: Browser, core: Core, tenant: Tenant):
    put(core, tenant.id)
    first = owner.get(f"{PAGE}/watch?state=queued")
    assert "<html" not in first
    seen = first.partition("seen=")[2].partition("&")[0].partition('"')[0]
    assert owner.client.get(f"{PAGE}/watch?state=queued&seen={seen}").status_code == 204
    put(core, tenant.id)
    assert owner.client.get(f"{PAGE}/watch?state=queued&seen={seen}").status_code == 200


def test_a_great_backlog_is_cut(owner: Browser, core: Core, tenant: Tenant, monkeypatch):
    monkeypatch.setattr("geminicrm.jobs.counts.MOST", 2)
    put(core, tenant.id, 3)
    words = said(owner.get(PAGE))
    assert "Queued 2+" in words


def test_what_is_hidden_from_the_reader(owner: Browser, core: Core, tenant: Tenant):
    (job,) = put(core, tenant.id, last_error="<b>x</b>", attempts=1, payload={"<i>": 1})
    page = owner.get(f"{PAGE}/{job}")
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "&lt;i&gt;" in page
    assert "what is not installed any more" in page


def test_a_retry_leads_to_the_job_even_where_it_is_done_already(
    owner: Browser, core: Core, tenant: Tenant
):
    (job,) = put_dead(core, tenant.id, kind=EVENTS)
    answer = owner.post(f"{PAGE}/{job}/retry")
    assert job_of(core, job).state == "queued"
    empty(core)
    assert "The event was handed over." in owner.get(answer.location)
    owner.get(f"{PAGE}/{job}", 404)
    gone = owner.client.get(f"{PAGE}/{job}/watch")
    assert (gone.status_code, "The event was handed over." in gone.text) == (286, True)


def test_cancel(owner: Browser, core: Core, tenant: Tenant):
    (waiting,) = put(core, tenant.id)
    (running,) = put(core, tenant.id, state="running", leased_by="x", started_at=None)
    assert owner.post(f"{PAGE}/{waiting}/cancel").location == f"{PAGE}/{waiting}"
    assert "The job is cancelled." in owner.get(f"{PAGE}/{waiting}")
    owner.post(f"{PAGE}/{running}/cancel")
    page = owner.get(f"{PAGE}/{running}")
    assert "The job was asked to end." in page
    assert "Stopping" in page
    owner.post(f"{PAGE}/{waiting}/cancel", 409)


def test_more_than_can_be_queued_at_once(owner: Browser, core: Core, tenant: Tenant, monkeypatch):
    monkeypatch.setattr(service, "_BATCH", 1)
    monkeypatch.setattr(service, "MOST_AT_ONCE", 1)
    put_dead(core, tenant.id, 3)
    answer = owner.post(f"{PAGE}/retry", kind=OWN_JOB, target="ins_mill")
    assert answer.location == f"{PAGE}?state=dead&target=ins_mill"
    assert "1 job is queued again. At most" in owner.get(answer.location)


def test_long_lists_have_pages(owner: Browser, core: Core, tenant: Tenant):
    put(core, tenant.id, 51)
    first = owner.get(PAGE)
    assert first.count("data-job=") == 50
    address = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = owner.get(address.replace("&amp;", "&"))
    assert second.count("data-job=") == 1
    assert "Back to the first page" in second


def test_strangers_are_sent_to_the_sign_in_and_polls_of_theirs_end(app: Flask):
    client = app.test_client()
    assert client.get(PAGE).location == "/sign-in?next=/jobs"
    for path in (f"{PAGE}/watch", f"{PAGE}/job_1/watch"):
        answer = client.get(path)
        assert (answer.status_code, "Your session has ended." in answer.text) == (286, True)


def test_a_card_on_a_phone_names_no_actions_where_there_are_none(
    owner: Browser, core: Core, tenant: Tenant
):
    put(core, tenant.id)
    assert 'data-label="Actions"' not in owner.get(f"{PAGE}?state=queued")
    put_dead(core, tenant.id)
    assert owner.get(f"{PAGE}?state=dead").count('data-label="Actions"') == 1
