from typing import Any

import pytest

from geminicrm.crm.build import Crm
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.work import Actor


def refused(crm: Crm, me: Actor, data: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationFailed) as caught:
        crm.deals.create(me, {"name": "A deal", **data})
    return [finding.pointer for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [("10", "EUR", "10.00"), (10, "JPY", "10"), ("1.234", "KWD", "1.234"), ("-3", "USD", "-3.00")],
)
def test_amounts_have_the_decimals_of_their_currency(
    crm: Crm, me: Actor, amount: str | int, currency: str, shown: str
):
    made = crm.deals.create(me, {"name": "A deal", "amount": amount, "currency": currency})
    assert (made["amount"], made["currency"]) == (shown, currency)


def test_the_workspace_gives_the_currency(crm: Crm, me: Actor):
    made = crm.deals.create(me, {"name": "A deal", "amount": "5"})
    assert made["currency"] == "USD"
    assert crm.deals.create(me, {"name": "No amount"})["currency"] is None


def test_wrong_amounts_are_told(crm: Crm, me: Actor):
    assert refused(crm, me, {"amount": "1.5", "currency": "JPY"}) == ["/amount"]
    assert refused(crm, me, {"amount": "much"}) == ["/amount"]


def test_another_currency_keeps_the_figure(crm: Crm, me: Actor):
    made = crm.deals.create(me, {"name": "A deal", "amount": "10", "currency": "EUR"})
    assert crm.deals.update(me, made["id"], {"currency": "JPY"})["amount"] == "10"
    assert crm.deals.update(me, made["id"], {"currency": "EUR"})["amount"] == "10.00"
    crm.deals.update(me, made["id"], {"amount": "10.50"})
    with pytest.raises(ValidationFailed):
        crm.deals.update(me, made["id"], {"currency": "JPY"})
    cleared = crm.deals.update(me, made["id"], {"amount": None, "currency": None})
    assert (cleared["amount"], cleared["currency"]) == (None, None)
