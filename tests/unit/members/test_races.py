"""Two people who want one address at once: one gets it, the other is told, on a real lock."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from geminicrm.identity.models import User
from geminicrm.identity.people import create_user
from geminicrm.kernel.errors import Conflict, Gone
from tests.support.core import PASSWORD, make_tenant
from tests.support.waiting import eventually
from tests.unit.members.conftest import HERE, NEW

# SQLite lets one writer in at a time: whoever comes second sees what the first has done.
pytestmark = pytest.mark.parametrize("full_database_url", ["postgresql"], indirect=True)


@pytest.fixture
def second(core):
    """Give a function that has somebody come second: it waits for the first, who then commits."""
    waits = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    def is_waiting():
        with core.database.engine.connect() as connection:
            return connection.scalar(waits) > 0

    def second(first, do):
        with ThreadPoolExecutor(1) as pool:
            with core.works.across_workspaces("the first one", write=True) as work:
                first(work)
                work.session.flush()
                later = pool.submit(do)
                eventually(is_waiting, 20)
            return later.result(30)

    return second


def test_who_confirms_an_address_second_is_told(core, room, owner, post, second):
    south = make_tenant(core, "south")
    room.addresses.ask(owner, NEW, PASSWORD, HERE)
    token = post.token()

    def takes(work):
        work.session.get_one(User, south.owner_id).email = NEW

    with pytest.raises(Gone, match="can't be used any more"):
        second(takes, lambda: room.addresses.confirm(token))


def test_who_joins_with_an_address_second_is_told(core, room, ask, post, second):
    south = make_tenant(core, "south")
    ask(NEW)
    token = post.token()

    def takes(work):
        create_user(work, south.id, NEW, "member", PASSWORD)

    with pytest.raises(Conflict, match="has an account by now"):
        second(takes, lambda: room.joining.as_new(token, "Grace", PASSWORD, HERE))
