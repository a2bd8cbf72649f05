"""What was paid otherwise than asked for, what is given back, and what is audited when."""

from datetime import timedelta

import pytest

from extensions.sdk.capabilities.payment_shapes import Money, Refund
from extensions.sdk.service_errors import ServiceUnavailable
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.errors import Conflict
from geminicrm.payments.looking import PaymentKeeper
from tests.support.core import START

PAID = {"paid": True, "status": "complete", "payment_id": "pi_1", "url": ""}
TEN = Money(amount=1000, currency="EUR")


def opened(desk):
    payment_id = desk.ask()
    desk.hands.work()
    return payment_id


def check(desk, wanted, **said):
    desk.paying.answers = [said]
    desk.payments.looker.check(desk.tenant.owner(), wanted)
    return desk.row(wanted)


def next_look(desk, clock, payment_id):
    """Look when it is due next; give how many days after the payment that was."""
    row = desk.row(payment_id)
    clock.advance((row.next_look_at - clock.now()).total_seconds())
    PaymentKeeper(desk.core.works).step()
    desk.hands.work()
    return (row.next_look_at - row.paid_at).days


def audited(desk):
    with desk.core.works.read(desk.tenant.system()) as work:
        rows = work.session.query(AuditEntry).order_by(AuditEntry.id).all()
        return [(one.action, one.actor_kind) for one in rows if one.action.startswith("payment.")]


def refund(amount, status="succeeded", currency="EUR"):
    return Refund(
        id="re_1",
        payment_id="pi_1",
        money=Money(amount=amount, currency=currency),
        status=status,
        failure="",
        created_at=START,
    )


@pytest.mark.parametrize(
    ("total", "said"),
    [
        (TEN, "€10.00"),
        (Money(amount=1300, currency="EUR"), "€13.00"),
        (Money(amount=1250, currency="USD"), "$12.50"),
        (Money(amount=1250, currency="XXY"), "1250 XXY"),
        (None, "nobody knows how much"),
    ],
)
def test_what_was_paid_otherwise_is_not_paid_on_the_quiet(both_desks, total, said):
    desk = both_desks
    payment_id = opened(desk)
    row = check(desk, payment_id, **PAID, total=total)
    assert (row.state, row.paid_at, row.url) == ("differs", None, None)
    assert row.error == f"€12.50 was asked for, and {said} was paid."
    assert desk.notes() == [f"Paid otherwise than asked: {said} instead of €12.50 for Consulting"]
    assert desk.events() == ["payment.requested"]
    assert [mail.subject for mail in desk.mails()] == ["Payment link from North"]
    assert desk.all()[0]["state"] == "differs"


def test_looking_again_tells_it_once_and_nobody_looks_by_itself(desk, clock):
    payment_id = opened(desk)
    check(desk, payment_id, **PAID, total=TEN)
    check(desk, payment_id, **PAID, total=TEN)
    before = len(desk.paying.read)
    clock.advance(7 * 24 * 3600)
    PaymentKeeper(desk.core.works).step()
    desk.hands.work()
    assert (len(desk.paying.read), len(desk.notes())) == (before, 1)


def test_a_person_accepts_it(both_desks):
    desk = both_desks
    payment_id = opened(desk)
    check(desk, payment_id, **PAID, total=TEN)
    desk.payments.looker.accept(desk.tenant.owner(), payment_id)
    row = desk.row(payment_id)
    assert (row.state, row.error, row.paid_minor) == ("paid", None, 1000)
    assert desk.notes()[-1] == "Paid: €10.00 for Consulting"
    assert desk.events() == ["payment.requested", "payment.paid"]
    assert audited(desk)[1:] == [
        ("payment.differs", "system"),
        ("payment.accepted", "user"),
        ("payment.paid", "user"),
    ]
    with pytest.raises(Conflict, match="nothing to accept"):
        desk.payments.looker.accept(desk.tenant.owner(), payment_id)


def test_a_person_gives_it_back_and_cancels_it(desk):
    payment_id = opened(desk)
    check(desk, payment_id, **PAID, total=TEN)
    desk.payments.looker.cancel(desk.tenant.owner(), payment_id)
    assert check(desk, payment_id, **PAID, total=TEN).state == "canceled"
    assert desk.paying.closed == []


def test_what_turns_out_to_be_whole_is_paid(desk):
    payment_id = opened(desk)
    check(desk, payment_id, **PAID, total=None)
    row = check(desk, payment_id, **PAID)
    assert (row.state, row.paid_minor, row.error) == ("paid", None, None)


@pytest.mark.parametrize(
    ("answers", "state", "error"),
    [
        ([{}], "canceled", None),
        ([ServiceUnavailable("down"), ServiceUnavailable("down")], "open", "down"),
        ([PAID], "paid", None),
        (
            [{"status": "complete"}],
            "open",
            "The provider did not close the link: somebody may be paying just now.",
        ),
    ],
)
def test_a_cancel_is_audited_once_the_provider_agrees(desk, answers, state, error):
    payment_id = opened(desk)
    desk.paying.answers = answers
    desk.payments.looker.cancel(desk.tenant.owner(), payment_id)
    row = desk.row(payment_id)
    assert (row.state, row.error) == (state, error)
    canceled = [who for action, who in audited(desk) if action == "payment.canceled"]
    assert canceled == ["user"] * (state == "canceled")


def test_what_is_given_back_in_parts_stands_on_the_record(both_desks):
    desk = both_desks
    payment_id = opened(desk)
    check(desk, payment_id, **PAID)
    desk.paying.refunds = [refund(250), refund(100, "pending"), refund(900, currency="USD")]
    check(desk, payment_id)
    check(desk, payment_id)
    assert desk.all()[0]["refunded"] == "2.50"
    desk.paying.refunds = [refund(250), refund(1000)]
    check(desk, payment_id)
    assert desk.notes() == [
        "Paid: €12.50 for Consulting",
        "Given back: €2.50 of €12.50 for Consulting",
        "Given back: €12.50 of €12.50 for Consulting",
    ]
    assert (desk.row(payment_id).state, desk.all()[0]["refunded"]) == ("paid", "12.50")


def test_a_paid_one_is_looked_at_ever_more_seldom_for_half_a_year(desk, clock):
    payment_id = opened(desk)
    check(desk, payment_id, **PAID)
    desk.paying.refunds = [refund(250)]
    days = [next_look(desk, clock, payment_id) for _ in range(9)]
    assert days == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert desk.row(payment_id).next_look_at is None
    assert desk.all()[0]["refunded"] == "2.50"


def test_a_provider_that_can_not_tell_of_refunds_changes_nothing(desk, clock):
    payment_id = opened(desk)
    check(desk, payment_id, **PAID)
    desk.paying.list_refunds = lambda *_about: (_ for _ in ()).throw(ServiceUnavailable("down"))
    check(desk, payment_id)
    row = desk.row(payment_id)
    assert (row.state, row.error, row.refunded_minor) == ("paid", "down", 0)
    assert row.next_look_at == clock.now() + timedelta(days=1)
