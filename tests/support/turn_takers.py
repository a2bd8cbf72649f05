"""A process whose threads take turns of one limit: `python -m ... <connection> <threads> <turns>`.

It says `ready`, waits for a line, and then prints when (Unix time) each turn was had.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from geminicrm.app import build_core
from geminicrm.config import Settings
from geminicrm.connections.models import Connection
from geminicrm.connections.opened import Opened
from geminicrm.connections.outgoing.limits import Limits
from geminicrm.connections.outgoing.pace import Pace
from geminicrm.connections.services import Values
from geminicrm.connections.table import connected
from geminicrm.connections.ways import Limit
from geminicrm.kernel.vault import Vault
from geminicrm.runtime.services import InstalledServices

LIMIT = Limit(id="turns", counts="requests", most=10, seconds=1, label="Turns", setting=None)


def main(connection_id: str, threads: int, turns: int) -> None:
    """Do it with the core that the environment describes."""
    core = build_core(Settings.from_env(os.environ))
    with core.works.across_workspaces("the connection of a test") as work:
        row = work.session.get(Connection, connection_id)
    assert row is not None
    service = InstalledServices(core.works).find(row.workspace_id, row.extension_id)
    assert service is not None
    limited = replace(service, limits=(LIMIT,))
    nothing = Values(plain={}, secrets={})
    opened = Opened(connected(row), limited, Vault(core.cipher), core.oauth.tokens, nothing)
    limits = Limits(core.works, Pace())

    def take(_number: int) -> float:
        limits.take(opened, "requests", seconds=60)
        return time.time()

    _say("ready")
    sys.stdin.readline()
    with ThreadPoolExecutor(threads) as pool:
        _say(json.dumps(list(pool.map(take, range(turns)))))
    core.close()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
