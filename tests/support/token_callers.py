"""A process whose threads all want an access token at once: `python -m ... <connection> <threads>`.

It says `ready`, waits for a line, and then prints what each thread got.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from geminicrm.app import build_core
from geminicrm.config import Settings
from geminicrm.connections.models import Connection
from geminicrm.connections.table import connected
from geminicrm.runtime.services import InstalledServices


def main(connection_id: str, threads: int) -> None:
    """Do it with the core that the environment describes."""
    core = build_core(Settings.from_env(os.environ))
    with core.works.across_workspaces("the connection of a test") as work:
        row = work.session.get(Connection, connection_id)
    assert row is not None
    connection = connected(row)
    service = InstalledServices(core.works).find(row.workspace_id, row.extension_id)
    assert service is not None
    way = service.way(row.way)
    barrier = Barrier(threads)

    def ask(_number: int) -> str:
        barrier.wait()
        return core.oauth.tokens.access_token(connection, way)

    _say("ready")
    sys.stdin.readline()
    with ThreadPoolExecutor(threads) as pool:
        _say(json.dumps(list(pool.map(ask, range(threads)))))
    core.close()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
