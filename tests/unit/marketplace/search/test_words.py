from collections.abc import Callable

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from geminicrm.app import Core
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.search import Query, Search, matching, ranking
from marketplace.search.text import fold, words_of
from tests.support.core import make_tenant
from tests.unit.marketplace.search.conftest import publish

Ids = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("given", "folded"),
    [
        ("Café-Sync 2.0", "cafe sync 2 0"),
        ("Ärger  im\tCafé", "arger im cafe"),
        ("STRASSE straße", "strasse strasse"),
        ("snake_case", "snake case"),
        ("Ωμέγα", "ωμεγα"),
        ("", ""),
    ],
)
def test_words_lose_case_accents_and_signs(given: str, folded: str):
    assert fold(given) == folded


def test_a_query_has_at_most_eight_words():
    assert words_of("a b c d e f g h i j") == tuple("abcdefgh")
    assert words_of("-- %") == ()


def test_what_is_typed_finds_it_however_it_is_written(both_cores: Core, ids: Ids):
    publish(both_cores, "Café Sync", keywords=["mail"], description="Brings calls together.")
    found = {
        words: ids(words)
        for words in ("cafe", "CAFÉ", "caf", "café syn", "mai", "together brings", "sync-café",
                      "ync", "caf nothing", '"café" OR *', "NEAR(", "name:", "'; --")
    }  # fmt: skip
    there = ["café-sync"]
    assert found == {
        "cafe": there, "CAFÉ": there, "caf": there, "café syn": there, "mai": there,
        "together brings": there, "sync-café": there,
        "ync": [], "caf nothing": [], '"café" OR *': [], "NEAR(": [], "name:": [], "'; --": [],
    }  # fmt: skip


def test_the_name_counts_most_then_keywords_then_the_text(both_cores: Core, ids: Ids):
    publish(both_cores, "Plain One", readme="It reads invoices all day long.")
    publish(both_cores, "Plain Two", description="Sends invoices.")
    publish(both_cores, "Plain Three", keywords=["invoices"])
    publish(both_cores, "Invoices Plus")
    publish(both_cores, "Other", description="Nothing of the kind.")

    assert ids("invoices") == ["invoices-plus", "plain-three", "plain-two", "plain-one"]


def test_the_very_name_is_first_however_little_it_is_used(both_cores: Core, ids: Ids):
    publish(both_cores, "Mail Sync Deluxe", install_count=900_000, verified=True)
    publish(both_cores, "Mail Sync")

    assert ids("mail sync") == ["mail-sync", "mail-sync-deluxe"]


def test_what_stands_well_comes_first_among_equals(both_cores: Core, ids: Ids):
    publish(both_cores, "Sync", id="a-unknown")
    publish(both_cores, "Sync", id="b-used", install_count=5_000)
    publish(both_cores, "Sync", id="c-liked", rating_sum=250, rating_count=50)
    publish(both_cores, "Sync", id="d-disliked", rating_sum=50, rating_count=50)
    publish(both_cores, "Sync", id="e-unknown")

    assert ids("sync") == ["b-used", "c-liked", "a-unknown", "e-unknown", "d-disliked"]


def test_many_matches_are_not_weighed_but_keep_their_places(
    both_cores: Core, ids: Ids, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(matching, "MOST_WEIGHED", 2)
    publish(both_cores, "Text", description="Sync", install_count=1_000)
    publish(both_cores, "Word", keywords=["sync"])
    publish(both_cores, "Sync Well")
    publish(both_cores, "Sync", id="exact")
    publish(both_cores, "Sync Best", install_count=100)

    assert ids("sync") == ["exact", "sync-best", "sync-well", "word", "text"]


def test_what_changes_is_found_at_once_as_it_is_now(both_cores: Core, ids: Ids):
    publish(both_cores, "Mail Sync")
    assert ids("mail") == ["mail-sync"]

    with both_cores.works.across_workspaces("rename in a test", write=True) as work:
        work.session.get_one(RegistryExtension, "mail-sync").name = "Post Bridge"
    assert (ids("post"), ids("bridge")) == (["mail-sync"], ["mail-sync"])
    assert ids("sync") == ["mail-sync"]  # its id

    with both_cores.works.across_workspaces("withdraw in a test", write=True) as work:
        work.session.query(RegistryVersion).one().state = "quarantined"
    assert (ids("post"), ids()) == ([], [])

    with both_cores.works.across_workspaces("list again in a test", write=True) as work:
        work.session.query(RegistryVersion).one().state = "listed"
    assert ids("post") == ["mail-sync"]


def test_without_fts5_words_are_compared_one_by_one(core: Core):
    tenant = make_tenant(core, "north")
    with core.database.engine.begin() as connection:
        for trigger in ("new", "gone", "other"):
            connection.execute(text(f"DROP TRIGGER registry_words_{trigger}"))
        connection.execute(text("DROP TABLE registry_words"))
    publish(core, "Mail Sync", description="Brings 100% of calls.")
    publish(core, "Call Log")
    plain = Search(core.works)

    def found(words: str) -> list[str]:
        return [one.id for one in plain.find(tenant.owner(), Query(words=words)).listings]

    with capture_logs() as logs:
        words = {words: found(words) for words in ("call", "mail syn", "ail", "100", "calls mail")}
    assert words == {
        "call": ["call-log", "mail-sync"],
        "mail syn": ["mail-sync"],
        "ail": [],
        "100": ["mail-sync"],
        "calls mail": ["mail-sync"],
    }
    assert [log["event"][:31] for log in logs if log["log_level"] == "warning"] == [
        "search has no full-text index: t"[:31]
    ]


def test_the_formula_is_the_one_in_its_description():
    assert ranking.rating_key(0, 0) == 3_500_000
    assert ranking.rating_key(50, 10) == 4_250_000
    least = ranking.standing(installs=0, rating=1_000_000, verified=False, featured=False)
    most = ranking.standing(installs=10**9, rating=5_000_000, verified=True, featured=True)
    assert (least, most) == (0, 300_000)
    assert ranking.words_factor([2.0, 4.0]) * 4.0 == ranking.WORDS
    assert ranking.words_factor([]) == ranking.words_factor([0.0]) == 0
