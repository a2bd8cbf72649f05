"""Who sends what: turns, leases, workers that die, how many at once."""

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update

from geminicrm.kernel.clock import SystemClock
from geminicrm.kernel.owners import own_name
from geminicrm.webhooks.outgoing import candidates, claims
from geminicrm.webhooks.outgoing.candidates import Hands
from geminicrm.webhooks.outgoing.models import DELIVERED, QUEUED, SENDING, Delivery
from geminicrm.webhooks.outgoing.windows import Windows
from tests.support.core import make_tenant
from tests.support.loopback import read_request
from tests.support.waiting import eventually
from tests.support.webhook_sending import Hooks

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def claim(core, owner="me", places=100, window=10, held=None, last=""):
    """Take what a worker would; give the errands."""
    hands = Hands(owner, held or {}, places, lambda _one, most: min(window, most), last)
    with core.works.across_workspaces("claim", write=True) as work:
        found = candidates.due(work)
        given = candidates.rooms(work, found, hands)
        return claims.take(work, owner, given, frozenset())


@pytest.fixture
def two_workspaces(core, hooks, sender):
    """Give the hooks of two workspaces; the first has many deliveries at two endpoints."""
    other = Hooks(core, make_tenant(core, "south").system())
    hooks.add("http://127.0.0.1/a")
    hooks.add("http://127.0.0.1/b")
    other.add("http://127.0.0.1/c")
    hooks.happen(40)
    other.happen(3)
    sender.place()
    return hooks, other


@pytest.mark.usefixtures("two_workspaces")
def test_workspaces_take_turns_and_in_each_endpoints_do(core):
    taken = claim(core, places=8)
    assert len({one.endpoint_id for one in taken}) == 3
    assert len({one.workspace_id for one in taken[:3]}) == 2, "the second is of the other one"


@pytest.mark.usefixtures("two_workspaces")
def test_who_was_served_last_comes_last(core):
    first = claim(core, places=1)[0]
    name = f"{first.workspace_id}/{first.endpoint_id}"
    second = claim(core, places=1, last=name)[0]
    assert second.endpoint_id != first.endpoint_id


@pytest.mark.usefixtures("two_workspaces")
def test_the_longest_due_comes_first_and_nothing_is_taken_twice(core):
    ids = [one.id for one in (*claim(core), *claim(core), *claim(core))]
    assert len(ids) == len(set(ids))


@pytest.mark.usefixtures("two_workspaces")
def test_what_others_hold_counts_for_how_many_at_once(core):
    mine = Counter(one.endpoint_id for one in claim(core, "me"))
    full = {one for one, count in mine.items() if count >= 10}
    assert len(full) == 2
    others = {one.endpoint_id for one in claim(core, "you")}
    assert full & others == set()


def test_a_lease_runs_out(core, hooks, sender, clock):
    hooks.add("http://127.0.0.1/")
    hooks.happen()
    sender.place()
    (first,) = claim(core, "me")
    assert hooks.deliveries()[0].state == SENDING
    assert claim(core, "you") == []
    clock.advance(claims.LEASE_SECONDS + 1)
    (second,) = claim(core, "you")
    assert second.id == first.id
    assert hooks.deliveries()[0].leased_by == "you"


def test_a_lease_that_is_renewed_does_not(core, hooks, sender, clock):
    hooks.add("http://127.0.0.1/")
    hooks.happen()
    sender.place()
    (first,) = claim(core, "me")
    clock.advance(claims.LEASE_SECONDS - 1)
    with core.works.across_workspaces("renew", write=True) as work:
        claims.renew(work, "me", [first.id])
    clock.advance(claims.LEASE_SECONDS - 1)
    assert claim(core, "you") == []


def dead_name():
    parts = own_name().split("|")
    return "|".join([*parts[:-1], "1"])


def test_what_a_dead_worker_held_is_sent_at_once(core, hooks, sender, receiver):
    hooks.add(receiver.url)
    hooks.happen()
    sender.place()
    assert len(claim(core, dead_name())) == 1
    sender.engine.drain()
    assert hooks.states() == [DELIVERED]


def test_who_has_lost_the_lease_has_no_say(core, hooks, make_sender, serve, clock):
    begun, go_on = threading.Event(), threading.Event()

    def slow(conn):
        read_request(conn)
        begun.set()
        go_on.wait(20)
        conn.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")

    sender = make_sender()
    hooks.add(serve(slow).url)
    hooks.happen()
    sender.place()
    assert sender.engine.turn()
    assert begun.wait(20)
    with core.works.across_workspaces("another takes it", write=True) as work:
        work.session.execute(
            update(Delivery)
            .values(leased_by="you", due_at=work.now + timedelta(seconds=60))
            .execution_options(synchronize_session=False)
        )
    go_on.set()
    sender.engine.drain()
    (delivery,) = hooks.deliveries()
    assert (delivery.state, delivery.leased_by, delivery.attempts) == (SENDING, "you", 0)


def test_an_engine_that_ends_gives_back_what_it_has_not_sent(core, hooks, make_sender, serve):
    release = threading.Event()
    sender = make_sender()
    hooks.add(serve(lambda _conn: release.wait(20)).url)
    hooks.happen(5)
    sender.place()
    assert sender.engine.turn()
    assert hooks.states().count(SENDING) == 2
    sender.engine.stop(0.1)
    release.set()
    assert set(hooks.states()) == {QUEUED}
    assert {one.leased_by for one in hooks.deliveries()} == {None}


def test_no_more_than_so_many_at_once(core, hooks, sender, serve):
    lock, now, most = threading.Lock(), [0], [0]

    def counted(conn):
        read_request(conn)
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.02)  # the receiver's work, during which others may come
        with lock:
            now[0] -= 1
        conn.sendall(OK)

    hooks.add(serve(counted).url, concurrency=3)
    hooks.happen(40)
    sender.work()
    assert set(hooks.states()) == {DELIVERED}
    assert most[0] == 3


@pytest.fixture
def on_time(core, monkeypatch):
    """Have the core follow the machine's clock."""
    monkeypatch.setattr(core.works, "clock", SystemClock())


@pytest.mark.usefixtures("on_time")
def test_two_workers_together_keep_the_pace(core, hooks, make_sender, receiver):
    hooks.add(receiver.url, rate=10)
    hooks.happen(25)
    first, second = make_sender(owner="first"), make_sender(owner="second")
    first.place()
    first.engine.start()
    second.engine.start()
    eventually(lambda: set(hooks.states()) == {DELIVERED}, 30)
    times = [one.at.timestamp() for one in hooks.attempts()]
    windows = [later - earlier for earlier, later in zip(times, times[11:], strict=False)]
    assert min(windows) > 1.0, "never more than eleven in any second"
    assert times[-1] - times[0] < 10


def test_a_receiver_that_hangs_delays_no_other(core, hooks, sender, receiver, serve):
    release = threading.Event()
    hanging = serve(lambda _conn: release.wait(30))
    for _ in range(20):
        hooks.add(hanging.url, events=["thing.happened"])
    hooks.happen(20)
    sender.place()
    sender.engine.start()
    eventually(lambda: len(hanging.connections) >= 20)
    healthy = hooks.add(receiver.url)
    ids = hooks.happen(30)
    sender.place()
    sender.engine.nudge()
    eventually(lambda: len(receiver.received) == 30)
    assert {one.headers["webhook-id"] for one in receiver.received} == set(ids)
    assert not release.is_set()
    eventually(lambda: {one.state for one in hooks.deliveries(healthy)} == {DELIVERED})
    release.set()


def test_windows_grow_with_successes_and_shrink_with_failures():
    windows = Windows()
    assert windows.of("a", 10) == 2
    windows.note("a", well=True)
    windows.note("a", well=True)
    assert windows.of("a", 10) == 4
    assert windows.of("a", 3) == 3
    windows.note("a", well=False)
    windows.note("a", well=False)
    windows.note("a", well=False)
    assert windows.of("a", 10) == 1


def test_a_slow_receiver_has_nothing_waiting_in_hand(core, hooks, sender):
    windows = Windows()
    endpoint = hooks.add("http://127.0.0.1/a", concurrency=3)
    hooks.happen(40)
    sender.place()
    windows.note(endpoint, well=True, milliseconds=3_000)
    windows.note(endpoint, well=True, milliseconds=3_000)
    hands = Hands("me", {}, 100, windows.of, "", windows.quick)
    with core.works.across_workspaces("claim", write=True) as work:
        (room,) = candidates.rooms(work, candidates.due(work), hands)
    assert len(room.starts.times) == 3
    windows.note(endpoint, well=True, milliseconds=20)
    with core.works.across_workspaces("claim", write=True) as work:
        (room,) = candidates.rooms(work, candidates.due(work), hands)
    assert len(room.starts.times) == 15


def test_a_million_deliveries_of_one_endpoint_are_passed_in_one_step(make_core):
    core = make_core()
    query = str(candidates.DUE).replace(":now", "'2030-01-01'")
    with core.works.across_workspaces("look") as work:
        rows = work.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")
        plan = [row.detail for row in rows]
    looks = [line for line in plan if "ix_webhook_deliveries_due" in line]
    assert len(looks) == 3, plan
    assert all(line.startswith("SEARCH") for line in looks), plan
    assert [line for line in plan if line.startswith("SCAN") and "deliveries" in line] == []
