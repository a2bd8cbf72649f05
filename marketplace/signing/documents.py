"""Documents that the registry signs as a whole: key set and notices, each with a rising serial."""

from collections.abc import Callable, Mapping
from typing import Any

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.work import Work
from marketplace.signing.envelope import SignedText, canonical, read_signatures, signature_dicts
from marketplace.signing.models import SignedDocument

Signer = Callable[[str], SignedText]


def put_document(work: Work, name: str, members: Mapping[str, Any], sign: Signer) -> SignedText:
    """Sign and keep the next one of its name; type, serial and made_at are filled in here."""
    row = work.session.get(SignedDocument, name, with_for_update=True)
    serial = row.serial + 1 if row else 1
    stamp = {"type": name, "serial": serial, "made_at": format_instant(work.now)}
    signed = sign(canonical({**members, **stamp}))
    if row is None:
        row = SignedDocument(name=name)
        work.session.add(row)
    row.serial = serial
    row.body = signed.text
    row.signatures = [dict(one) for one in signature_dicts(signed.signatures)]
    row.made_at = work.now
    work.session.flush()
    return signed


def find_document(work: Work, name: str) -> SignedText | None:
    """Read the present one of a name."""
    row = work.session.get(SignedDocument, name)
    return SignedText(row.body, read_signatures(row.signatures)) if row else None
