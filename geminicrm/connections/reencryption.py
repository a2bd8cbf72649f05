"""Writing every credential of connections anew with the newest key."""

from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute

from geminicrm.connections.models import Connection, OAuthState
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.generation import CONNECTIONS, Generations
from geminicrm.kernel.work import Work, Works

_SEALED: Final[tuple[InstrumentedAttribute[Any], ...]] = (
    Connection.secrets,
    Connection.tokens,
    OAuthState.verifier,
)


def reencrypt(works: Works, generations: Generations, cipher: Cipher) -> int:
    """Encrypt all with the first key; give how many there were.

    A token that is refreshed meanwhile waits for its row, so that neither overwrites the other.
    Raises DecryptionFailed, changing nothing, where a key is missing.
    """
    with works.across_workspaces("connections: encrypt anew", write=True) as work:
        count = sum(_rotated(work, column, cipher) for column in _SEALED)
        generations.bump(work, CONNECTIONS)
        return count


def _rotated(work: Work, column: InstrumentedAttribute[Any], cipher: Cipher) -> int:
    kind = column.class_
    sealed = select(kind.id, column).where(column.is_not(None)).order_by(kind.id).with_for_update()
    rows = work.session.execute(sealed).all()
    for identifier, token in rows:
        # Not by way of the row: its revision counts what people change.
        work.session.execute(
            update(kind)
            .where(kind.id == identifier)
            .values({column: cipher.rotate(token)})
            .execution_options(synchronize_session=False)
        )
    return len(rows)
