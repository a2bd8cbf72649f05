"""A fleet whose hosts are only pretended."""

from dataclasses import dataclass, field

import pytest

from geminicrm.runtime.host.control import HostSpec, NotReady, Ready
from geminicrm.runtime.supervisor.fleet import Fleet
from geminicrm.runtime.supervisor.host_logs import HostLogs
from geminicrm.runtime.supervisor.launching import LaunchFailed
from geminicrm.runtime.supervisor.locks_check import MANDATORY, PROOFS
from geminicrm.runtime.supervisor.loop import Timer

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


def ready(**more):
    level = dict.fromkeys(MANDATORY, "on")
    return Ready(**{"hooks": (), "routes": (), "level": level, "proofs": ALL_PROOFS, **more})


@dataclass
class Pretended:
    """Stands in for the machine: notes what is asked of it."""

    launched: list = field(default_factory=list)
    signals: list = field(default_factory=list)
    unlisted: list = field(default_factory=list)
    settled: list = field(default_factory=list)
    heard: dict = field(default_factory=dict)
    refuses: str = ""

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
        self.fleet.reported(host, ready(**report))
        return host

    def not_ready(self, host, code="load_failed"):
        report = NotReady(code, doing="import", where="extension.py:1", reason="ValueError: no")
        self.fleet.reported(host, report)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "logs")
