"""The throw-away servers are what they promise."""

import pwd

import psycopg
import pytest
import redis
import sqlalchemy

from tests.support import postgres, redis_server, servers, skips
from tests.support.postgres import Cluster, FreshDatabase


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        rows = connection.execute(sqlalchemy.text(statement))
        answer = [tuple(row) for row in rows] if rows.returns_rows else []
    engine.dispose()
    return answer


def test_every_engine_gives_an_empty_database(database_url: str):
    run(database_url, "CREATE TABLE thing (name TEXT)")
    assert run(database_url, "SELECT count(*) FROM thing") == [(0,)]


def test_databases_do_not_see_each_other(fresh_database: FreshDatabase):
    first, second = fresh_database(), fresh_database()
    run(first, "CREATE TABLE thing (name TEXT)")
    seen = "SELECT to_regclass('thing') IS NULL"
    assert (run(first, seen), run(second, seen)) == ([(False,)], [(True,)])


def test_a_template_is_built_once_and_copied(
    postgres_cluster: Cluster, fresh_database: FreshDatabase
):
    built: list[str] = []

    def build(url: str) -> None:
        built.append(url)
        run(url, "CREATE TABLE thing AS SELECT 7 AS number")

    postgres_cluster.template("things", build)
    postgres_cluster.template("things", build)
    copies = [fresh_database("things"), fresh_database("things")]
    assert [run(copy, "SELECT number FROM thing") for copy in copies] == [[(7,)], [(7,)]]
    assert len(built) == 1


def test_a_dropped_database_is_gone(postgres_cluster: Cluster):
    url = postgres_cluster.fresh_database()
    postgres_cluster.drop(url)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url.replace("+psycopg", ""))


def test_redis_is_empty_and_works(redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("key", "value")
        assert client.get("key") == b"value"


def test_a_missing_server_skips_with_the_reason(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    pytester.makeconftest(
        f"pytest_plugins = {[postgres.__name__, redis_server.__name__, skips.__name__]}"
    )
    pytester.makepyfile(
        """
        def test_data(fresh_database): ...
        def test_jobs(redis_url): ...
        """
    )
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(postgres, "INSTALLED", str(pytester.path))
    result = pytester.runpytest_inprocess("-p", "no:randomly")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(
        [
            "*not checked on this machine*",
            f"*::test_data: {postgres.MISSING}",
            f"*::test_jobs: {redis_server.MISSING}",
            "2 skipped",
        ]
    )


def test_only_root_needs_another_account(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(servers.os, "geteuid", lambda: 1000)
    assert servers.unprivileged_user() is None


def test_root_runs_servers_as_somebody_else(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(servers.os, "geteuid", lambda: 0)
    monkeypatch.setattr(servers.pwd, "getpwall", lambda: [pwd.getpwnam("nobody")])
    assert servers.unprivileged_user() == pwd.getpwnam("nobody")


def test_without_setpriv_the_command_is_unchanged(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(servers.shutil, "which", lambda _name: None)
    assert servers.ends_with_us(["server", "--quiet"]) == ["server", "--quiet"]
