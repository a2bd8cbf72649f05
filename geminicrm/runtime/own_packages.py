"""Which packages came with the CRM: only their code runs in the core's own process."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from geminicrm.kernel.crypto import Cipher, DecryptionFailed
from geminicrm.kernel.work import Works
from geminicrm.runtime.live import digest_hex
from geminicrm.runtime.models import OwnPackage


class OwnPackages:
    """Remembers digests, each sealed with the encryption keys.

    So whoever can write to the database alone can't have a package run where nothing confines it;
    and a version that an earlier release of the CRM came with still runs.
    """

    def __init__(self, works: Works, cipher: Cipher) -> None:
        self._works = works
        self._cipher = cipher
        self._known: set[str] = set()

    def note(self, digest: str) -> None:
        """Remember a package that lies beside the core's code; again changes nothing."""
        hexed = digest_hex(digest)
        if self.holds(hexed):
            return
        try:
            with self._works.across_workspaces("a package of the CRM", write=True) as work:
                found = work.session.get(OwnPackage, hexed) or OwnPackage(digest=hexed)
                found.seal = self._cipher.encrypt(_sentence(hexed))
                work.session.add(found)
        except IntegrityError:
            return  # another process has noted the same at this moment
        self._known.add(hexed)

    def holds(self, digest: str) -> bool:
        """Tell whether a package came with the CRM, now or earlier."""
        hexed = digest_hex(digest)
        if hexed in self._known:
            return True
        with self._works.across_workspaces("look for a package of the CRM") as work:
            found = work.session.get(OwnPackage, hexed)
        if found is None or not self._is_ours(found):
            return False
        self._known.add(hexed)
        return True

    def reencrypt(self) -> int:
        """Seal all anew with the newest key; give how many. What can't be read proves nothing."""
        with self._works.across_workspaces("seal packages anew", write=True) as work:
            ours = [one for one in work.session.scalars(select(OwnPackage)) if self._is_ours(one)]
            for one in ours:
                one.seal = self._cipher.rotate(one.seal)
        return len(ours)

    def _is_ours(self, found: OwnPackage) -> bool:
        try:
            return self._cipher.decrypt(found.seal) == _sentence(found.digest)
        except DecryptionFailed:
            return False


def _sentence(digest: str) -> str:
    return f"came with the CRM: {digest}"
