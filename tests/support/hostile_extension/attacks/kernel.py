"""Doors of the kernel that no extension needs, and ways into other namespaces."""

import ctypes
import os
import signal
from pathlib import Path

from .tools import Attack, Target, call, function, same

_CREATE = 0o1600
_USER_NAMESPACE = 0x10000000


def io_uring(_target: Target) -> str:
    return f"descriptor {call('io_uring_setup', 4, bytes(120))}"


def add_key(_target: Target) -> str:
    return f"key {call('add_key', b'user', b'hostile', b'x', 1, -2)}"


def request_key(_target: Target) -> str:
    return f"key {call('request_key', b'user', b'hostile', None, -2)}"


def read_session_keyring(_target: Target) -> str:
    return f"keyring {call('keyctl', 0, -3, 1)}"


def open_shared_memory(target: Target) -> str:
    """The core's own segment."""
    attached = call("shmat", target["shared_memory"], None, 0)
    return same(ctypes.string_at(attached, len(target["secret"])).decode(), target)


def make_shared_memory(_target: Target) -> str:
    made = call("shmget", 0, 4_096, _CREATE)
    function("shmctl", made, 0, None)
    return f"segment {made}"


def make_semaphores(_target: Target) -> str:
    made = call("semget", 0, 1, _CREATE)
    function("semctl", made, 0, 0)
    return f"set {made}"


def make_message_queue(_target: Target) -> str:
    made = call("msgget", 0, _CREATE)
    function("msgctl", made, 0, None)
    return f"queue {made}"


def open_named_memory(target: Target) -> str:
    return same(Path("/dev/shm", target["named_memory"]).read_text(encoding="utf-8"), target)  # noqa: S108 - the attack


def make_named_memory(_target: Target) -> str:
    made = Path("/dev/shm/hostile")  # noqa: S108 - the attack
    made.write_text("!", encoding="utf-8")
    made.unlink()
    return "made"


def posix_queue(_target: Target) -> str:
    made = call("mq_open", b"hostile", os.O_CREAT | os.O_RDWR, 0o600, None)
    function("mq_unlink", b"/hostile")
    return f"queue {made}"


def page_faults(_target: Target) -> str:
    return f"descriptor {call('userfaultfd', 1)}"


def bpf_map(_target: Target) -> str:
    kind, key, value, count = (each.to_bytes(4, "little") for each in (2, 4, 4, 1))
    return f"descriptor {call('bpf', 0, kind + key + value + count + bytes(56), 72)}"


def performance_events(_target: Target) -> str:
    attributes = (1).to_bytes(4, "little") + (128).to_bytes(4, "little") + bytes(120)
    return f"descriptor {call('perf_event_open', attributes, 0, -1, -1, 0)}"


def mount(target: Target) -> str:
    place = f"{target['folder']}/empty".encode()
    call("mount", b"none", place, b"tmpfs", 0, None)
    call("umount2", place, 0)
    return "mounted"


def unshare_users(_target: Target) -> str:
    call("unshare", _USER_NAMESPACE)
    return "its own users"


def unshare_files(_target: Target) -> str:
    call("unshare", 0x400)
    return "its own descriptors"


def join_namespace(target: Target) -> str:
    process = call("pidfd_open", target["core"], 0)
    call("setns", process, 0x08000000)
    return "joined"


def change_root(target: Target) -> str:
    os.chroot(target["folder"])
    return same(Path("/database").read_text(encoding="utf-8"), target)


def pivot_root(target: Target) -> str:
    place = target["folder"].encode()
    call("pivot_root", place, place)
    return "turned"


def watch_folder(target: Target) -> str:
    watching = call("inotify_init1", 0)
    return f"watch {function('inotify_add_watch', watching, target['folder'].encode(), 0xFFF)}"


def watch_machine(_target: Target) -> str:
    return f"descriptor {call('fanotify_init', 0, 0)}"


def read_kernel_log(_target: Target) -> str:
    return f"{call('syslog', 10, None, 0)} bytes"


def personality(_target: Target) -> str:
    """Switch off the randomization of addresses for what is executed later."""
    function("personality", 0x0040000)
    return "set"


def dump_itself(_target: Target) -> str:
    """Be readable for others of this user again."""
    function("prctl", 4, 1, 0, 0, 0)
    return "set"


def name_machine(_target: Target) -> str:
    name = os.uname().nodename.encode()
    function("sethostname", name, len(name))
    return "named"


def alternative_filter(_target: Target) -> str:
    """A further filter can only take away, but it could answer what the core's checks rely on."""
    function("prctl", 22, 2, None, 0, 0)
    return "set"


def ignore_deadline(_target: Target) -> str:
    """The signal that ends it can't be caught."""
    signal.signal(signal.SIGKILL, signal.SIG_IGN)
    return "ignored"


ATTACKS: dict[str, Attack] = {
    each.__name__: each
    for each in (
        io_uring, add_key, request_key, read_session_keyring, open_shared_memory,
        make_shared_memory, make_semaphores, make_message_queue, open_named_memory,
        make_named_memory, posix_queue, page_faults, bpf_map, performance_events, mount,
        unshare_users, unshare_files, join_namespace, change_root, pivot_root, watch_folder,
        watch_machine, read_kernel_log, personality, dump_itself, name_machine,
        alternative_filter, ignore_deadline,
    )
}  # fmt: skip
