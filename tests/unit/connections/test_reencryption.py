"""Credentials of connections under a new key."""

import pytest
from sqlalchemy import select

from geminicrm.connections.models import Connection, OAuthState
from geminicrm.connections.reencryption import reencrypt
from geminicrm.kernel.crypto import Cipher, DecryptionFailed, new_key
from tests.support.connecting import connect

KEY = "sk_test_of_north_0123456789"


@pytest.fixture
def stripe(open_built_in):
    return open_built_in("stripe")


def test_everything_reads_with_the_new_key_alone(stripe):
    core = stripe.core
    connection = connect(stripe, api_key=KEY)
    with core.works.write(stripe.tenant.system()) as work:
        row = work.session.get_one(Connection, connection)
        row.tokens = core.cipher.encrypt('{"access_token":"a"}')
        journey = OAuthState(
            id="oas_1",
            workspace_id=stripe.tenant.id,
            connection_id=connection,
            user_id=stripe.tenant.owner_id,
            state_hash="x",
            session_hash="y",
            verifier=core.cipher.encrypt("verifier"),
            expires_at=work.now,
        )
        work.session.add(journey)
        work.session.flush()
        revision = row.revision
    new = new_key()
    old = core.settings.encryption_keys
    assert reencrypt(core.works, core.generations, Cipher([new, *old])) == 3
    with core.works.read(stripe.tenant.system()) as work:
        row = work.session.get_one(Connection, connection)
        (journey,) = work.session.scalars(select(OAuthState))
    alone = Cipher([new])
    assert KEY in alone.decrypt(row.secrets)
    assert alone.decrypt(row.tokens) == '{"access_token":"a"}'
    assert alone.decrypt(journey.verifier) == "verifier"
    assert row.revision == revision
    with pytest.raises(DecryptionFailed):
        reencrypt(core.works, core.generations, Cipher([new_key()]))


def test_a_process_that_runs_reads_on(stripe):
    core = stripe.core
    connection = connect(stripe, api_key=KEY)
    new = new_key()
    (core.settings.home / "keys").write_text("\n".join([new, *core.settings.encryption_keys]))
    reencrypt(core.works, core.generations, Cipher([new, *core.settings.encryption_keys]))
    with core.works.read(stripe.tenant.owner()) as work:
        row = core.connections.book.get(work, connection)
        assert core.connections.book.secrets_of(row) == {"api_key": KEY}
