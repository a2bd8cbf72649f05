import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from geminicrm.runtime.host.child import REFUSED, Confining
from geminicrm.runtime.host.control import Locked, NotReady, Ready
from geminicrm.runtime.host.messages import Goaway
from geminicrm.runtime.host.sandbox.lock import LockFailed, Locks
from geminicrm.runtime.host.sandbox.proof import ProofFailed
from tests.support.core_end import request_for, soon
from tests.support.host_in_process import MakeHost, extension, lock_nothing

ROUTES = extension("""
def add(self, routes):
    @routes.get("/here")
    def here():
        import os
        import library
        return [os.getcwd(), library.NAME, __name__]

@hookimpl
def collect_widget(self):
    return None
""")


def test_a_host_says_what_its_code_has_and_how_it_is_locked(make_host: MakeHost):
    host = make_host(ROUTES)

    assert host.start() == Ready(
        ("collect_widget",), (("/api/extensions/sample/here", ("GET", "HEAD", "OPTIONS")),)
    )
    assert host.locked == Locked({"landlock": "on (pretended)"}, ("fork",))


def test_code_runs_in_its_folder_with_its_requirements(make_host: MakeHost, tmp_path: Path):
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "library.py").write_text("NAME = 'wheel'", encoding="utf-8")
    host = make_host(ROUTES, requirements=str(tmp_path / "packages"), idle_seconds=30.0)
    host.start()

    _, body = host.connect().get("/here")

    name = "extension_0123abcd.extension"
    assert msgspec.json.decode(body) == [str(tmp_path / "package"), "wheel", name]
    del sys.modules["library"]


def test_locks_are_on_before_anything_of_the_extension_is_read(make_host: MakeHost):
    seen: list[object] = []

    def lock_up(locks: Locks) -> dict[str, str]:
        seen.append(locks)
        raise LockFailed("landlock", "the kernel has none")

    host = make_host("raise RuntimeError", confining=Confining(lock_up=lock_up), without=("uid",))

    assert host.start() == NotReady("locks_failed", "landlock", "", "the kernel has none")
    assert host.over() == REFUSED
    assert seen == [
        Locks(reads=(), parent=1, uid_off="", without=frozenset({"uid"}), landlock_abi=None)
    ]


def test_a_host_that_could_do_what_is_forbidden_does_not_start(make_host: MakeHost):
    def prove(_canary: str, _without: frozenset[str]) -> tuple[str, ...]:
        raise ProofFailed("fork")

    host = make_host("raise RuntimeError", confining=Confining(lock_up=lock_nothing, prove=prove))

    assert host.start() == NotReady("locks_failed", "proof", "", "the locks do not hold: fork")
    assert host.over() == REFUSED


def test_a_plain_process_follows_its_parent_and_proves_nothing(make_host: MakeHost):
    seen: list[Locks] = []

    def lock_up(locks: Locks) -> dict[str, str]:
        seen.append(locks)
        return {"parent": "on"}

    host = make_host(ROUTES, locked=False, confining=Confining(lock_up=lock_up))

    assert isinstance(host.start(), Ready)
    assert host.locked == Locked({"parent": "on"}, ())
    assert seen[0].without == {"cgroup", "uid", "capabilities", "landlock", "seccomp"}


@pytest.mark.parametrize(
    ("source", "report"),
    [
        ("1 /", NotReady("load_failed", "import", "extension.py:1", "SyntaxError: ")),
        ("1 / 0", NotReady("load_failed", "import", "extension.py:1 in <module>", "ZeroDiv")),
        ("import sys; sys.exit()", NotReady("load_failed", "import", "extension.py:1 in", "Sys")),
        ("a = 1", NotReady("load_failed", "import", "extension.py", "it must define one class")),
        (
            extension("def __init__(self, app): app.leads.get('x')"),
            NotReady("load_failed", "__init__()", "extension.py:24 in __init__", "NoCall: "),
        ),
    ],
    ids=range(5),
)
def test_code_that_does_not_load_is_reported_with_its_place(
    make_host: MakeHost, source: str, report: NotReady, capfd: pytest.CaptureFixture[str]
):
    host = make_host(source)
    found = host.start()

    assert isinstance(found, NotReady)
    assert (found.code, found.doing) == (report.code, report.doing)
    assert found.where.startswith(report.where)
    assert found.reason.startswith(report.reason)
    assert host.over() == REFUSED
    assert "Traceback" in capfd.readouterr().err


ZYGOTE = """
import os, socket, sys
from msgspec.json import decode
from geminicrm.runtime.host import child
from geminicrm.runtime.host.control import HostSpec
from geminicrm.runtime.host.place import Place
spec, place = decode(sys.argv[1], type=HostSpec), decode(sys.argv[2], type=Place)
listener, status = (socket.socket(fileno=int(number)) for number in sys.argv[3:])
child.be_host(spec, place, listener, status)
"""


def test_a_real_process_lives_and_ends_as_a_host(make_host: MakeHost):
    host = make_host(
        extension("""
    def add(self, routes):
        @routes.get("/")
        def fine():
            print("said")
            return open("/proc/self/comm").read().strip() + repr(open(0).read())
    """),
        locked=False,
        idle_seconds=30.0,
    )
    ours, theirs = socket.socketpair()
    ends = (host.listener.fileno(), theirs.fileno())
    facts = [host.host._spec, msgspec.structs.replace(host.host._place, parent=os.getpid())]  # noqa: SLF001 - what it was made with
    given = [msgspec.json.encode(each).decode() for each in facts]
    process = subprocess.Popen(
        [sys.executable, "-c", ZYGOTE, *given, *map(str, ends)],
        pass_fds=ends,
        stdout=subprocess.PIPE,
        text=True,
    )
    theirs.close()
    with process, ours:
        core = host.connect()
        assert core.ask(request_for("/"))[1] == b"ext:sample''"
        os.kill(process.pid, signal.SIGTERM)
        assert core.wire.receive(deadline=soon()) == (Goaway(), b"")
        assert process.communicate()[0] == "said\n"
    assert process.returncode == 0
