"""The whole way of a new lead: Stripe by its own description, and a real SMTP server."""

import pytest

from geminicrm.payments.looking import PaymentKeeper
from tests.support.connecting import connect
from tests.support.paying import PRICED, mails_in, payments_in
from tests.support.smtp_peer import PASSWORD, USER
from tests.support.waiting import eventually
from tests.support.working import Hands

KEY = "rk_test_of_north_0123456789"
MANY = 50
SESSIONS = "/v1/checkout/sessions"


@pytest.fixture
def stripe(open_built_in, vendors):
    made = open_built_in("stripe")
    connect(made, api_key=KEY, base_url=vendors.base_url("stripe"))
    return made
