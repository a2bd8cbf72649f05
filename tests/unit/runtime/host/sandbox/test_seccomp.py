import errno
import os
from collections.abc import Sequence

import pytest

from geminicrm.runtime.host.sandbox import seccomp
from geminicrm.runtime.host.sandbox.allowed import CONDITIONS, FREE, GROUPS, NOT_WRITABLE, UNKNOWN
from geminicrm.runtime.host.sandbox.syscalls import Machine, machine_named
from tests.support.bpf import call_data, run
from tests.support.fake_kernel import FakeKernel

PID = 4711
MACHINES = ["x86_64", "aarch64"]
OK = seccomp.ALLOW
KILLED = seccomp.KILL_PROCESS
EPERM = seccomp.ERRNO | errno.EPERM
EACCES = seccomp.ERRNO | errno.EACCES
ENOSYS = seccomp.ERRNO | errno.ENOSYS
I386 = 0x40000003
BITS = 0xDEAD << 32  # the kernel looks at the lower half of an int
CWD = -100
REACHING_OUT = """
socket connect bind listen accept sendmsg recvmsg sendmmsg recvmmsg fork vfork execve execveat
ptrace process_vm_readv process_vm_writev pidfd_open pidfd_getfd pidfd_send_signal
io_uring_setup io_uring_enter memfd_create memfd_secret keyctl add_key request_key shmget msgget
semget inotify_init1 fanotify_init chmod fchmod fchmodat chown fchownat utimensat setxattr
truncate ftruncate unshare setns mount pivot_root chroot bpf perf_event_open userfaultfd
kexec_load reboot settimeofday clock_settime setuid setresuid setgroups setpriority
sched_setscheduler sched_setaffinity mlock mlockall mlock2 tkill rt_sigqueueinfo
rt_tgsigqueueinfo setrlimit seccomp landlock_restrict_self mkdir unlink rename symlink link
mknod flock wait4 init_module personality swapon acct syslog quotactl name_to_handle_at
open_by_handle_at kcmp process_mrelease splice vmsplice tee arch_prctl modify_ldt
"""


def filtered(machine: Machine, number: int, arguments: Sequence[int] = ()) -> int:
    packed = seccomp.program_for(machine).bytes_for(PID)
    return run(packed, call_data(number, machine.audit, arguments))


def answer(name: str, *arguments: int, machine: str = "x86_64") -> int:
    found = machine_named(machine)
    return filtered(found, found.numbers[name], arguments)


def test_every_name_of_the_lists_is_a_call():
    known = machine_named("x86_64").numbers
    assert {*FREE, *CONDITIONS, *NOT_WRITABLE, *UNKNOWN} - set(known) == set()


def test_no_name_is_in_two_lists():
    names = [name for text in GROUPS.values() for name in text.split()]
    names += [*CONDITIONS, *UNKNOWN, *(NOT_WRITABLE - set(CONDITIONS))]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("machine", MACHINES)
def test_each_call_without_conditions_gets_the_answer_of_its_list(machine: str):
    found = machine_named(machine)
    plain = {name: number for name, number in found.numbers.items() if name not in CONDITIONS}
    expected = {name: seccomp.refusal_of(name) for name in plain} | dict.fromkeys(FREE, OK)
    answers = {name: filtered(found, number) for name, number in plain.items()}
    assert answers == {name: expected[name] for name in plain}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("openat", (CWD, 0x1000, 0o2000000)),
        ("openat", (CWD, 0x1000, 0o2200000)),
        ("clone", (0x3D0F00, 1, 2, 3, 4)),
        ("clone", (0x7D0F00,)),
        ("socketpair", (1, 1)),
        ("socketpair", (1, 0o2004001)),
        ("sendto", (5, 0x1000, 9, 0x4000, 0, 0)),
        ("getsockopt", (5, 1, 3)),
        ("setsockopt", (5, 1, 20)),
        ("fcntl", (5, 1030, 3)),
        ("ioctl", (5, 0x541B)),
        ("ioctl", (5, BITS | 0x5421)),
        ("prctl", (15, 0x1000)),
        ("prlimit64", (0, 7, 0, 0x1000)),
        ("prlimit64", (PID, 7, 0, 0x1000)),
        ("kill", (PID, 15)),
        ("tgkill", (PID, 9999, 15)),
        ("getpgid", (0,)),
        ("close_range", (3, 9, 4)),
    ],
)
@pytest.mark.parametrize("machine", MACHINES)
def test_what_honest_code_does_is_allowed(name: str, arguments: tuple[int, ...], machine: str):
    assert answer(name, *arguments, machine=machine) == OK


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("clone", (0x11,)),  # fork
        ("clone", (0x01200011,)),  # fork as glibc does it
        ("clone", (0x3D0F00 | 0x20000000,)),  # a thread in a new name space of processes
        ("clone", (0x3D0F00 | 0x10000000,)),  # ... of users
        ("clone", (0x3D0F00 & ~0x10000,)),  # not a thread
        ("clone", (0x3D0F00 | 0x1000,)),  # with a descriptor of the new process
        ("socketpair", (1, 2)),  # datagrams
        ("socketpair", (2, 1)),  # inet
        ("sendto", (5, 0x1000, 9, 0, 0x1000, 16)),
        ("sendto", (5, 0x1000, 9, 0, 1 << 32, 16)),  # an address above 4 GiB
        ("getsockopt", (5, 1, 77)),  # SO_PEERPIDFD
        ("getsockopt", (5, 6, 3)),  # of TCP
        ("setsockopt", (5, 1, 26)),  # SO_ATTACH_FILTER
        ("setsockopt", (5, 0, 20)),
        ("fcntl", (5, 6)),  # F_SETLK
        ("fcntl", (5, 8)),  # F_SETOWN
        ("fcntl", (5, 1024)),  # F_SETLEASE
        ("ioctl", (0, 0x5412)),  # TIOCSTI
        ("ioctl", (0, 0x541C)),  # TIOCLINUX
        ("prctl", (4, 1)),  # PR_SET_DUMPABLE
        ("prctl", (1, 0)),  # PR_SET_PDEATHSIG
        ("prctl", (22, 2)),  # PR_SET_SECCOMP
        ("prctl", (35, 1)),  # PR_SET_MM
        ("prctl", (BITS | 4, 1)),
        ("prlimit64", (0, 7, 0x1000, 0)),
        ("prlimit64", (0, 7, 1 << 32, 0)),
        ("prlimit64", (1, 7, 0, 0x1000)),
        ("kill", (0, 9)),
        ("kill", (-1, 9)),
        ("kill", (-PID, 9)),
        ("kill", (1, 0)),
        ("tgkill", (1, 1, 9)),
        ("getsid", (1,)),
        ("close_range", (3, 9, 2)),  # CLOSE_RANGE_UNSHARE
    ],
)
@pytest.mark.parametrize("machine", MACHINES)
def test_all_other_arguments_are_refused(name: str, arguments: tuple[int, ...], machine: str):
    assert answer(name, *arguments, machine=machine) == EPERM


@pytest.mark.parametrize(
    "flags",
    [0o1, 0o2, 0o3, 0o100, 0o1000, 0o1001, 0o2001, 0o10000000, 0o20200002, BITS | 0o1],
)
@pytest.mark.parametrize("machine", MACHINES)
def test_files_are_opened_for_reading_only(flags: int, machine: str):
    assert answer("openat", CWD, 0x1000, flags, 0o600, machine=machine) == EACCES


@pytest.mark.parametrize(("flags", "expected"), [(0, OK), (0o1, EACCES), (0o101, EACCES)])
def test_so_does_the_older_open(flags: int, expected: int):
    assert answer("open", 0x1000, flags, 0o600) == expected


@pytest.mark.parametrize("name", REACHING_OUT.split())
def test_what_reaches_out_is_refused(name: str):
    assert answer(name) == EPERM


@pytest.mark.parametrize("name", ["clone3", "openat2", "fchmodat2", "futex_wait"])
def test_new_calls_are_answered_as_an_older_kernel_would(name: str):
    assert answer(name) == ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
def test_a_call_newer_than_the_table_is_unknown(machine: str):
    found = machine_named(machine)
    assert filtered(found, found.newest + 1) == ENOSYS


@pytest.mark.parametrize("number", [336, 423])
def test_a_number_that_no_call_has_is_refused(number: int):
    assert filtered(machine_named("x86_64"), number) == EPERM


@pytest.mark.parametrize("number", [0x40000000, 0x40000000 | 39, 0xFFFFFFFF])
def test_the_calls_of_x32_kill(number: int):
    assert filtered(machine_named("x86_64"), number) == KILLED


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("audit", [I386, 0x40000028, 0])
def test_another_machine_kills(machine: str, audit: int):
    packed = seccomp.program_for(machine_named(machine)).bytes_for(PID)
    assert run(packed, call_data(0, audit)) == KILLED


@pytest.mark.parametrize("name", ["fork", "openat2", "kill"])
def test_an_observing_filter_gives_its_answer_for_every_refusal(name: str):
    machine = machine_named("x86_64")
    packed = seccomp.program_for(machine, seccomp.LOG).bytes_for(PID)
    number = machine.numbers[name]
    assert run(packed, call_data(number, machine.audit)) == seccomp.LOG
    assert run(packed, call_data(machine.newest + 1, machine.audit)) == seccomp.LOG
    assert run(packed, call_data(39, machine.audit)) == OK


@pytest.mark.parametrize("machine", MACHINES)
def test_the_kernel_takes_programs_of_this_length(machine: str):
    assert len(seccomp.program_for(machine_named(machine)).instructions) < 4096


def test_the_flags_of_opening_are_those_of_this_machine():
    refused = [os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_PATH]
    assert [answer("openat", CWD, 0, flag) for flag in refused] == [EACCES] * 5
    read = os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK
    assert answer("openat", CWD, 0, read) == OK


def test_the_filter_goes_on_all_threads():
    kernel = FakeKernel()
    seccomp.install(kernel, bytes(16))
    assert kernel.given("seccomp")[0][:2] == (1, 1)  # SECCOMP_SET_MODE_FILTER, FLAG_TSYNC


def test_an_older_kernel_takes_it_through_prctl():
    kernel = FakeKernel({"seccomp": OSError(errno.ENOSYS, "not there")})
    seccomp.install(kernel, bytes(16))
    assert kernel.given("prctl")[0][:2] == (22, 2)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


@pytest.mark.parametrize(
    ("reason", "flags"), [(errno.EACCES, seccomp.FLAG_TSYNC), (errno.ENOSYS, 8)]
)
def test_every_other_failure_is_one(reason: int, flags: int):
    kernel = FakeKernel({"seccomp": OSError(reason, "refused")})
    with pytest.raises(OSError, match="refused"):
        seccomp.install(kernel, bytes(16), flags)
    assert kernel.given("prctl") == []
