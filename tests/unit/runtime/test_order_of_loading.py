"""In whatever order rows and manifests come, every worker has the same table."""

from itertools import permutations
from typing import Any

import pytest

from geminicrm.app import Core
from geminicrm.runtime.models import Installation
from geminicrm.runtime.table import (
    Table,
    build_table,
    code_of,
    installed_from,
    manifest_of,
    unserved_from,
)
from tests.support.core import Tenant, make_tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage, with_method

GOOD = HEAD + QUIET
EVENTS = list(permutations(["lead.created", "deal.won", "contact.created"]))
HOOKED = with_method(
    """
    @hookimpl
    def before_record_save(self, change):
        return None

    @hookimpl
    def on_event(self, event):
        return None
    """
)


def facts(table: Table) -> tuple[Any, ...]:
    """Give all that a table says, orders included."""
    return (
        table.content_hash,
        [*table.by_id],
        [*table.by_name],
        {key: [one.id for one in found] for key, found in table.hooked.items()},
        [*table.unserved],
    )


def built(stage: Stage, rows: tuple[Installation, ...]) -> Table:
    live = []
    for row in rows:
        manifest = manifest_of(row)
        live.append(
            installed_from(row, manifest, stage.runtime.versions.serving(code_of(row), manifest))
        )
    failed = {f"inst_{row.id}_x": unserved_from(row, "why", away=False) for row in rows}
    away = {f"inst_{row.id}": unserved_from(row, None, away=True) for row in rows}
    return build_table(1, rows, live, {**failed, **away})


@pytest.fixture
def rows(core: Core, stage: Stage, tenant: Tenant) -> tuple[Installation, ...]:
    other = make_tenant(core, "south")
    needs = {"extensions": {"b-one": "^1.0.0"}}
    ids = [
        stage.put(tenant, HOOKED, id="c-two"),
        stage.put(tenant, HOOKED, id="b-one"),
        stage.put(tenant, GOOD, id="a-needs", requires=needs),
    ]
    elsewhere = stage.put(other, HOOKED, id="b-one")
    return (*(stage.row(tenant, one) for one in ids), stage.row(other, elsewhere))


def test_every_order_of_rows_gives_the_same_table(stage: Stage, rows: tuple[Installation, ...]):
    wanted = facts(built(stage, rows))

    assert all(facts(built(stage, order)) == wanted for order in permutations(rows))


def test_one_that_needs_another_may_be_loaded_before_it(
    stage: Stage, tenant: Tenant, rows: tuple[Installation, ...]
):
    table = stage.runtime.reconcile()

    names = [one.extension_id for one in table.by_id.values()]
    assert names == ["a-needs", "b-one", "b-one", "c-two"], "the one that needs comes first"
    assert len(rows) == 4
    assert stage.find(tenant, "a-needs").loaded.extension.app is not None


@pytest.mark.parametrize("order", EVENTS)
def test_the_order_in_a_manifest_does_not_matter(
    stage: Stage, tenant: Tenant, order: tuple[str, ...]
):
    one = stage.put(tenant, HOOKED, events=list(order), permissions=["read:leads", "read:deals"])
    table = stage.runtime.reconcile()

    assert set(table.hooked) == {
        (tenant.id, "on_event"),
        (tenant.id, "before_record_save:lead"),
        (tenant.id, "before_record_save:deal"),
    }
    assert [each.id for each in table.by_id.values()] == [one]
