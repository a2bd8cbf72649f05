"""Puts the registry's keys together with what hangs on them: the pin, the records, vouching."""

from collections.abc import Callable

from sqlalchemy import select

from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.models import EMBEDDED
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.publishers.models import PublisherRow
from marketplace.records import Sign, sign_anew, write_record
from marketplace.registries.pinning import read_pin, write_pin
from marketplace.signing.pins import Pinned
from marketplace.signing.registry_keys import Holdings, RegistryKeys
from marketplace.vouching import Vouching


def build_keys(works: Works, cipher: Cipher) -> RegistryKeys:
    """Make the keys of the embedded registry, with its records and its pin hanging on them."""

    def pin(work: Work) -> Pinned:
        return read_pin(work, EMBEDDED)

    keys = RegistryKeys(
        works,
        cipher,
        Holdings(
            read_pin=pin,
            write_pin=write_pin,
            first=lambda work: first_records(work, keys.sign),
            revoked=lambda work: sign_anew(work, pin(work), keys.sign),
        ),
    )
    return keys


def build_vouching(keys: RegistryKeys, comes_along: Callable[[str, str], bool]) -> Vouching:
    """Make what checks the word of the embedded registry by the keys that are pinned for it."""
    return Vouching(keys.pinned, comes_along)


def first_records(work: Work, sign: Sign) -> None:
    """Sign the versions that were there before the registry had keys.

    Only in the transaction that makes the first keys. A record that is missing later has been
    taken away by somebody, and signing what the row says then would make a forgery good.
    """
    statement = (
        select(RegistryVersion, PublisherRow)
        .join(RegistryExtension, RegistryExtension.id == RegistryVersion.extension_id)
        .join(PublisherRow, PublisherRow.id == RegistryExtension.publisher_id)
        .where(RegistryVersion.record.is_(None))
    )
    for row, publisher in work.session.execute(statement):
        write_record(work, row, publisher, sign)
    work.session.flush()
