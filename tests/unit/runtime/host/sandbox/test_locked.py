"""Processes that are locked up for real and try what they must not."""

import signal
from pathlib import Path

import pytest

from geminicrm.runtime.host.sandbox.kernel import Kernel
from geminicrm.runtime.host.sandbox.landlock import landlock_abi
from tests.support.locked import locked

FILES = {
    "read a file outside": "open(f'{place}/secret').read()",
    "list a folder outside": "os.listdir(place)",
    "read where a link leads": "open(f'{place}/granted/link').read()",
    "read the parent's memory map": "open(f'/proc/{parent}/maps').read()",
    "see what the parent runs": "os.readlink(f'/proc/{parent}/exe')",
    "see what the parent has open": "os.readlink(f'/proc/{parent}/fd/0')",
    "read the own environment": "open('/proc/self/environ').read()",
    "write a new file": "open(f'{place}/granted/new', 'w')",
    "write a file that it may read": "open(f'{place}/granted/file', 'a')",
    "make a folder": "os.mkdir(f'{place}/new')",
    "make a link": "os.symlink('a', f'{place}/granted/new')",
    "remove a file": "os.unlink(f'{place}/granted/file')",
}
BEYOND_FILES = {
    "cut a file": "os.truncate(f'{place}/granted/file', 0)",
    "cut an open file": "os.ftruncate(opened, 0)",
    "change a mode": "os.chmod(f'{place}/granted/file', 0o777)",
    "change the times": "os.utime(f'{place}/granted/file')",
    "connect over TCP": "socket.socket().connect(('127.0.0.1', 9))",
    "send over UDP": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))",
    "ask netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "pass a descriptor": "socket.send_fds(pair[0], [b'x'], [1])",
    "take a descriptor": "socket.recv_fds(pair[0], 1, 1)",
    "a pair of datagrams": "socket.socketpair(type=socket.SOCK_DGRAM)",
    "fork": "os.fork()",
    "start a program": "os.execv('/bin/true', ['true'])",
    "start a program elsewhere": "os.posix_spawn('/bin/true', ['true'], {})",
    "signal the parent": "os.kill(parent, 0)",
    "signal everybody": "os.kill(-1, 0)",
    "trace the parent": "syscall('ptrace', 16, parent, 0, 0)",
    "refer to the parent": "os.pidfd_open(parent)",
    "change the parent's limits": "resource.prlimit(parent, resource.RLIMIT_NOFILE, (1, 1))",
    "see the parent's limits": "resource.prlimit(parent, resource.RLIMIT_NOFILE)",
    "raise the own limits": "syscall('setrlimit', 7, bytes(16))",
    "become more urgent": "os.setpriority(os.PRIO_PROCESS, 0, 0)",
    "memory as a file": "os.memfd_create('x')",
    "io_uring": "syscall('io_uring_setup', 1, bytes(120))",
    "keys": "syscall('keyctl', 0, -3, 0)",
    "shared memory": "syscall('shmget', 0, 4096, 0o1600)",
    "watch files": "syscall('inotify_init1', 0)",
    "another filter": "syscall('seccomp', 1, 0, 0)",
    "be traced again": "syscall('prctl', 4, 1, 0, 0, 0)",
    "outlive the parent": "syscall('prctl', 1, 0, 0, 0, 0)",
    "lock a file": "fcntl.flock(opened, fcntl.LOCK_EX)",
}
ALLOWED = {
    "read a file": ("open(f'{place}/granted/file').read()", "granted"),
    "list a folder": ("sorted(os.listdir(f'{place}/granted'))", ["file", "link"]),
    "talk to itself": ("pair[0].send(b'x') and pair[1].recv(1) == b'x'", True),
    "pair": ("len(socket.socketpair())", 2),
    "threads": ("thread.start() or thread.join() or 'ran'", "ran"),
    "signal itself": ("os.kill(os.getpid(), 0)", "went through"),
    "time": ("time.sleep(0.001)", "went through"),
    "random": ("len(os.urandom(8))", 8),
    "memory": ("len(mmap.mmap(-1, 4096))", 4096),
    "a closure": ("callback(41)", 42),
    "die as it should": ("syscall('prctl', 2, number, 0, 0, 0) or ord(number[0])", signal.SIGKILL),
    "no priority": ("os.getpriority(os.PRIO_PROCESS, 0) >= 5", True),
    "memory nobody sees": ("syscall('prctl', 3, 0, 0, 0, 0)", 0),
    "no new rights": ("syscall('prctl', 39, 0, 0, 0, 0)", 1),
}
REFUSALS = ("EPERM", "EACCES")


@pytest.fixture
def before(tmp_path: Path) -> str:
    granted = tmp_path / "granted"
    granted.mkdir()
    (tmp_path / "secret").write_text("secret")
    (granted / "file").write_text("granted")
    (granted / "link").symlink_to("../secret")
    return f"""
place = {str(tmp_path)!r}
opened = os.open(f"{{place}}/granted/file", os.O_RDWR)
pair = socket.socketpair()
thread = threading.Thread(target=int)
callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda number: number + 1)
number = ctypes.create_string_buffer(4)
"""


@pytest.fixture
def reads(tmp_path: Path) -> list[str]:
    return [str(tmp_path / "granted")]


def test_nothing_goes_through_all_layers(before: str, reads: list[str]):
    attempts = {**FILES, **BEYOND_FILES}
    tried = locked(attempts, before=before, reads=reads).tried
    assert {name: end for name, end in tried.items() if end not in REFUSALS} == {}


@pytest.mark.parametrize("abi", [1, 2, 4])
def test_nor_do_older_versions_of_landlock_let_anything_through(
    before: str, reads: list[str], abi: int
):
    attempts = {**FILES, **BEYOND_FILES}
    done = locked(attempts, before=before, reads=reads, landlock_abi=abi)
    assert {name: end for name, end in done.tried.items() if end not in REFUSALS} == {}
    assert done.level["landlock"] == f"on (ABI {min(abi, landlock_abi(Kernel()))})"


@pytest.mark.parametrize("without", [[], ["landlock"], ["seccomp"], ["uid", "rlimits"]])
def test_what_a_host_lives_on_works(before: str, reads: list[str], without: list[str]):
    attempts = {name: code for name, (code, _) in ALLOWED.items()}
    tried = locked(attempts, before=before, reads=reads, without=without).tried
    assert tried == {name: end for name, (_, end) in ALLOWED.items()}


def test_seccomp_alone_stops_what_is_no_matter_of_files(before: str, reads: list[str]):
    without = ["landlock", "uid", "capabilities", "parent"]
    tried = locked(BEYOND_FILES, before=before, reads=reads, without=without).tried
    assert {name: end for name, end in tried.items() if end not in REFUSALS} == {}


def test_landlock_alone_stops_what_is_a_matter_of_files(before: str, reads: list[str]):
    without = ["seccomp", "uid", "capabilities", "parent"]
    tried = locked(FILES, before=before, reads=reads, without=without).tried
    assert {name: end for name, end in tried.items() if end not in REFUSALS} == {}


def test_without_any_layer_everything_goes_through(before: str, reads: list[str]):
    without = ["landlock", "seccomp", "uid", "capabilities", "parent", "rlimits"]
    done = locked(FILES, before=before, reads=reads, without=without)
    assert [end for end in done.tried.values() if end in REFUSALS] == []
    assert set(done.level.values()) == {"off: left out", "off: not delegated"}
