"""The test of a connection: its stages, what it leaves behind, and what it never says."""

from dataclasses import replace

import pytest

from extensions.sdk.connection import Account
from extensions.sdk.service_errors import AccessDenied, AuthenticationError, ServiceUnavailable
from geminicrm.connections.book import Changes
from geminicrm.connections.diagnosis import Diagnosis
from geminicrm.connections.models import Connection
from geminicrm.connections.testing import Testing
from tests.support.connecting import connect
from tests.support.notices import notifications
from tests.support.ports import free_port

KEY = "sk_test_of_north_0123456789"


@pytest.fixture
def stripe(open_built_in):
    return open_built_in("stripe")


@pytest.fixture
def connection(stripe, outside):
    return connect(stripe, api_key=KEY, base_url=outside.url)


def tried(made, connection, sign_in):
    """Test with a service that answers as the test wants it."""
    core = made.core
    testing = Testing(core.connections.book, Diagnosis(core.http.guard), sign_in)
    return testing.run(made.tenant.owner(), connection)


def raising(error):
    def sign_in(_actor, _connection_id):
        raise error

    return sign_in


def row_of(made, connection):
    with made.core.works.read(made.tenant.system()) as work:
        return work.session.get_one(Connection, connection)


def stages(found):
    return [(one.name, one.ok) for one in found.stages]


def test_refused_credentials_are_told_once_until_they_work_again(stripe, connection):
    refused = raising(AuthenticationError(f"No such key: {KEY}"))
    for _ in range(2):
        found = tried(stripe, connection, refused)
    assert found.status == "failing"
    assert stages(found)[-1] == ("sign-in", False)
    assert KEY not in found.stages[-1].detail
    assert "Renew the credentials" in found.stages[-1].detail
    row = row_of(stripe, connection)
    assert (row.last_error_code, row.last_ok_at) == ("authentication_failed", None)
    assert KEY not in row.last_error
    (told,) = notifications(stripe.core, stripe.tenant)
    assert (told.key, told.count, told.resolved_at) == (f"connection:{connection}", 2, None)
    assert told.link == f"/integrations/{connection}"
    assert KEY not in told.body
    tried(stripe, connection, lambda *_asked: Account(id="1", label="North"))
    (told,) = notifications(stripe.core, stripe.tenant)
    assert told.resolved_at is not None
    row = row_of(stripe, connection)
    assert (row.status, row.last_error, row.account, row.account_id) == (
        "connected",
        None,
        "North",
        "1",
    )


def test_a_connection_that_goes_takes_its_notice_along(stripe, connection):
    tried(stripe, connection, raising(AuthenticationError("No.")))
    stripe.core.connections.ending.end(stripe.tenant.owner(), connection)
    (told,) = notifications(stripe.core, stripe.tenant)
    assert told.resolved_at is not None


def test_who_signed_in_by_oauth_has_to_do_it_again(stripe, connection):
    book = stripe.core.connections.book
    service = book.services.find(stripe.tenant.id, "stripe")
    way = replace(service.ways[0], type="oauth2")

    class Services:
        def find(self, _workspace_id, _extension_id):
            return replace(service, ways=(way,))

    book.services = Services()
    found = tried(stripe, connection, raising(AuthenticationError("Expired.")))
    assert (found.status, row_of(stripe, connection).status) == ("needs_reauth", "needs_reauth")


def test_rights_that_are_lacking_are_named(stripe, connection):
    lacking = Account(id="1", label="North", scopes=("read",), missing=("charges:write",))
    found = tried(stripe, connection, lambda *_asked: lacking)
    assert stages(found)[-2:] == [("sign-in", True), ("scopes", False)]
    row = row_of(stripe, connection)
    assert (row.status, row.scopes, row.missing_scopes) == ("failing", ["read"], ["charges:write"])
    assert "charges:write" in row.last_error
    found = tried(stripe, connection, raising(AccessDenied("Not this.")))
    assert stages(found)[-2:] == [("sign-in", True), ("scopes", False)]


def test_a_service_that_is_down_raises_no_notice(stripe, connection):
    found = tried(stripe, connection, raising(ServiceUnavailable("503")))
    assert (found.status, found.stages[-1].name) == ("failing", "sign-in")
    assert row_of(stripe, connection).last_error_code == "service_unavailable"
    assert notifications(stripe.core, stripe.tenant) == []


def test_a_service_that_nobody_reaches_is_not_asked(stripe):
    connection = connect(stripe, api_key=KEY, base_url=f"http://127.0.0.1:{free_port()}")
    found = tried(stripe, connection, raising(AssertionError("is not asked")))
    assert stages(found) == [("resolve", True), ("connect", False)]
    assert (found.status, row_of(stripe, connection).last_error_code) == ("failing", "unreachable")


def test_what_was_changed_meanwhile_has_not_been_tested(stripe, connection, clock):
    def sign_in(actor, connection_id):
        clock.advance(1)
        with stripe.core.works.write(actor) as work:
            changes = Changes(config={"api_key": "sk_test_another_one"})
            stripe.core.connections.book.change(work, connection_id, changes)
        raise AuthenticationError("The old key.")

    assert tried(stripe, connection, sign_in).status == "failing"
    assert row_of(stripe, connection).status == "untested"
    assert notifications(stripe.core, stripe.tenant) == []


def test_an_extension_that_is_switched_off_is_not_asked(stripe, connection):
    stripe.core.life_cycle.disable(stripe.tenant.owner(), "stripe")
    found = stripe.core.connections.testing.run(stripe.tenant.owner(), connection)
    assert (found.status, found.stages[0].detail) == (
        "untested",
        "Stripe is switched off: enable it.",
    )


def test_the_first_test_takes_a_connection_up(stripe, connection):
    core, owner, asked = stripe.core, stripe.tenant.owner(), []
    found = Account(id="acct_1", label="North")

    def noting(name):
        return lambda _actor, _connection_id: asked.append(name) or found

    diagnosis = Diagnosis(core.http.guard)
    testing = Testing(core.connections.book, diagnosis, noting("test"), connect=noting("connect"))
    testing.run(owner, connection)
    testing.run(owner, connection)
    tested = testing.connect(owner, connection)
    assert asked == ["connect", "test", "connect"]
    assert (tested.account, [one.name for one in tested.stages]) == ("North", ["sign-in", "scopes"])
