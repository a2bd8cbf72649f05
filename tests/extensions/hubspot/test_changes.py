"""What was changed since a cursor: nothing is left out, whatever happens between two pages."""

import json

import pytest

from extensions.hubspot.client import Api
from extensions.hubspot.extension import HubSpotSync
from extensions.sdk.context import HttpResponse
from extensions.sdk.service_errors import ServiceRefused
from tests.support.calling_out import FarSide, app_with, said

PAGE = 100
TESTS = {
    "GTE": lambda one, asked: one >= int(asked),
    "LTE": lambda one, asked: one <= int(asked),
    "EQ": lambda one, asked: one == int(asked),
    "GT": lambda one, asked: one > int(asked),
}


class Searched(FarSide):
    """Answers searches as HubSpot does, over moments of change by id."""

    def __init__(self, moments):
        super().__init__()
        self.moments = dict(moments)

    def request(self, method, url, *, headers=None, json=None, body=None):
        self.answers = [self.found(json)]
        return super().request(method, url, headers=headers, json=json, body=body)

    def found(self, asked):
        rows = [
            {"hs_object_id": one, "hs_lastmodifieddate": at} for one, at in self.moments.items()
        ]
        (group,) = asked["filterGroups"]
        for one in group["filters"]:
            fits = TESTS[one["operator"]]
            rows = [row for row in rows if fits(row[one["propertyName"]], one["value"])]
        (order,) = asked["sorts"]
        rows.sort(key=lambda row: row[order["propertyName"]])
        start = int(asked.get("after", 0))
        page = [
            record_at(row["hs_object_id"], row["hs_lastmodifieddate"])
            for row in rows[start:][:PAGE]
        ]
        rest = {"next": {"after": str(start + PAGE)}} if len(rows) > start + PAGE else {}
        return {"total": len(rows), "results": page, "paging": rest}


def record_at(number, moment):
    stamp = (
        f"1970-01-01T{moment // 3_600_000:02}:{moment // 60_000 % 60:02}:{moment // 1000 % 60:02}"
    )
    stamp = f"{stamp}.{moment % 1000:03}Z"
    values = {"dealname": f"deal {number}", "hs_lastmodifieddate": stamp}
    return {"id": str(number), "properties": values, "createdAt": stamp, "updatedAt": stamp}


def sync_with(far):
    return HubSpotSync(Api(app_with(far, {"base_url": "https://api.hubspot.test"})))


def all_of(sync, cursor="", between=lambda: None):
    """Give the ids of all pages, in order, and the last cursor."""
    found, more = [], True
    while more:
        page = sync.changes("deal", ("dealname",), cursor)
        found += [one.id for one in page.records]
        cursor, more = page.cursor, page.more
        between()
    return found, cursor


def test_all_pages_are_read_and_nothing_twice():
    far = Searched({number: number * 10 for number in range(1, 251)})
    found, cursor = all_of(sync_with(far))
    assert found == [str(number) for number in range(1, 251)]
    assert all_of(sync_with(far), cursor) == ([], cursor)


def test_only_what_changed_since_comes_again():
    far = Searched({1: 10, 2: 20})
    _, cursor = all_of(sync_with(far))
    far.moments |= {1: 30, 3: 20}
    found, _ = all_of(sync_with(far), cursor)
    assert found == ["3", "1"]


def test_a_record_that_changes_between_two_pages_hides_no_other():
    far = Searched({number: number * 10 for number in range(1, 151)})
    found, _ = all_of(sync_with(far), between=lambda: far.moments.update({1: 5000}))
    assert set(found) == {str(number) for number in range(1, 151)}


def test_an_import_within_one_millisecond_is_read_whole():
    far = Searched(dict.fromkeys(range(1, 451), 777) | {900: 1000})
    found, cursor = all_of(sync_with(far))
    assert set(found) == {str(number) for number in [*range(1, 451), 900]}
    assert all_of(sync_with(far), cursor)[0] == []


def test_no_offset_goes_near_the_end_of_the_search():
    far = Searched({number: 1 + number // 300 for number in range(1, 1201)})
    found, _ = all_of(sync_with(far))
    assert set(found) == {str(number) for number in range(1, 1201)}
    assert all("after" not in one.json() for one in far.asked)


def test_nothing_at_all_keeps_the_cursor():
    found, cursor = all_of(sync_with(Searched({})))
    assert (found, json.loads(cursor)) == ([], {"since": 0, "seen": [], "within": ""})


@pytest.mark.parametrize(
    "cursor", ["x", "[]", '{"since": 1}', '{"since": "x", "seen": [], "within": ""}']
)
def test_a_cursor_that_was_not_given_out_is_refused(cursor):
    far = FarSide()
    with pytest.raises(ServiceRefused, match="no cursor"):
        sync_with(far).changes("deal", (), cursor)
    assert far.asked == []


def test_contacts_are_asked_by_their_own_name_for_the_moment():
    far = FarSide([said({"results": []})])
    sync_with(far).changes("contact", ("email",))
    assert far.asked[0].json()["properties"] == ["email", "lastmodifieddate"]


def test_what_just_changed_waits_until_the_search_is_sure_to_have_it(monkeypatch):
    monkeypatch.setattr("extensions.hubspot.operations.changes.time.time", lambda: 1768471200.5)
    far = FarSide([HttpResponse(200, {}, b'{"results": []}')])
    sync_with(far).changes("deal", ())
    (group,) = far.asked[0].json()["filterGroups"]
    assert group["filters"][1]["value"] == "1768471185500"
