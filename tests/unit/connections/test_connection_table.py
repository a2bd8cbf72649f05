"""Which connection is the usual one, and that a change is seen at once."""

import pytest

from geminicrm.connections.models import Connection
from geminicrm.connections.table import ConnectionTable
from tests.support.integrations import book_of, connect_to, put_integration


@pytest.fixture
def table(core):
    return ConnectionTable(core.works, core.generations)


@pytest.fixture
def installation(stage, tenant):
    return put_integration(stage, tenant)


def test_there_is_none_at_first(table, installation):
    assert table.usual(installation) is None
    assert table.all(installation) == ()


def test_live_comes_before_test(stage, tenant, table, installation):
    connect_to(stage, tenant, name="Test", environment="test")
    assert table.usual(installation).name == "Test"
    connect_to(stage, tenant, name="Live")
    assert table.usual(installation).name == "Live"


def test_one_of_a_user_is_not_used_for_others(stage, tenant, table, installation):
    connect_to(stage, tenant, owner_id=tenant.owner_id)
    assert table.usual(installation) is None
    assert table.usual(installation, "usr_other") is None
    assert table.usual(installation, tenant.owner_id) is not None


def test_one_that_is_switched_off_is_found_by_its_id_only(stage, tenant, table, installation):
    connection_id = connect_to(stage, tenant)
    with stage.core.works.write(tenant.owner()) as work:
        work.get(Connection, connection_id).active = False
    assert table.usual(installation) is None
    assert table.find(installation, connection_id).active is False


def test_another_process_sees_a_change_at_once(stage, tenant, table, core, installation):
    connection_id = connect_to(stage, tenant)
    other = ConnectionTable(core.works, core.generations)
    assert len(other.all(installation)) == 1
    with core.works.write(tenant.owner()) as work:
        book_of(stage).remove(work, connection_id)
    assert other.all(installation) == ()
