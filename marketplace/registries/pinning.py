"""What is pinned for each registry: its row holds the key set that is believed."""

from geminicrm.kernel.work import Work
from geminicrm.runtime.models import EMBEDDED
from marketplace.registries.models import RegistryRow
from marketplace.signing.errors import Untrusted
from marketplace.signing.pins import Pinned, pinned_of

_OWN_NAME = "This installation"


def read_pin(work: Work, registry_id: str) -> Pinned:
    """Read the keys of a registry. Untrusted where nothing is pinned, or nothing that holds."""
    row = work.session.get(RegistryRow, registry_id)
    if row is None or not row.keys:
        raise Untrusted(f"No keys are pinned for the registry {registry_id!r}.")
    return pinned_of(row.keys_serial, row.keys)


def write_pin(work: Work, pin: Pinned, registry_id: str = EMBEDDED) -> None:
    """Keep a key set that `first` or `accept` has given; the embedded registry gets its row."""
    row = work.session.get(RegistryRow, registry_id)
    if row is None:
        row = RegistryRow(
            id=EMBEDDED,
            name=_OWN_NAME,
            position=0,
            enabled=True,
            notices_serial=0,
            created_at=work.now,
        )
        work.session.add(row)
    row.keys, row.keys_serial = pin.to_rows(), pin.serial
    work.session.flush()
