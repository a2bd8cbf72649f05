"""The contract `crm_sync`, held against every provider."""

import pytest

from extensions.sdk.capabilities.crm_sync import MOST_AT_ONCE, Change, Page
from extensions.sdk.service_errors import (
    AuthenticationError,
    RateLimited,
    ServiceError,
    ServiceRefused,
)
from tests.support.connecting import connect
from tests.support.crm_sync_samples import CRM_NAMES, NAMES, reading, writing
from tests.support.vendor_worlds import VendorWorld

PROVIDERS = ["hubspot_world"]


@pytest.fixture
def hubspot_world(open_built_in, vendors):
    made = open_built_in("hubspot")
    via = connect(made, access_token="pat-eu1-north", base_url=vendors.base_url("hubspot"))
    return VendorWorld(made, via, vendors, "crm_sync")


@pytest.fixture(params=PROVIDERS)
def far(request):
    """Give each provider of `crm_sync` in its world."""
    return request.getfixturevalue(request.param)


def failure_of(far, operation, **given):
    with pytest.raises(ServiceError) as caught:
        far.ask(operation, **given)
    return caught.value


@pytest.mark.parametrize("kind", sorted(NAMES))
def test_every_operation_answers_in_the_classes_of_the_contract(far, kind):
    found = {name: far.ask(name, **given) for name, given in reading(kind).items()}
    found |= {name: far.ask(name, **given) for name, given in writing(kind).items()}
    assert isinstance(found["changes"], Page)
    assert {name for name, one in found.items() if one is None} == {"archive"}
    assert {one.kind for one in (found["read"], found["create"], found["update"])} == {kind}


@pytest.mark.parametrize("kind", sorted(NAMES))
def test_the_usual_fields_are_named_by_names_of_the_crm(far, kind):
    fields = far.ask("standard_fields", kind=kind)
    assert set(fields.names) <= set(CRM_NAMES[kind])
    assert fields.names
    assert fields.key in {"", *fields.names}
    assert len(set(fields.names.values())) == len(fields.names)
    assert far.asked() == []


def test_of_a_batch_every_item_is_either_done_or_failed(far):
    values = tuple({"email": f"p{at}@example.com"} for at in range(MOST_AT_ONCE))
    changes = tuple(Change(id=str(at), values=one) for at, one in enumerate(values))
    ids = tuple(one.id for one in changes)
    asked = {
        "create_many": {"items": values},
        "update_many": {"changes": changes},
        "upsert_many": {"changes": changes, "by": "our_id"},
        "read_many": {"ids": ids, "properties": ("email",)},
        "archive_many": {"ids": ids},
    }
    for operation, given in asked.items():
        result = far.ask(operation, kind="contact", **given)
        told = sorted(one.index for one in (*result.done, *result.failed))
        assert told == list(range(MOST_AT_ONCE))
    assert len(far.asked()) <= 2 * len(asked)


def test_what_is_wrong_is_refused_before_anything_leaves(far):
    many = tuple({"email": "x"} for _ in range(MOST_AT_ONCE + 1))
    wrong = {
        "create_many": {"kind": "contact", "items": many},
        "read": {"kind": "contact", "record_id": "", "properties": ()},
        "archive": {"kind": "contact", "record_id": ""},
        "changes": {"kind": "contact", "properties": (), "cursor": "not given out"},
    }
    for operation, given in wrong.items():
        error = failure_of(far, operation, **given)
        assert (type(error), error.accepted) == (ServiceRefused, "no")
    assert far.asked() == []


def test_the_cursor_of_the_last_page_is_where_the_next_time_begins(far):
    given = {"kind": "contact", "properties": ("email",)}
    first = far.ask("changes", **given)
    again = far.ask("changes", **given, cursor=first.cursor)
    assert again.cursor
    assert {one.id for one in first.records} & {one.id for one in again.records} == set()


def test_a_record_is_never_made_twice_on_the_quiet(far):
    far.lose_answers()
    error = failure_of(far, "create", kind="contact", values={"email": "ana@example.com"})
    assert error.accepted == "unknown"
    assert len(far.asked()) == 1


def test_reading_is_never_unknown(far):
    far.lose_answers()
    asked = {name: reading("deal")[name] for name in ("changes", "read")}
    found = {name: failure_of(far, name, **given).accepted for name, given in asked.items()}
    assert found == {"changes": "no", "read": "no"}


def test_a_busy_service_has_certainly_not_accepted(far):
    far.be_busy()
    error = failure_of(far, "create", kind="contact", values={"email": "ana@example.com"})
    assert (type(error), error.accepted) == (RateLimited, "no")


def test_refused_credentials_are_told_with_what_to_do(far):
    far.forget_us()
    error = failure_of(far, "owners")
    assert (type(error), error.accepted) == (AuthenticationError, "no")
    assert error.mend
