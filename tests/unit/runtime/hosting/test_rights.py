"""Rights of what runs in a host: trimmed at once, and the locks that it reports."""

import pytest

from extensions.sdk.errors import PermissionDenied
from geminicrm.runtime.models import HostUse, ScopeUse
from tests.support.core import Tenant
from tests.support.fake_hosts import LOCKED, HostSide, Played

ALL = {"limit": 5, "cursor": None, "filters": {}}


def test_a_conversation_loses_what_is_taken_away(played: Played, tenant: Tenant):
    refused: list[str] = []

    def play(host: HostSide) -> None:
        host.begin()
        assert host.back("leads", "list", **ALL)["data"] == []
        played.stage.change(tenant, one, granted=["write:leads"])
        with pytest.raises(PermissionDenied) as caught:
            host.back("leads", "list", **ALL)
        refused.append(caught.value.scope)
        host.answer(b"done")

    played.plays(play)
    one = played.put(tenant)

    assert played.request(tenant).body == b"done"
    assert refused == ["read:leads"]


def test_what_it_uses_and_tries_is_in_the_ledger(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        host.back("leads", "list", **ALL)
        with pytest.raises(Exception, match=r"evil\.example"):
            host.fetch("GET", "https://evil.example/")
        host.answer(b"done")

    played.plays(play)
    played.put(tenant)
    played.request(tenant)
    played.stage.runtime.ledger.flush()
    with played.stage.core.works.read(tenant.system()) as work:
        scopes = [(row.scope, row.used) for row in work.session.query(ScopeUse)]
        hosts = [(row.host, row.refused) for row in work.session.query(HostUse)]
    assert scopes == [("read:leads", 1)]
    assert hosts == [("evil.example", 1)]


def test_the_locks_that_a_host_reports_are_written_down(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        host.answer(b"done")

    played.plays(play)
    one = played.put(tenant)
    assert played.stage.row(tenant, one).level is None
    played.request(tenant)
    played.stage.runtime.levels.flush()
    assert played.stage.row(tenant, one).level == LOCKED
