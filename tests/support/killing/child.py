"""The process that is killed; its one argument is a JSON object, see `Errand`."""

import json
import sys
from dataclasses import asdict, dataclass

from geminicrm.app import build_core
from geminicrm.config import Settings
from geminicrm.identity.actor import SystemActor
from tests.support.killing.moments import Moments
from tests.support.killing.scenarios import SCENARIOS


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What the process is to do, in which home, and at which moment it dies (0: it lives)."""

    scenario: str
    home: str
    key: str
    database: str
    workspace: str
    kill_at: int

    def to_json(self) -> str:
        """Give it as an argument."""
        return json.dumps(asdict(self))


def main(errand: Errand) -> list[str]:
    """Do it; give the moments that came."""
    core = build_core(
        Settings.from_env(
            {
                "GEMINICRM_ENV": "test",
                "GEMINICRM_HOME": errand.home,
                "GEMINICRM_ENCRYPTION_KEYS": errand.key,
                "GEMINICRM_DATABASE_URL": errand.database,
            }
        )
    )
    scenario, actor = SCENARIOS[errand.scenario], SystemActor(errand.workspace)
    scenario.ready(core, actor)
    moments = Moments(errand.kill_at)
    moments.watch()
    scenario.act(core, actor)
    core.close()
    return moments.names


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Errand(**json.loads(sys.argv[1])))))
