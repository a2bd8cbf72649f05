"""What services write into token answers, and what becomes of it."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet

from geminicrm.connections.oauth.problems import GrantRefused, ProviderAway
from geminicrm.connections.oauth.rows import TokenRows
from geminicrm.connections.oauth.token import granted, missing, opened, sealed
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.vault import Vault

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def of(**answer):
    return granted({"access_token": "a", **answer}, NOW, "kept")


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (3600, 3600),
        ("3600", 3600),
        ("3600.5", 3600.5),
        (0.5, 0.5),
        (1e300, 3650 * 86_400),
        ("1" * 400, 3650 * 86_400),
    ],
    ids=["number", "text", "fraction", "short", "huge", "digits"],
)
def test_lifetimes_run_from_when_they_were_asked_for(expires_in, seconds):
    assert of(expires_in=expires_in).expires_at == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "expires_in",
    [None, 0, "0", -5, "soon", "", True, [], "nan"],
    ids=["none", "zero", "zero-text", "past", "word", "empty", "yes", "list", "nan"],
)
def test_what_is_no_lifetime_means_until_it_is_refused(expires_in):
    given = of(expires_in=expires_in)
    assert given.expires_at is None
    assert given.refresh_at is None


@pytest.mark.parametrize(
    ("seconds", "earliest", "latest"), [(3600, 60, 90), (60, 15, 15), (4, 1, 1)]
)
def test_it_is_renewed_before_it_ends(seconds, earliest, latest):
    given = of(expires_in=seconds)
    assert earliest <= (given.expires_at - given.refresh_at).total_seconds() <= latest


@pytest.mark.parametrize(
    ("given", "kept"), [("new", "new"), ("", "kept"), (None, "kept"), (7, "kept")]
)
def test_the_refresh_token_stays_where_no_other_comes(given, kept):
    assert of(refresh_token=given).token.refresh == kept


def test_leave_to_act_offline_is_shown_by_its_refresh_token():
    asked = ["read", "offline_access"]
    assert missing(asked, of(scope="read")) == []
    assert missing(asked, granted({"access_token": "a", "scope": "read"}, NOW)) == asked[1:]


def test_a_token_survives_being_sealed():
    vault = Vault(Cipher([Fernet.generate_key().decode()]))
    token = of(refresh_token="r").token
    column = sealed(vault, token)
    assert opened(vault, column) == token
    assert opened(vault, None) is None


def test_what_a_command_with_another_environment_meets_is_not_written_down(sign_in_on_both):
    made = sign_in_on_both()
    made.put_token(seconds=0)
    rows = TokenRows(made.core.works, made.core.generations, Vault(made.core.cipher), guest=True)
    before = made.row
    assert rows.take(before)
    rows.refuse(made.row, GrantRefused("invalid_client", "unknown"))
    assert rows.take(made.row)
    rows.postpone(made.row, ProviderAway("no way out"))
    after = made.row
    assert (after.status, after.last_error, after.refresh_owner) == (before.status, None, None)
    assert (after.refresh_failures, after.refresh_at) == (0, before.refresh_at)
