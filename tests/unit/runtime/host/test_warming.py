from functools import partial

import pytest

from geminicrm.runtime.host import warming
from geminicrm.runtime.host.child import Confining
from geminicrm.runtime.host.sandbox.lock import LockFailed


def test_warming_up_leaves_nothing_but_warmth():
    warming.warm_up()
    warming.warm_up()


def test_the_filter_is_assembled_once():
    locks = warming.prepared_locks()

    assert isinstance(locks.lock_up, partial)
    assert isinstance(locks.prove, partial)
    assert locks.prove.keywords["kernel"] is locks.lock_up.keywords["prepared"].kernel


def test_where_it_can_not_be_each_host_finds_out(monkeypatch: pytest.MonkeyPatch):
    def fail() -> None:
        raise LockFailed("seccomp", "no such machine")

    monkeypatch.setattr(warming, "prepare", fail)

    assert warming.prepared_locks() == Confining()
