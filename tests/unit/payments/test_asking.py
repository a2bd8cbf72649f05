"""What becomes of a request: one link, asked for with one key, or told why there is none."""

import pytest

from extensions.sdk.service_errors import (
    AuthenticationError,
    NotConnected,
    OutcomeUnknown,
    RateLimited,
    ServiceRefused,
    ServiceUnavailable,
)
from geminicrm.kernel.errors import Conflict, ScopeMissing, ValidationFailed
from geminicrm.payments.looking import PaymentKeeper
from geminicrm.payments.requesting import NewPaymentRequest, ask_again, request_payment
from tests.support.paying import FIRST, SECOND

LOST = ServiceUnavailable("half", accepted="unknown")
HOUR = 3600


@pytest.fixture
def again(desk):
    def again(payment_id):
        with desk.core.works.write(desk.tenant.owner()) as work:
            ask_again(work, payment_id)
        desk.hands.work()

    return again


def keys(desk):
    return [(connection_id, key) for connection_id, _new, key in desk.paying.made]


def test_a_payment_gets_its_link(both_desks):
    desk = both_desks
    payment_id = desk.ask()
    assert desk.row(payment_id).state == "asking"
    desk.hands.work()
    desk.hands.work()
    row = desk.row(payment_id)
    assert (row.state, row.url, row.provider, row.live) == (
        "open",
        f"https://pay.example/{payment_id}",
        "stripe",
        True,
    )
    ((connection_id, new, key),) = desk.paying.made
    assert (connection_id, key, new.reference) == ("conn_1", payment_id, payment_id)
    assert (new.success_url, new.customer_email) == (
        "https://crm.example/payments/thanks",
        "ada@example.com",
    )
    (mail,) = desk.mails()
    assert (mail.purpose, mail.related_id) == ("payment", row.related_id)
    assert mail.subject == "Payment link from North"
    assert row.url in mail.text
    assert f'<a href="{row.url}">' in mail.html
    assert "€12.50" in mail.text
    assert desk.events() == ["payment.requested"]


@pytest.mark.parametrize(("currency", "shown"), [("JPY", "¥1,250"), ("KWD", "KWD\u00a01.250")])
def test_amounts_have_the_decimals_of_their_currency(desk, currency, shown):
    desk.ask(currency=currency)
    desk.hands.work()
    money = desk.paying.made[0][1].lines[0].money
    assert (money.amount, money.currency) == (1250, currency)
    assert shown in desk.mails()[0].text


def test_without_a_mail_nothing_is_written(desk):
    desk.ask(send_mail=False, payer_email="")
    desk.hands.work()
    assert desk.mails() == []


def test_without_a_provider_it_says_what_to_do(desk, again):
    desk.paying.connected = []
    payment_id = desk.ask()
    desk.hands.work()
    row = desk.row(payment_id)
    assert (row.state, row.error, row.mend) == (
        "failed",
        "No payment provider is connected.",
        "Connect a payment provider under Integrations, then ask again.",
    )
    assert desk.events() == ["payment.requested", "payment.failed"]
    desk.paying.connected = [FIRST]
    again(payment_id)
    assert desk.row(payment_id).state == "open"
    assert keys(desk) == [("conn_1", f"{payment_id}.2")]


def test_the_next_provider_is_asked_after_a_certain_refusal(desk):
    desk.paying.connected = [FIRST, SECOND]
    desk.paying.answers = [AuthenticationError("wrong key")]
    payment_id = desk.ask()
    desk.hands.work()
    row = desk.row(payment_id)
    assert (row.state, row.provider, row.connection_id, row.live) == (
        "open",
        "paypal",
        "conn_2",
        False,
    )
    assert row.error is None


def test_after_a_lost_answer_the_same_is_asked_with_the_same_key(desk, clock):
    desk.paying.connected = [FIRST, SECOND]
    desk.paying.answers = [LOST, OutcomeUnknown("killed half way"), RateLimited("slow")]
    payment_id = desk.ask()
    desk.hands.work()
    assert (desk.row(payment_id).state, desk.row(payment_id).error) == ("asking", "half")
    clock.advance(HOUR)
    desk.hands.work()
    clock.advance(HOUR)
    desk.hands.work()
    clock.advance(HOUR)
    desk.hands.work()
    assert keys(desk) == [("conn_1", payment_id)] * 4
    assert desk.row(payment_id).state == "open"
    assert len(desk.mails()) == 1


def test_a_killed_worker_leaves_the_connection_that_it_asked(desk):
    payment_id = desk.ask()
    desk.change(payment_id, connection_id="conn_1", asked_at=desk.core.works.clock.now())
    desk.paying.connected = [SECOND, FIRST]
    desk.hands.work()
    assert keys(desk) == [("conn_1", payment_id)]


def test_what_stays_unclear_is_left_to_a_person(desk, again):
    desk.paying.answers = [ServiceRefused("key used", accepted="unknown")]
    payment_id = desk.ask()
    desk.hands.work()
    row = desk.row(payment_id)
    assert (row.state, row.error) == ("unknown", "key used")
    assert "Nobody was sent a link" in row.mend
    again(payment_id)
    assert keys(desk) == [("conn_1", payment_id)] * 2
    assert desk.row(payment_id).state == "open"


def test_a_connection_that_is_gone_leaves_it_unclear(desk, clock, again):
    desk.paying.answers = [LOST, NotConnected("stripe")]
    payment_id = desk.ask()
    desk.hands.work()
    clock.advance(HOUR)
    desk.hands.work()
    assert desk.row(payment_id).state == "unknown"
    clock.advance(24 * HOUR)
    again(payment_id)
    assert keys(desk)[-1] == ("conn_1", f"{payment_id}.2")


def test_a_refusal_under_a_known_key_is_certain(desk, clock):
    desk.paying.answers = [LOST, ServiceRefused("no such currency")]
    payment_id = desk.ask()
    desk.hands.work()
    clock.advance(HOUR)
    desk.hands.work()
    row = desk.row(payment_id)
    assert (row.state, row.connection_id) == ("failed", None)


def test_a_key_is_not_used_after_its_life(desk, clock):
    desk.paying.answers = [LOST]
    payment_id = desk.ask()
    desk.hands.work()
    clock.advance(24 * HOUR)
    desk.hands.work()
    assert desk.row(payment_id).state == "unknown"
    assert len(desk.paying.made) == 1


@pytest.mark.parametrize(
    ("error", "state"), [(ServiceUnavailable("down"), "failed"), (LOST, "unknown")]
)
def test_after_the_last_attempt_the_state_says_what_is_known(desk, clock, error, state):
    desk.paying.answers = [error] * 12
    payment_id = desk.ask()
    steps = [(desk.hands.work(), clock.advance(HOUR)) for _ in range(12)]
    assert len(desk.paying.made) == len(steps)
    assert desk.row(payment_id).state == state


def test_a_link_that_was_canceled_while_it_was_made_is_closed(desk):
    payment_id = desk.ask()
    looker = desk.payments.looker
    desk.paying.meanwhile = lambda: looker.cancel(desk.tenant.owner(), payment_id)
    desk.hands.work()
    assert desk.row(payment_id).state == "canceled"
    assert desk.paying.closed == [f"cs_{payment_id}"]
    assert desk.mails() == []


def test_a_job_that_was_lost_is_asked_for_anew(both_desks, clock):
    desk = both_desks
    payment_id = desk.ask()
    with desk.core.works.across_workspaces("lose jobs", write=True) as work:
        work.session.connection().exec_driver_sql("DELETE FROM jobs")
    clock.advance(300)
    PaymentKeeper(desk.core.works).step()
    PaymentKeeper(desk.core.works).step()
    desk.hands.work()
    assert desk.row(payment_id).state == "open"
    assert len(desk.paying.made) == 1


def test_a_payment_on_its_way_is_not_asked_for_again(desk, again):
    payment_id = desk.ask()
    with pytest.raises(Conflict, match="The payment is asking"):
        again(payment_id)


@pytest.mark.parametrize("scope", ["read:payments", "request:payments"])
def test_who_asks_needs_its_permission_and_that_of_mails(desk, scope):
    new = NewPaymentRequest(
        related=("lead", desk.lead()),
        amount=1,
        currency="EUR",
        description="x",
        payer_email="ada@example.com",
    )
    with pytest.raises(ScopeMissing), desk.core.works.write(desk.tenant.owner(scope)) as work:
        request_payment(work, new)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"amount": 0}, "/amount"),
        ({"description": " "}, "/description"),
        ({"payer_email": ""}, "/email"),
        ({"payer_email": "nobody"}, "/email"),
        ({"payer_name": "a\nb"}, "/name"),
    ],
)
def test_what_is_wrong_is_told(desk, changes, pointer):
    with pytest.raises(ValidationFailed) as caught:
        desk.ask(**changes)
    assert [one.pointer for one in caught.value.findings] == [pointer]
