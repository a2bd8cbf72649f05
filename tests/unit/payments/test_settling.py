"""What the provider says becomes what stands at the payment: once, whoever hears it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from extensions.sdk.service_errors import ServiceRefused, ServiceUnavailable
from geminicrm.kernel.errors import Conflict
from geminicrm.payments.looking import PaymentKeeper
from geminicrm.payments.requesting import ask_again
from tests.support.paying import checkout_of

PAID = {"paid": True, "status": "complete", "payment_id": "pi_1", "url": ""}
EXPIRED = {"status": "expired", "url": ""}
MINUTE = 60


def opened(desk, **changes):
    payment_id = desk.ask(**changes)
    desk.hands.work()
    return payment_id


def settle(desk, wanted, **said):
    with desk.core.works.write(desk.tenant.system()) as work:
        row = desk.payments.settling.settle(work, desk.row(wanted), checkout_of(wanted, **said))
        return row.state


def look(desk, clock, seconds):
    clock.advance(seconds)
    PaymentKeeper(desk.core.works).step()
    desk.hands.work()
    return len(desk.paying.read)


def test_a_paid_link_is_seen_a_minute_later(desk, clock):
    payment_id = opened(desk)
    desk.paying.answers = [PAID]
    assert look(desk, clock, MINUTE - 1) == 0
    assert look(desk, clock, 1) == 1
    row = desk.row(payment_id)
    assert (row.state, row.payment_id, row.url) == ("paid", "pi_1", None)
    assert row.paid_at is not None
    assert desk.events() == ["payment.requested", "payment.paid"]
    assert desk.notes() == ["Paid: €12.50 for Consulting"]
    assert [mail.subject for mail in desk.mails()] == [
        "Payment link from North",
        "Payment received: €12.50",
    ]
    assert look(desk, clock, 23 * 60 * MINUTE) == 1


def test_several_who_settle_at_once_make_one_of_each(both_desks):
    desk = both_desks
    payment_id = opened(desk)
    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(lambda _at: settle(desk, payment_id, **PAID), range(8)))
    assert set(states) == {"paid"}
    assert desk.events() == ["payment.requested", "payment.paid"]
    assert len(desk.notes()) == 1
    assert len(desk.mails()) == 2


def test_looks_come_ever_later_up_to_an_hour(desk, clock):
    payment_id = opened(desk)
    pauses = []
    for _ in range(8):
        pauses.append((desk.row(payment_id).next_look_at - clock.now()) / timedelta(minutes=1))
        look(desk, clock, pauses[-1] * MINUTE)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_link_that_ended_long_ago_is_left_alone(desk, clock):
    payment_id = opened(desk)
    look(desk, clock, 16 * 24 * 60 * MINUTE)
    assert desk.row(payment_id).next_look_at is None
    assert desk.row(payment_id).state == "open"


def test_an_expired_link_is_no_more(desk, clock):
    payment_id = opened(desk)
    desk.paying.answers = [EXPIRED]
    look(desk, clock, MINUTE)
    row = desk.row(payment_id)
    assert (row.state, row.url, row.next_look_at) == ("expired", None, None)
    with desk.core.works.write(desk.tenant.owner()) as work:
        ask_again(work, payment_id)
    desk.hands.work()
    assert desk.row(payment_id).checkout_id == f"cs_{payment_id}.2"


def test_a_provider_that_is_down_leaves_the_link_open(desk, clock):
    payment_id = opened(desk)
    desk.paying.answers = [ServiceUnavailable("down")]
    look(desk, clock, MINUTE)
    row = desk.row(payment_id)
    assert (row.state, row.error) == ("open", "down")
    desk.paying.answers = [PAID]
    desk.payments.looker.check(desk.tenant.owner(), payment_id)
    assert (desk.row(payment_id).state, desk.row(payment_id).error) == ("paid", None)


def test_what_has_no_link_can_not_be_looked_at(desk):
    payment_id = desk.ask()
    with pytest.raises(Conflict, match="there is no link"):
        desk.payments.looker.check(desk.tenant.owner(), payment_id)


def test_an_open_payment_is_canceled_at_the_provider(desk):
    payment_id = opened(desk)
    desk.payments.looker.cancel(desk.tenant.owner(), payment_id)
    assert desk.paying.closed == [f"cs_{payment_id}"]
    assert desk.row(payment_id).state == "canceled"
    with pytest.raises(Conflict, match="nothing to cancel"):
        desk.payments.looker.cancel(desk.tenant.owner(), payment_id)


def test_what_is_paid_already_is_not_canceled(desk):
    payment_id = opened(desk)
    desk.paying.answers = [ServiceRefused("it is complete"), PAID]
    desk.payments.looker.cancel(desk.tenant.owner(), payment_id)
    assert desk.row(payment_id).state == "paid"


def test_a_provider_that_does_not_close_the_link_leaves_it_open(desk):
    payment_id = opened(desk)
    desk.paying.answers = [ServiceUnavailable("down"), ServiceUnavailable("down")]
    desk.payments.looker.cancel(desk.tenant.owner(), payment_id)
    assert (desk.row(payment_id).state, desk.row(payment_id).error) == ("open", "down")


def test_what_is_paid_after_it_was_canceled_is_paid(desk):
    payment_id = opened(desk)
    desk.payments.looker.cancel(desk.tenant.owner(), payment_id)
    assert settle(desk, payment_id, **EXPIRED) == "canceled"
    assert settle(desk, payment_id, **PAID) == "paid"
    assert settle(desk, payment_id, **EXPIRED) == "paid"


def test_a_record_that_is_gone_stops_nothing(desk):
    lead_id = desk.lead()
    payment_id = opened(desk, related=("lead", lead_id))
    desk.core.crm.leads.delete(desk.tenant.owner(), lead_id)
    assert settle(desk, payment_id, **PAID) == "paid"
    assert desk.notes() == []
