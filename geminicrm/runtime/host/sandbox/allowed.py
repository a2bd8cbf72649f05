"""What a locked host may ask the kernel for: names that are free, names with conditions.

The list is what CPython 3.11 to 3.14, Flask and the usual libraries (numpy, pandas, Pillow,
cryptography, lxml, pydantic) need for work that neither leaves the process nor writes a file. All
else is answered EPERM. `observe` shows what a new Python or library would miss.
"""

from geminicrm.runtime.host.sandbox.bpf import HIGH, OWN_PID, Check

GROUPS = {
    # What is already open, and looking. Landlock decides which files can be opened.
    "files": """
    read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 sendfile lseek close
    dup dup2 dup3 fstat stat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat
    getdents64 getcwd umask
    """,
    # Executable pages are free: libffi makes its closures in them, and an extension that wants
    # native code of its own can load it from its folder anyway.
    "memory": "mmap munmap mprotect mremap madvise brk membarrier",
    "waiting": """
    pipe pipe2 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait
    epoll_pwait epoll_pwait2 eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime
    """,
    # Over what was handed in, or a pair of its own.
    "talking": "accept4 recvfrom shutdown getsockname getpeername",
    "threads": """
    futex futex_waitv set_robust_list rseq set_tid_address exit exit_group sched_yield
    sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max
    sched_get_priority_min getcpu
    """,
    "signals to itself": """
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend
    sigaltstack restart_syscall pause alarm getitimer setitimer
    """,
    "time": "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times",
    "facts": """
    getrusage getrlimit getrandom uname sysinfo getpid getppid gettid getuid geteuid getgid getegid
    getresuid getresgid getgroups getpgrp getpriority
    """,
}
FREE = frozenset(" ".join(GROUPS.values()).split())

# glibc and Python have another way where the kernel does not know these; with EPERM they give up.
UNKNOWN = frozenset(
    {
        "cachestat",
        "clone3",
        "copy_file_range",
        "fchmodat2",
        "futex_requeue",
        "futex_wait",
        "futex_wake",
        "map_shadow_stack",
        "mseal",
        "openat2",
        "process_madvise",
    }
)

# Opening is refused as Landlock refuses it, so that code meets one kind of error.
NOT_WRITABLE = frozenset({"open", "openat", "creat"})

# open(2): O_ACCMODE, O_CREAT, O_TRUNC, O_PATH, __O_TMPFILE; the same on both machines. O_PATH is
# not checked by Landlock.
OPENS_MORE = 0o3 | 0o100 | 0o1000 | 0o10000000 | 0o20000000

# clone(2) as pthread_create calls it: CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS,
# PARENT_SETTID, CHILD_CLEARTID, no other flag and no signal; musl adds CLONE_DETACHED.
THREAD = 0x3D0F00
DETACHED = 0x400000

AF_UNIX, SOCK_STREAM = 1, 1
SOCKET_FLAGS = 0o2000000 | 0o4000  # SOCK_CLOEXEC, SOCK_NONBLOCK
SOL_SOCKET = 1

# fcntl(2): F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_GETPIPE_SZ. No locks:
# they would hold up the core on files that both read. No owners, no leases: they send signals.
FCNTL = (0, 1, 2, 3, 4, 1030, 1032)
# ioctl(2): FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, TCGETS, TIOCGWINSZ, TCGETS2 (both machines).
IOCTL = (0x541B, 0x5421, 0x5450, 0x5451, 0x5401, 0x5413, 0x802C542A)
# prctl(2): PR_GET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP,
# PR_CAPBSET_READ, PR_GET_SECUREBITS, PR_GET_TIMERSLACK, PR_SET_NO_NEW_PRIVS (it is set),
# PR_GET_NO_NEW_PRIVS, PR_SET_VMA (malloc names its pages).
PRCTL = (2, 3, 15, 16, 21, 23, 27, 30, 38, 39, 0x53564D41)
# getsockopt(2): SO_TYPE, SO_ERROR, SO_SNDBUF, SO_RCVBUF, SO_PEERCRED, SO_RCVTIMEO, SO_SNDTIMEO,
# SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN, and the timeouts with 64 bits. No SO_PEERPIDFD.
SOCKET_READS = (3, 4, 7, 8, 17, 20, 21, 30, 38, 39, 66, 67)
# setsockopt(2): SO_SNDBUF, SO_RCVBUF and the timeouts. No SO_ATTACH_FILTER or _BPF.
SOCKET_WRITES = (7, 8, 20, 21, 66, 67)


def _null(argument: int) -> tuple[Check, Check]:
    return Check(argument, (0,)), Check(argument, (0,), half=HIGH)


CONDITIONS: dict[str, tuple[Check, ...]] = {
    "open": (Check(1, (0,), mask=OPENS_MORE),),
    "openat": (Check(2, (0,), mask=OPENS_MORE),),
    "close_range": (Check(2, (0, 4)),),  # CLOSE_RANGE_CLOEXEC
    "clone": (Check(0, (THREAD, THREAD | DETACHED)),),
    "socketpair": (
        Check(0, (AF_UNIX,)),
        Check(1, (SOCK_STREAM,), mask=0xFFFFFFFF & ~SOCKET_FLAGS),
    ),
    "sendto": _null(4),  # send(2) on a connected socket
    "getsockopt": (Check(1, (SOL_SOCKET,)), Check(2, SOCKET_READS)),
    "setsockopt": (Check(1, (SOL_SOCKET,)), Check(2, SOCKET_WRITES)),
    "fcntl": (Check(1, FCNTL),),
    "ioctl": (Check(1, IOCTL),),
    "prctl": (Check(0, PRCTL),),
    "prlimit64": (Check(0, (0, OWN_PID)), *_null(2)),
    "kill": (Check(0, (OWN_PID,)),),
    "tgkill": (Check(0, (OWN_PID,)),),
    "getpgid": (Check(0, (0, OWN_PID)),),
    "getsid": (Check(0, (0, OWN_PID)),),
}
