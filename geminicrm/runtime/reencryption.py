"""Writing every stored secret of installations anew with the newest key."""

from sqlalchemy import select

from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.work import Works
from geminicrm.runtime.models import Installation, KeptSettings


def reencrypt(works: Works, cipher: Cipher) -> int:
    """Encrypt all secrets with the first key; give how many there were.

    Raises DecryptionFailed, changing nothing, where a key is missing.
    """
    with works.across_workspaces("encrypt secrets anew", write=True) as work:
        rows = [*work.session.scalars(select(Installation))]
        kept = [*work.session.scalars(select(KeptSettings))]
        sealed = [row for row in (*rows, *kept) if row.secrets is not None]
        for row in sealed:
            row.secrets = cipher.rotate(row.secrets or "")
        return len(sealed)
