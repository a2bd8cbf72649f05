"""A process of its own that installs; arguments: home, key, database, workspace, extension."""

import sys
from pathlib import Path

from geminicrm.app import build_core
from geminicrm.config import Settings
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.errors import AppError
from geminicrm.runtime.consent import InstallRequest
from tests.support.life import files, make_life, zipped


def main(home: str, key: str, url: str, workspace_id: str, extension_id: str) -> str:
    """Install once the other process is there too; give how it went."""
    settings = Settings.from_env(
        {
            "GEMINICRM_ENV": "test",
            "GEMINICRM_HOME": home,
            "GEMINICRM_ENCRYPTION_KEYS": key,
            "GEMINICRM_DATABASE_URL": url,
        }
    )
    core = build_core(settings)
    life = make_life(core)
    life.shelf.put(zipped(files(id=extension_id)), extension_id)
    try:
        sys.stdin.readline()
        request = InstallRequest(extension_id=extension_id, grant="requested")
        life.cycle.install(SystemActor(workspace_id), request)
    except AppError as error:
        return error.code
    finally:
        core.close()
    return f"installed {Path(home).name}"


if __name__ == "__main__":
    sys.stdout.write(main(*sys.argv[1:]))
