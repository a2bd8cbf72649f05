from collections.abc import Iterator
from typing import Any

import pytest

from geminicrm.crm.build import Crm
from geminicrm.crm.shared.commands import RecordCommands
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.paging import encode_cursor
from geminicrm.kernel.work import Actor


def walk(door: RecordCommands, actor: Actor, limit: int = 3, **query: Any) -> Iterator[list[Any]]:
    page = door.list(actor, ListQuery(limit=limit, **query))
    yield page.data
    while page.next_cursor:
        page = door.list(actor, ListQuery(limit=limit, cursor=page.next_cursor, **query))
        yield page.data


def names(pages: Iterator[list[Any]]) -> list[str]:
    return [record["name"] for page in pages for record in page]


def pointers(door: RecordCommands, actor: Actor, query: ListQuery) -> list[str]:
    with pytest.raises(ValidationFailed) as caught:
        door.list(actor, query)
    return [finding.pointer for finding in caught.value.findings]


@pytest.fixture
def ten(both_crms: Crm, here: Actor) -> list[Any]:
    """Make ten deals; every third has no amount and no date."""
    return list(
        both_crms.deals.create_many(
            here,
            [
                {
                    "name": f"d{number}",
                    "amount": None if number % 3 == 0 else str(number % 4),
                    "currency": "EUR",
                    "expected_close_on": None
                    if number % 3 == 0
                    else f"2026-12-{number % 4 + 1:02}",
                }
                for number in range(10)
            ],
        )
    )


@pytest.mark.usefixtures("ten")
@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-created_at", "d9 d8 d7 d6 d5 d4 d3 d2 d1 d0"),
        ("created_at", "d0 d1 d2 d3 d4 d5 d6 d7 d8 d9"),
        ("name", "d0 d1 d2 d3 d4 d5 d6 d7 d8 d9"),
        ("-name", "d9 d8 d7 d6 d5 d4 d3 d2 d1 d0"),
        ("-updated_at", "d9 d8 d7 d6 d5 d4 d3 d2 d1 d0"),
        ("amount", "d4 d8 d1 d5 d2 d7 d0 d3 d6 d9"),
        ("-amount", "d7 d2 d5 d1 d8 d4 d9 d6 d3 d0"),
        ("expected_close_on", "d4 d8 d1 d5 d2 d7 d0 d3 d6 d9"),
        ("-expected_close_on", "d7 d2 d5 d1 d8 d4 d9 d6 d3 d0"),
    ],
)
def test_every_order_is_walked_whole(both_crms: Crm, here: Actor, sort: str, expected: str):
    for limit in (1, 3, 4, 100):
        pages = walk(both_crms.deals, here, limit=limit, sort=sort)
        assert " ".join(names(pages)) == expected


@pytest.mark.parametrize("sort", ["-created_at", "name", "-amount", "expected_close_on"])
def test_a_walk_keeps_its_place_while_rows_come_and_go(
    both_crms: Crm, here: Actor, ten: list[Any], sort: str
):
    seen: list[str] = []
    removed: set[str] = set()
    for page in walk(both_crms.deals, here, sort=sort):
        seen.extend(record["id"] for record in page)
        both_crms.deals.create(here, {"name": "new", "amount": "2", "currency": "EUR"})
        both_crms.deals.delete(here, page[0]["id"])
        removed.add(page[0]["id"])
    old = {record["id"] for record in ten}
    assert len(seen) == len(set(seen))
    assert old <= set(seen) | removed


def test_the_last_page_has_no_cursor(crm: Crm, me: Actor):
    crm.leads.create_many(me, [{"name": "A"}, {"name": "B"}])
    assert crm.leads.list(me, ListQuery(limit=2)).next_cursor is None
    assert crm.leads.list(me, ListQuery(limit=1)).next_cursor is not None


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": "new"}, ["Bo"]),
        ({"status": "new,contacted"}, ["Bo", "Al"]),
        ({"email": "AL@x.example"}, ["Al"]),
        ({"source": "none"}, ["Bo"]),
        ({"source": "Web", "status": "contacted"}, ["Al"]),
        ({"owner_id": "usr_nobody"}, []),
    ],
)
def test_filters(crm: Crm, me: Actor, filters: dict[str, str], expected: list[str]):
    crm.leads.create(
        me, {"name": "Al", "email": "al@x.example", "status": "contacted", "source": "Web"}
    )
    crm.leads.create(me, {"name": "Bo"})
    page = crm.leads.list(me, ListQuery(filters=filters))
    assert [record["last_name"] for record in page.data] == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"closing_from": "2026-12-02"}, ["late"]),
        ({"closing_before": "2026-12-02"}, ["early"]),
    ],
)
def test_filters_by_day(crm: Crm, me: Actor, filters: dict[str, str], expected: list[str]):
    crm.deals.create(me, {"name": "early", "expected_close_on": "2026-12-01"})
    crm.deals.create(me, {"name": "late", "expected_close_on": "2026-12-02"})
    assert [each["name"] for each in crm.deals.list(me, ListQuery(filters=filters)).data] == (
        expected
    )


def test_companies_are_found_by_their_whole_name(crm: Crm, me: Actor):
    crm.companies.create(me, {"name": "Émile & Söhne"})
    page = crm.companies.list(me, ListQuery(filters={"name": "emile & sohne"}))
    assert len(page.data) == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (ListQuery(filters={"bogus": "1", "status": "x", "source": "\x00"}), 3),
        (ListQuery(sort="email"), 1),
        (ListQuery(sort=""), 1),
        (ListQuery(limit=101), 1),
        (ListQuery(cursor="!"), 1),
    ],
)
def test_wrong_questions_are_told(crm: Crm, me: Actor, query: ListQuery, expected: int):
    assert len(pointers(crm.leads, me, query)) == expected


@pytest.mark.parametrize(
    ("filters", "pointer"),
    [({"closing_from": "soon"}, "/closing_from"), ({"closing_before": "5"}, "/closing_before")],
)
def test_wrong_days_are_told(crm: Crm, me: Actor, filters: dict[str, str], pointer: str):
    assert pointers(crm.deals, me, ListQuery(filters=filters)) == [pointer]


@pytest.mark.parametrize(
    ("values", "sort"),
    [
        (("yesterday", "lead_1"), "updated_at"),
        (("lead_1",), "updated_at"),
        ((1, 2, 3), "updated_at"),
        ((5, "lead_1"), "updated_at"),
    ],
)
def test_forged_cursors_are_refused(crm: Crm, me: Actor, values: tuple[Any, ...], sort: str):
    query = ListQuery(cursor=encode_cursor(values, sort), sort=sort)
    assert pointers(crm.leads, me, query) == ["/cursor"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada", ["Ada"]),
        ("LOVE ada", ["Ada"]),
        ("engines", ["Ada"]),
        ("ada@", ["Ada"]),
        ("jose", ["José"]),
        ("da", []),
        ("%", []),
        ("", ["José", "Ada"]),
    ],
)
def test_search_within_a_list(both_crms: Crm, here: Actor, text: str, expected: list[str]):
    both_crms.leads.create(
        here, {"name": "Ada Lovelace", "email": "ada@x.example", "company": "Engines"}
    )
    made = both_crms.leads.create(here, {"name": "Joe Garcia"})
    both_crms.leads.update(here, made["id"], {"first_name": "José"})
    found = both_crms.leads.list(here, ListQuery(search=text)).data
    assert [record["first_name"] for record in found] == expected
