"""A real tree of processes with the hostile extension installed from a file, under attack."""

import hashlib
import io
import os
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import requests

from geminicrm.app import build_core
from geminicrm.config import Settings
from geminicrm.identity.actor import SystemActor
from geminicrm.runtime.host.control import Look, States
from geminicrm.runtime.hosting.supervisor_client import SupervisorClient
from tests.support.core import Tenant, make_tenant
from tests.support.hostile.control import CONTROL, KEY
from tests.support.life import zipped
from tests.support.ports import free_port
from tests.support.process import Tree, clean_environ, command_of
from tests.support.reachable import readable_folder
from tests.support.waiting import eventually

EXTENSION = Path(__file__).parents[1] / "hostile_extension"
INSTALLATION = "/api/installations/hostile"
ROUTE = "/api/extensions/hostile"
CALL_SECONDS = 2
_LOOK_SECONDS = 10.0
_START_SECONDS = 90
_ANSWER_SECONDS = 60
_CORE = ("geminicrm web", "geminicrm worker", "geminicrm serve", "supervisor")


@dataclass
class Outsider:
    """What belongs to another workspace."""

    tenant: Tenant
    lead_id: str


@dataclass
class Siege:
    """The tree, an admin's way in, and what must stay as it is."""

    tree: Tree
    url: str
    home: Path
    session: requests.Session
    outsider: Outsider
    target: dict[str, Any]
    processes: dict[int, str]
    keys: str

    def call(self, method: str, path: str, **given: Any) -> requests.Response:
        """Send one request as the admin."""
        return self.session.request(method, self.url + path, timeout=_ANSWER_SECONDS, **given)

    def done(self, method: str, path: str, **given: Any) -> Any:
        """Send one request that must succeed."""
        answer = self.call(method, path, **given)
        assert answer.ok, answer.text
        return orjson.loads(answer.content or b"null")

    def attack(self, kind: str, name: str) -> requests.Response:
        """Have the extension try one attack."""
        return self.call("POST", f"{ROUTE}/{kind}/{name}", json=self.target)

    def outcome(self, kind: str, name: str) -> dict[str, Any]:
        """Give what the extension says of one attack, else what the core says of the extension."""
        answer = self.attack(kind, name)
        found: dict[str, Any] = answer.json()
        return found if answer.ok else {"core": answer.status_code, **found}

    def settled(self, kind: str, name: str) -> dict[str, Any]:
        """Give what the extension says of one attack.

        It is asked again, twice at most, where the machine was too busy for an answer in time.
        """
        for _ in range(2):
            found = self.outcome(kind, name)
            if "core" not in found:
                return found
            self.recover()
        return self.outcome(kind, name)

    def hello(self, extension_id: str = "hostile") -> bool:
        """Tell whether an extension answers as it should."""
        answer = self.call("GET", f"/api/extensions/{extension_id}/hello")
        return answer.ok and answer.json() == {"hello": "world"}

    def recover(self) -> None:
        """See that the extension answers again; after crashes an admin switches it off and on."""
        if not self.hello():
            for enabled in (False, True):
                self.done("PATCH", INSTALLATION, json={"enabled": enabled})
        eventually(self.hello, 20)

    def harm(self) -> list[str]:
        """Name all that is not as it was before the attacks; nothing is as it should be."""
        checks = {
            "a process of the core is another": self.core_processes() == self.processes,
            "the other extension does not answer": self.hello("control"),
            "the database is broken": self._database("pragma integrity_check") == [("ok",)],
            "another workspace's lead is gone": len(self._database(self._its_lead())) == 1,
            "the keys are others": _digest(self.home / "keys") == self.keys,
            "the zygote is another": self.hosts()[""] == self.target["zygote"],
            "something is in its folder": not list(self.home.glob("packages/*/made")),
        }
        return [name for name, holds in checks.items() if not holds]

    def hosts(self) -> dict[str, int]:
        """Give the pids of the zygote and of every host, by the id of its extension."""
        client = SupervisorClient(self.home, starts=False)
        try:
            given = client.ask(Look(), time.monotonic() + _LOOK_SECONDS)
        finally:
            client.close()
        assert isinstance(given, States)
        return {"": given.zygote, **{each.extension_id: each.pid for each in given.hosts}}

    def core_processes(self) -> dict[int, str]:
        """Give the core's own processes by pid."""
        commands = {pid: command_of(pid) for pid in self.tree.members()}
        return {pid: each for pid, each in commands.items() if any(part in each for part in _CORE)}

    def _its_lead(self) -> str:
        known = f"id = '{self.outsider.lead_id}' and last_name = 'Other'"
        return f"select 1 from leads where {known}"  # noqa: S608 - an id of our own making

    def _database(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.home / "geminicrm.db")) as database:
            return database.execute(query).fetchall()


def package(port: int) -> bytes:
    """Give the extension as a file that an admin can install; it names this port of ours."""
    files = [path for path in EXTENSION.rglob("*") if path.suffix in {".py", ".json", ".svg"}]
    content = {f"hostile/{each.relative_to(EXTENSION)}": each.read_bytes() for each in files}
    manifest = orjson.loads(content["hostile/manifest.json"])
    manifest["network"].append({"host": f"127.0.0.1:{port}", "reason": "Must be refused."})
    return zipped({**content, "hostile/manifest.json": orjson.dumps(manifest)})


@contextmanager
def begun() -> Iterator[Siege]:
    """Give a tree with the extension and a harmless one, each installed from a file."""
    with readable_folder("gh-") as folder:
        tree, url = _served(folder)
        try:
            siege = _siege(tree, url, folder / "home")
            yield siege
            siege.session.close()
            # They have no environment by which the tree would know them.
            hosts = siege.hosts().values()
            tree.stop()
            eventually(lambda: not [pid for pid in hosts if Path(f"/proc/{pid}").exists()])
        finally:
            tree.kill()


def _served(folder: Path) -> tuple[Tree, str]:
    port = free_port()
    environ = clean_environ(
        GEMINICRM_ENV="test",
        GEMINICRM_HOME=str(folder / "home"),
        GEMINICRM_WEB_WORKERS="1",
        GEMINICRM_EXTENSION_SECONDS=str(CALL_SECONDS),
        PORT=str(port),
    )
    command = [sys.executable, "-m", "geminicrm", "serve", "--demo"]
    tree = Tree(command, folder / "log", environ)
    url = f"http://127.0.0.1:{port}"
    tree.wait_for_ok(f"{url}/readyz", _START_SECONDS)
    tree.wait_for_line("sign in with", _START_SECONDS)
    return tree, url


def _siege(tree: Tree, url: str, home: Path) -> Siege:
    demo = orjson.loads((home / "demo.json").read_bytes())
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {demo['api_token']}"
    keys = _digest(home / "keys")
    siege = Siege(tree, url, home, session, _other_workspace(home), {}, {}, keys)
    _install(siege, "control", zipped(CONTROL))
    assert eventually(lambda: siege.hello("control"), 30)
    _install(siege, "hostile", package(int(url.rpartition(":")[2])))
    assert eventually(siege.hello, 30), tree.output()
    siege.processes = siege.core_processes()
    siege.target.update(_aims(siege))
    return siege


def _install(siege: Siege, extension_id: str, content: bytes) -> None:
    files = {"package": (f"{extension_id}.zip", io.BytesIO(content))}
    siege.done("POST", "/api/marketplace/extensions", files=files)
    wish = {"extension_id": extension_id, "grant": "requested", "allow_unsigned": True}
    siege.done("POST", "/api/installations", json=wish)


def _other_workspace(home: Path) -> Outsider:
    core = build_core(Settings.from_env({"GEMINICRM_ENV": "test", "GEMINICRM_HOME": str(home)}))
    try:
        tenant = make_tenant(core, "other")
        made = core.crm.leads.create(SystemActor(tenant.id), {"last_name": "Other"})
    finally:
        core.close()
    return Outsider(tenant, str(made["id"]))


def _aims(siege: Siege) -> Mapping[str, Any]:
    """Give the aims of every attack: the real ones, and nothing that a test would miss."""
    core = _pid_of(siege.processes, "geminicrm web")
    home = siege.home
    code = next(home.glob("packages/*/attacks/tools.py"))
    return {
        "secret": (home / "keys").read_text(encoding="utf-8").strip()[:40],
        "core": core,
        "core_group": os.getpgid(core),
        "zygote": siege.hosts()[""],
        "core_fd": 5,
        "secret_at": 4_096,
        "supervisor": _pid_of(siege.processes, "supervisor"),
        "neighbour": siege.hosts()["control"],
        "interpreter": os.path.realpath(sys.executable),
        "folder": str(home),
        "database": str(home / "geminicrm.db"),
        "private": str(home / "keys"),
        "forbidden": str(home / "demo.json"),
        "own": str(code.parents[1]),
        "readable": str(code),
        "link": f"/proc/self/cwd/{home}/keys",
        "socket": str(home / "run/supervisor.sock"),
        "datagram": str(home / "run/supervisor.sock"),
        "abstract": "geminicrm",
        "port": int(siege.url.rpartition(":")[2]),
        "named_memory": "geminicrm",
        "shared_memory": 0,
        "other_lead": siege.outsider.lead_id,
        "other_workspace": siege.outsider.tenant.id,
        "other_key": KEY,
    }


def _pid_of(processes: Mapping[int, str], part: str) -> int:
    return max(pid for pid, command in processes.items() if part in command)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
