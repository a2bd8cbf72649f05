from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from geminicrm.crm.build import Crm
from geminicrm.crm.leads.models import Lead
from geminicrm.crm.pipelines.service import ensure_default_pipeline
from geminicrm.kernel.errors import PreconditionFailed
from geminicrm.kernel.work import Actor, Work, Works
from tests.unit.crm.conftest import Stored

WRITERS = 4


def together(call: Callable[[int], Any]) -> list[Future[Any]]:
    """Run `call(number)` in several threads that begin at once."""
    barrier = Barrier(WRITERS)

    def run(number: int) -> Any:
        barrier.wait(10)
        return call(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return [pool.submit(run, number) for number in range(WRITERS)]


def test_only_one_of_two_readers_of_a_version_can_write(
    both_crms: Crm, here: Actor, both_works: Works
):
    lead = both_crms.leads.create(here, {"name": "Ada"})
    results = together(
        lambda number: both_crms.leads.update(here, lead["id"], {"phone": str(number)}, 1)
    )
    failures = [result.exception() for result in results if result.exception()]
    assert len(failures) == WRITERS - 1
    assert {type(failure) for failure in failures} == {PreconditionFailed}
    assert both_crms.leads.get(here, lead["id"])["version"] == 2
    assert Stored(both_works).types(here) == ["lead.created", "lead.updated"]


def test_writers_of_different_fields_lose_nothing(both_crms: Crm, here: Actor):
    lead = both_crms.leads.create(here, {"name": "Ada"})
    results = together(
        lambda number: both_crms.leads.update(here, lead["id"], {"custom": {f"k{number}": number}})
    )
    assert sorted(result.result()["version"] for result in results) == [2, 3, 4, 5]
    kept = both_crms.leads.get(here, lead["id"])["custom"]
    assert kept == {f"k{number}": number for number in range(WRITERS)}


def test_a_stale_entity_can_not_be_written(both_crms: Crm, here: Actor):
    lead = both_crms.leads.create(here, {"name": "Ada"})
    with both_crms.works.read(here) as work:
        stale = work.get(Lead, lead["id"])
        work.session.expunge(stale)
    both_crms.leads.update(here, lead["id"], {"phone": "1"})
    with pytest.raises(PreconditionFailed):
        _store(both_crms, here, stale)


def _store(crm: Crm, actor: Actor, stale: Lead) -> None:
    with crm.works.write(actor) as work:
        work.session.add(stale)
        stale.phone = "2"


def test_a_lead_is_converted_once(both_crms: Crm, here: Actor):
    lead = both_crms.leads.create(here, {"name": "Ada", "company": "Engines"})
    results = together(lambda _: both_crms.convert_lead(here, lead["id"]))
    assert len([result for result in results if result.exception() is None]) == 1
    assert len(both_crms.contacts.list(here).data) == 1
    assert len(both_crms.companies.list(here).data) == 1


def test_a_workspace_gets_one_default_pipeline(both_crms: Crm, here: Actor):
    def ensure(_: int) -> list[str]:
        with both_crms.works.write(here) as work:
            return _ids(work)

    results = together(ensure)
    assert len({tuple(result.result()) for result in results}) == 1
    assert len(both_crms.pipelines.list(here)) == 1


def _ids(work: Work) -> list[str]:
    return [place.id for place in ensure_default_pipeline(work)]
