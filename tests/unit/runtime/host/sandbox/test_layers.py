"""What each layer stops by itself: the others are left out."""

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import landlockpy
import pytest

from geminicrm.runtime.host.sandbox.kernel import Kernel
from geminicrm.runtime.host.sandbox.landlock import landlock_abi
from tests.support.locked import ROOT, SYSTEM_PYTHON, locked, reads_of

ALL = {"landlock", "seccomp", "rlimits", "uid", "capabilities", "parent"}
OK = "went through"
# By the ABI that refuses it first; 0: none does.
LANDLOCK_STOPS = {
    "read": (1, "os.close(os.open(f'{place}/secret', os.O_RDONLY))"),
    "list": (1, "len(os.listdir(place)) and None"),
    "run": (1, "subprocess_run('/bin/true')"),
    "write": (1, "os.close(os.open(f'{place}/file', os.O_WRONLY))"),
    "make a folder": (1, "os.mkdir(f'{place}/new')"),
    "make a socket": (1, "socket.socket(socket.AF_UNIX).bind(f'{place}/socket')"),
    "move": (1, "os.rename(f'{place}/granted/a', f'{place}/granted/inner/a')"),
    "cut": (3, "os.truncate(f'{place}/file', 0)"),
    "connect": (4, "socket.create_connection(('127.0.0.1', port), 5).close()"),
    "bind": (4, "socket.socket().bind(('127.0.0.1', 0))"),
    "a socket without a path": (6, "socket.socket(socket.AF_UNIX).connect(abstract)"),
    "signal the parent": (6, "os.kill(parent, 0)"),
    "change a mode": (0, "os.chmod(f'{place}/file', 0o644)"),
    "a datagram": (
        0,
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9)) or None",
    ),
}
BEFORE = """
import subprocess
def subprocess_run(path):
    child = os.posix_spawn(path, [path], {})
    os.waitpid(child, 0)
listener = socket.create_server(('127.0.0.1', 0))
port = listener.getsockname()[1]
abstract = '\\0' + place
named = socket.socket(socket.AF_UNIX)
named.bind(abstract)
named.listen()
"""


@pytest.fixture
def before(tmp_path: Path) -> str:
    (tmp_path / "granted/inner").mkdir(parents=True)
    for name in ("secret", "file", "granted/a"):
        (tmp_path / name).write_text(name)
    return f"place = {str(tmp_path)!r}\n{BEFORE}"


def without_all_but(*layers: str) -> list[str]:
    return sorted(ALL - set(layers))


@pytest.mark.parametrize("abi", [1, 2, 3, 4, 5, 6, 99])
def test_landlock_stops_what_its_version_can(before: str, tmp_path: Path, abi: int):
    attempts = {name: code for name, (_, code) in LANDLOCK_STOPS.items()}
    reads, without = [str(tmp_path / "granted")], without_all_but("landlock")
    done = locked(attempts, before=before, reads=reads, without=without, landlock_abi=abi)
    in_use = min(abi, landlock_abi(Kernel()))
    through = {name for name, end in done.tried.items() if end == OK}
    assert through == {
        name for name, (since, _) in LANDLOCK_STOPS.items() if not 0 < since <= in_use
    }


def test_another_library_of_landlock_has_the_same_outcomes(before: str, tmp_path: Path):
    attempts = {name: code for name, (_, code) in LANDLOCK_STOPS.items()}
    packages = str(Path(landlockpy.__file__).parents[1])
    reads = [str(tmp_path / "granted"), *reads_of(SYSTEM_PYTHON)]
    theirs = f"""
sys.path.append({packages!r})
import landlockpy
rights = landlockpy.AccessFS.READ_FILE | landlockpy.AccessFS.READ_DIR
scopes = landlockpy.Scope.ABSTRACT_UNIX_SOCKET | landlockpy.Scope.SIGNAL
rules = landlockpy.Ruleset(scoped=scopes)
for path in [each for each in {[*reads, *reads_of(sys.executable)]!r} if os.path.isdir(each)]:
    rules.allow_path(path, rights)
rules.restrict()
"""
    ours = locked(attempts, before=before, reads=reads, without=without_all_but("landlock"))
    other = locked(attempts, before=before + theirs, without=[*without_all_but(), "threads"])
    assert ours.tried == other.tried


@pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code for x86_64")
@pytest.mark.parametrize(
    "code",
    [
        "b8 14 00 00 00 cd 80 c3",  # mov eax, 20; int 0x80: getpid of i386
        "b8 27 00 00 40 0f 05 c3",  # mov eax, 39 | 0x40000000; syscall: getpid of x32
    ],
)
def test_the_calls_of_another_machine_kill(code: str):
    before = f"""
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex({code!r}))
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
run = ctypes.CFUNCTYPE(ctypes.c_int)(address)
"""
    assert locked({"run": "run()"}, before=before).code == -signal.SIGSYS


@pytest.fixture
def reachable() -> str:
    """Give an interpreter that any user can run; skip where there is none, or no root."""
    if os.geteuid() != 0:
        pytest.skip("not run as root: no other user can be taken")
    code = f"import sys; sys.path.append({ROOT!r}); import geminicrm.runtime.host.sandbox.lock"
    command = [SYSTEM_PYTHON, "-I", "-S", "-B", "-c", code]
    if (
        not Path(SYSTEM_PYTHON).exists()
        or subprocess.run(command, user=61234, check=False).returncode
    ):
        pytest.skip(f"{SYSTEM_PYTHON} or {ROOT} is out of reach of another user")
    return SYSTEM_PYTHON


def test_a_user_of_its_own_has_nothing_of_anybody(reachable: str, tmp_path: Path):
    (tmp_path / "secret").touch(0o600)
    attempts = {
        "users": "list(os.getresuid())",
        "groups": "list(os.getresgid()) + os.getgroups()",
        "read": f"open({str(tmp_path / 'secret')!r})",
        "signal": "os.kill(parent, 0)",
        "return": "os.setuid(0)",
        "effective": "[each for each in open('/proc/self/status') if 'Cap' in each]",
    }
    done = locked(attempts, python=reachable, without=without_all_but("uid"), uid=61234)
    effective = done.tried.pop("effective")
    assert done.tried == {
        "users": [61234] * 3,
        "groups": [61234] * 3,
        "read": "EACCES",
        "signal": "EPERM",
        "return": "EPERM",
    }
    assert set("".join(effective[:3]).split()[1::2]) == {"0" * 16}
    assert done.level["uid"] == "on (61234)"


def test_threads_of_a_user_of_its_own_are_counted(reachable: str):
    before = """
def bomb():
    gate = threading.Event()
    try:
        for _ in range(200):
            threading.Thread(target=gate.wait, daemon=True).start()
    finally:
        gate.set()
"""
    done = locked({"bomb": "bomb()"}, before=before, python=reachable, uid=61235)
    assert done.tried == {"bomb": "RuntimeError"}


def test_root_without_capabilities_is_nobody_special():
    attempts = {
        "caps": "[each for each in open('/proc/self/status') if each.startswith('Cap')]",
        "group": "os.setgroups([])",
        "chroot": "os.chroot('/')",
    }
    done = locked(attempts, without=without_all_but("capabilities"))
    assert {line.split()[1] for line in done.tried.pop("caps")} <= {"0" * 16, *bounding_set()}
    assert done.tried == {"group": "EPERM", "chroot": "EPERM"}


def bounding_set() -> list[str]:
    """Give the set that only root can empty; none as root."""
    status = Path("/proc/self/status").read_text().splitlines()
    return [line.split()[1] for line in status if line.startswith("CapBnd") and os.geteuid()]


def test_the_limits_hold():
    before = """
path = f'/tmp/geminicrm-{os.getpid()}'
written = open(path, 'wb', buffering=0)
os.unlink(path)
"""
    attempts = {
        "memory": "bytearray(600 * 1024 * 1024)",
        "address space": "mmap.mmap(-1, 1200 * 1024 * 1024)",
        "file size": "written.write(b'x')",
        "descriptors": "[os.dup(0) for _ in range(300)]",
        "core": "list(resource.getrlimit(resource.RLIMIT_CORE))",
        "locked memory": "syscall('mlock', ctypes.addressof(ctypes.c_char()), 1)",
        "raise": "resource.setrlimit(resource.RLIMIT_NOFILE, (999, 999))",
    }
    without = without_all_but("rlimits", "capabilities")
    assert locked(attempts, before=before, without=without).tried == {
        "memory": "MemoryError",
        "address space": "ENOMEM",
        "file size": "EFBIG",
        "descriptors": "EMFILE",
        "core": [0, 0],
        "locked memory": "EPERM",
        "raise": "ValueError",
    }


def test_a_host_does_not_outlive_its_parent():
    before = """
reading, writing = os.pipe()
waiting, go = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        parent = os.getppid()
    else:
        os.close(writing)
        os.read(waiting, 1)
        os.kill(os.getpid(), signal.SIGKILL)
else:
    os.close(writing)
    first, rest = os.read(reading, 1), os.read(reading, 1)
    print(json.dumps({"tried": {"first": first.decode(), "rest": rest.decode()}}), flush=True)
    os.wait()
    os._exit(0)
"""
    attempts = {"live": "os.write(writing, b'x') and os.write(go, b'x') and time.sleep(50)"}
    done = locked(attempts, before=before)
    assert done.tried == {"first": "x", "rest": ""}


def test_a_process_without_its_parent_is_not_locked_but_ended():
    done = locked({}, parent=1)
    assert "LockFailed: parent: [Errno 3] the parent, 1, has gone" in done.errors
    assert done.code == 1


def test_so_is_one_whose_files_cannot_be_granted(tmp_path: Path):
    (tmp_path / "loop").symlink_to("loop")
    done = locked({}, reads=[str(tmp_path / "loop")])
    assert "LockFailed: landlock: " in done.errors
    assert done.code == 1
