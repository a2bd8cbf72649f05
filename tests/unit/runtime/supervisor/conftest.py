"""A fleet whose hosts are only pretended, and a home with a real supervisor."""

import sys
import time
from dataclasses import dataclass, field

import pytest

from geminicrm.runtime.host.control import HostSpec, Locked, Look, NotReady, Ready
from geminicrm.runtime.hosting.supervisor_client import SupervisorClient
from geminicrm.runtime.supervisor.fleet import Fleet
from geminicrm.runtime.supervisor.host_logs import HostLogs
from geminicrm.runtime.supervisor.launching import LaunchFailed
from geminicrm.runtime.supervisor.locks_check import MANDATORY, PROOFS
from geminicrm.runtime.supervisor.loop import Timer

SECONDS = 30.0
ALL_PROOFS = tuple(proof for proofs in PROOFS.values() for proof in proofs)


def spec(installation="inst", **more):
    return HostSpec(
        **{
            "installation_id": installation,
            "extension_id": "ext",
            "digest": "sha256:a",
            "folder": "/nowhere",
            "entry_point": "extension.py",
            **more,
        }
    )


def locked(**more):
    level = dict.fromkeys(MANDATORY, "on")
    return Locked(**{"level": level, "proofs": ALL_PROOFS, **more})


@dataclass
class Pretended:
    """Stands in for the machine: notes what is asked of it."""

    launched: list = field(default_factory=list)
    signals: list = field(default_factory=list)
    unlisted: list = field(default_factory=list)
    settled: list = field(default_factory=list)
    heard: dict = field(default_factory=dict)
    refuses: str = ""
    started_over: int = 0

    def launch(self, host):
        if self.refuses:
            raise LaunchFailed(self.refuses)
        self.launched.append(host)

    def signal(self, host, number):
        self.signals.append((host.generation, int(number)))

    def unlist(self, host):
        self.unlisted.append(host.generation)

    def listen(self, host):
        self.heard.pop(host.generation, lambda: None)()

    def read(self, host):
        self.settled.append(("read", host.generation))

    def start_over(self):
        self.started_over += 1

    def settle(self, host):
        self.settled.append(host.generation)


class Clock:
    """A clock that is set by hand, with what waits for it."""

    def __init__(self):
        self.now = 1_000.0
        self.timers = []

    def __call__(self):
        return self.now

    def later(self, seconds, run):
        timer = Timer(self.now + seconds, len(self.timers), run)
        self.timers.append(timer)
        return timer

    def pass_by(self, seconds):
        self.now += seconds
        due = [one for one in self.timers if one.at <= self.now and not one.cancelled]
        self.timers = [one for one in self.timers if one not in due]
        for timer in due:
            timer.run()


class World:
    """A fleet, its clock, and the machine that is pretended."""

    def __init__(self, folder):
        self.clock = Clock()
        self.machine = Pretended()
        self.logs = HostLogs(folder)
        self.fleet = Fleet(self.machine, self.logs, self.clock.later, 60.0, self.clock)

    def ask(self, wanted=None, *, draft=False):
        answers = []
        self.fleet.give(wanted or spec(), answers.append, draft=draft)
        return answers

    def host(self, wanted=None, *, pid=100, draft=False, **report):
        """Give a host that is ready."""
        self.ask(wanted, draft=draft)
        host = self.machine.launched[-1]
        self.fleet.born(host.generation, pid)
        self.ready(host, **report)
        return host

    def ready(self, host, **report):
        self.fleet.reported(host, locked())
        self.fleet.reported(host, Ready(**{"hooks": (), "routes": (), **report}))

    def not_ready(self, host, code="load_failed"):
        report = NotReady(code, doing="import", where="extension.py:1", reason="ValueError: no")
        self.fleet.reported(host, report)


CODE = """
from extensions.extension_base import ExtensionBase


class Tiny(ExtensionBase):
    def install(self):
        pass

    def uninstall(self):
        pass

    def get_routes(self):
        return None
"""


class Home:
    def __init__(self, folder, start_tree):
        self.folder = folder
        self._start_tree = start_tree
        self.client = SupervisorClient(folder, starts=False, patience=SECONDS)

    def start(self, *words):
        command = [sys.executable, "-m", "geminicrm.runtime.supervisor", str(self.folder), *words]
        tree = self._start_tree(command)
        tree.wait_for_line("the supervisor is there", SECONDS)
        return tree

    def spec(self, installation="inst", code=CODE, **more):
        package = self.folder / "packages" / installation
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
        (package / "extension.py").write_text(code)
        digest = "sha256:" + "a" * 64
        return HostSpec(installation, "tiny", digest, str(package), "extension.py", **more)

    def ask(self, question):
        return self.client.ask(question, time.monotonic() + SECONDS)

    def states(self):
        return {host.generation: host.state for host in self.ask(Look()).hosts}

    def zygote(self):
        return self.ask(Look()).zygote


@pytest.fixture
def home(tmp_path, start_tree):
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    made = Home(folder, start_tree)
    yield made
    made.client.close()


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "logs")
