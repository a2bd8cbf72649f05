"""A home with the demo in it, for servers that a test starts, and what lies in it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import select

from geminicrm.app import build_core
from geminicrm.config import Settings
from geminicrm.identity.models import Workspace
from geminicrm.kernel.generation import RUNTIME
from geminicrm.kernel.ids import new_id
from geminicrm.runtime.models import Installation
from tests.support.ports import free_port
from tests.support.process import clean_environ
from tests.support.sample_extensions import write_package

_SECONDS = 120.0
SERVE = (sys.executable, "-m", "geminicrm", "serve")


class Home:
    """A home of its own with a port; `environ` is what its server and commands are told."""

    def __init__(self, home: Path, **environ: str) -> None:
        self.home = home
        self.port = free_port()
        self.environ = {
            "GEMINICRM_ENV": "test",
            "GEMINICRM_HOME": str(home),
            "GEMINICRM_ALLOW_UNSIGNED": "yes",
            "GEMINICRM_WEB_WORKERS": "1",
            "PORT": str(self.port),
            **environ,
        }

    @property
    def address(self) -> str:
        """Give where its server answers."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *words: str) -> str:
        """Run a command that has to work; give what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "geminicrm", *words],
            env=clean_environ(**self.environ),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def demo(self) -> dict[str, str]:
        """Make the demo; give the headers of its owner."""
        self.run("demo")
        token = json.loads((self.home / "demo.json").read_bytes())["api_token"]
        return {"Authorization": f"Bearer {token}"}

    def put(self, source: str, extension_id: str) -> None:
        """Store an installation of something built in, past every check of an install."""
        core = build_core(Settings.from_env({**os.environ, **self.environ}))
        package = write_package(core.runtime.options.packages, source, id=extension_id)
        core.own_packages.note(package.digest)
        with core.works.across_workspaces("put an extension", write=True) as work:
            work.session.add(
                Installation(
                    id=new_id("inst"),
                    workspace_id=work.session.scalars(select(Workspace.id)).one(),
                    extension_id=extension_id,
                    version="1.0.0",
                    digest=package.digest,
                    manifest=dict(package.manifest.source),
                    granted=[],
                    settings={},
                    built_in=True,
                    created_at=work.now,
                    updated_at=work.now,
                )
            )
            core.generations.bump(work, RUNTIME)
        core.close()

    def get(self, path: str, headers: dict[str, str]) -> requests.Response:
        """Ask its server."""
        return requests.get(f"{self.address}{path}", headers=headers, timeout=20)

    def safe_mode(self) -> dict[str, Any]:
        """Ask the command about safe mode."""
        found: dict[str, Any] = json.loads(self.run("safe-mode", "status", "--json"))
        return found
