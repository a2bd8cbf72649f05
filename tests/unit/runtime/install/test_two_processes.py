"""Two processes that install the same at the same moment."""

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.runtime.models import Installation
from tests.support.core import make_tenant

ROOT = Path(__file__).parents[4]


def start(core: Core, workspace_id: str) -> subprocess.Popen[str]:
    settings = core.settings
    url = core.database.engine.url.render_as_string(hide_password=False)
    arguments = [str(settings.home), settings.encryption_keys[0], url, workspace_id]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.elsewhere", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_one_installs_and_the_other_is_told(both_cores: Core):
    tenant = make_tenant(both_cores, "north")
    processes = [start(both_cores, tenant.id) for _ in range(2)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = sorted(process.communicate(timeout=60)[0].splitlines()[-1] for process in processes)
    assert answers == ["already_installed", "installed home"]
    with both_cores.works.read(tenant.system()) as work:
        assert len(work.session.scalars(select(Installation)).all()) == 1
    folders = [path for path in (both_cores.settings.home / "packages").iterdir() if path.is_dir()]
    assert len(folders) == 1
