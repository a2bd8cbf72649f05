"""Two processes that install at the same moment."""

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.runtime.history.models import Run
from geminicrm.runtime.models import Installation
from tests.support.core import Tenant, make_tenant
from tests.support.life import HELLO

ROOT = Path(__file__).parents[4]


def start(core: Core, workspace_id: str, extension_id: str) -> subprocess.Popen[str]:
    settings = core.settings
    url = core.database.engine.url.render_as_string(hide_password=False)
    key = settings.encryption_keys[0]
    arguments = [str(settings.home), key, url, workspace_id, extension_id]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.elsewhere", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def at_once(core: Core, tenant: Tenant, *extension_ids: str) -> list[str]:
    """Have each installed by a process of its own, all at the same moment; give their answers."""
    processes = [start(core, tenant.id, each) for each in extension_ids]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return sorted(process.communicate(timeout=60)[0].splitlines()[-1] for process in processes)


def left(core: Core, tenant: Tenant) -> tuple[list[str], int, set[str]]:
    """Give what is installed, the number of package folders, and how runs have ended."""
    with core.works.read(tenant.system()) as work:
        installed = sorted(work.session.scalars(select(Installation.extension_id)))
        states = set(work.session.scalars(select(Run.state)))
    folders = [path for path in (core.settings.home / "packages").iterdir() if path.is_dir()]
    return installed, len(folders), states


def test_one_installs_and_the_other_is_told(both_cores: Core):
    tenant = make_tenant(both_cores, "north")
    assert at_once(both_cores, tenant, HELLO, HELLO) == ["already_installed", "installed home"]
    assert left(both_cores, tenant) == ([HELLO], 1, {"done"})


def test_two_different_ones_are_both_installed(both_cores: Core):
    tenant = make_tenant(both_cores, "north")
    assert at_once(both_cores, tenant, HELLO, "another") == ["installed home"] * 2
    assert left(both_cores, tenant) == (["another", HELLO], 2, {"done"})
