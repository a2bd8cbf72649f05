"""A worker in a process of its own, killed by whom it asks; its one argument is a `Shift`."""

import json
import sys
from dataclasses import asdict, dataclass
from datetime import datetime

from geminicrm.app import build_core
from geminicrm.config import Settings
from geminicrm.kernel.clock import FixedClock
from geminicrm.payments.looking import PaymentKeeper
from geminicrm.syncing.running import SyncKeeper
from tests.support.working import Hands


@dataclass(frozen=True, kw_only=True)
class Shift:
    """In which home it works, and at which moment of the tests' own time."""

    home: str
    key: str
    database: str
    at: str

    def to_json(self) -> str:
        """Give it as an argument."""
        return json.dumps(asdict(self))


def main(shift: Shift) -> None:
    """Do all that is due, as a worker does that has just been started."""
    settings = Settings.from_env(
        {
            "GEMINICRM_ENV": "test",
            "GEMINICRM_HOME": shift.home,
            "GEMINICRM_ENCRYPTION_KEYS": shift.key,
            "GEMINICRM_DATABASE_URL": shift.database,
            "GEMINICRM_EGRESS_ALLOW": "127.0.0.0/8",
            "GEMINICRM_ALLOW_UNSIGNED": "yes",
        }
    )
    core = build_core(settings, clock=FixedClock(datetime.fromisoformat(shift.at)))
    core.runtime.reconcile()
    hands = Hands(core, core.sinks(), core.kinds())
    hands.work()  # first what a dead worker had leased
    PaymentKeeper(core.works).step()
    SyncKeeper(core.works).step()
    hands.work()
    hands.close()
    core.close()


if __name__ == "__main__":
    main(Shift(**json.loads(sys.argv[1])))
