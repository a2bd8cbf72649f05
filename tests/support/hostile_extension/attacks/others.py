"""Other processes: tracing, memory, descriptors, signals, priorities, limits."""

import ctypes
import fcntl
import os
import resource
import signal
import socket

from .tools import Attack, Target, call, function, same

_PTRACE_SEIZE, _PTRACE_DETACH = 0x4206, 17
_F_SETOWN = 8
_WHO_PROCESS = 1
_BEST_EFFORT_LAST = (2 << 13) | 7


class _Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def _both_spans(target: Target) -> tuple[ctypes.Array[ctypes.c_char], _Span, _Span]:
    length = len(target["secret"])
    room = ctypes.create_string_buffer(target["secret"].encode(), length)
    return room, _Span(ctypes.addressof(room), length), _Span(target["secret_at"], length)


def trace(target: Target) -> str:
    call("ptrace", _PTRACE_SEIZE, target["core"], 0, 0)
    return "seized"


def read_memory_by_call(target: Target) -> str:
    room, here, there = _both_spans(target)
    ctypes.memset(room, 0, len(room))
    spans = ctypes.byref(here), 1, ctypes.byref(there), 1
    call("process_vm_readv", target["core"], *spans, 0)
    return same(room.raw.decode(errors="replace"), target)


def write_memory_by_call(target: Target) -> str:
    _, here, there = _both_spans(target)
    call("process_vm_writev", target["core"], ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    return "written"


def open_process(target: Target) -> str:
    return f"descriptor {call('pidfd_open', target['core'], 0)}"


def open_itself(_target: Target) -> str:
    """Of no use alone, but the first step of the next."""
    return f"descriptor {call('pidfd_open', os.getpid(), 0)}"


def take_descriptor(target: Target) -> str:
    process = call("pidfd_open", target["core"], 0)
    file = call("pidfd_getfd", process, target["core_fd"], 0)
    return same(os.pread(file, 1000, 0).decode(), target)


def signal_by_descriptor(target: Target) -> str:
    process = call("pidfd_open", target["core"], 0)
    call("pidfd_send_signal", process, signal.SIGURG, None, 0)
    return "sent"


def signal_core(target: Target) -> str:
    os.kill(target["core"], signal.SIGURG)
    return "sent"


def signal_supervisor(target: Target) -> str:
    os.kill(target["supervisor"], signal.SIGURG)
    return "sent"


def signal_parent(_target: Target) -> str:
    os.kill(os.getppid(), signal.SIGURG)
    return "sent"


def signal_neighbour(target: Target) -> str:
    os.kill(target["neighbour"], signal.SIGURG)
    return "sent"


def signal_group_of_core(target: Target) -> str:
    os.killpg(target["core_group"], signal.SIGURG)
    return "sent"


def signal_own_group(_target: Target) -> str:
    os.kill(0, signal.SIGURG)
    return "sent"


def signal_thread_of_core(target: Target) -> str:
    call("tkill", target["core"], signal.SIGURG)
    return "sent"


def signal_by_owner(target: Target) -> str:
    """The owner of a socket is told by signal when there is something to read."""
    one, other = socket.socketpair()
    with one, other:
        fcntl.fcntl(one, _F_SETOWN, target["core"])
    return "made the owner"


def queue_signal(target: Target) -> str:
    info = int(signal.SIGURG).to_bytes(8, "little") + (-1).to_bytes(4, "little", signed=True)
    call("rt_sigqueueinfo", target["core"], signal.SIGURG, info + bytes(116))
    return "sent"


def see_whether_core_lives(target: Target) -> str:
    os.kill(target["core"], 0)
    return "it lives"


def slow_core_down(target: Target) -> str:
    os.setpriority(os.PRIO_PROCESS, target["core"], 15)
    return "slowed"


def idle_core(target: Target) -> str:
    os.sched_setscheduler(target["core"], os.SCHED_IDLE, os.sched_param(0))
    return "idled"


def pin_core(target: Target) -> str:
    os.sched_setaffinity(target["core"], {min(os.sched_getaffinity(0))})
    return "pinned"


def last_in_line_for_disk(target: Target) -> str:
    call("ioprio_set", _WHO_PROCESS, target["core"], _BEST_EFFORT_LAST)
    return "set"


def limit_core(target: Target) -> str:
    soft, hard = resource.prlimit(target["core"], resource.RLIMIT_CORE)
    resource.prlimit(target["core"], resource.RLIMIT_CORE, (soft, hard))
    return "set"


def read_limits_of_core(target: Target) -> str:
    return str(resource.prlimit(target["core"], resource.RLIMIT_NOFILE))


def raise_own_limits(_target: Target) -> str:
    soft, hard = resource.getrlimit(resource.RLIMIT_MSGQUEUE)
    resource.setrlimit(resource.RLIMIT_MSGQUEUE, (soft, hard + 1))
    return "raised"


def hurry_itself(_target: Target) -> str:
    os.setpriority(os.PRIO_PROCESS, 0, -10)
    return "hurried"


def real_time(_target: Target) -> str:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    return "first in line"


def move_pages_of_core(target: Target) -> str:
    nodes = ctypes.byref(ctypes.c_ulong(1))
    return f"{call('migrate_pages', target['core'], 8, nodes, nodes)} moved"


def compare_with_core(target: Target) -> str:
    return str(call("kcmp", os.getpid(), target["core"], 1, 0, 0))


def robust_list_of_core(target: Target) -> str:
    """An address inside of the core, which its randomization is to hide."""
    head, length = ctypes.c_void_p(), ctypes.c_size_t()
    call("get_robust_list", target["core"], ctypes.byref(head), ctypes.byref(length))
    return hex(head.value or 0)


def outlive_parent(_target: Target) -> str:
    """Take back the signal that ends it with its supervisor."""
    function("prctl", 1, 0, 0, 0, 0)
    return "taken back"


def leave_session(_target: Target) -> str:
    if os.getsid(0) == os.getpid():
        os.setpgid(0, 0)
        return "has one of its own"
    os.setsid()
    return "left"


def become_root(_target: Target) -> str:
    os.setresuid(0, 0, 0)
    os.setgroups([0])
    return "became root"


def become_another(_target: Target) -> str:
    os.setresgid(12_345, 12_345, 12_345)
    return "became another group"


ATTACKS: dict[str, Attack] = {
    each.__name__: each
    for each in (
        trace, read_memory_by_call, write_memory_by_call, open_process, open_itself,
        take_descriptor, signal_by_descriptor, signal_core, signal_supervisor, signal_parent,
        signal_neighbour, signal_group_of_core, signal_own_group, signal_thread_of_core,
        queue_signal, signal_by_owner, see_whether_core_lives, slow_core_down, idle_core, pin_core,
        last_in_line_for_disk, limit_core, read_limits_of_core, raise_own_limits, hurry_itself,
        real_time, move_pages_of_core, compare_with_core, robust_list_of_core, outlive_parent,
        leave_session, become_root, become_another,
    )
}  # fmt: skip
