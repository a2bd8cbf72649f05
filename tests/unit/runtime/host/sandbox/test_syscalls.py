import re
from pathlib import Path

import pytest

from geminicrm.runtime.host.sandbox.syscalls import machine_named, numbers_in

X86_64 = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
GENERIC = Path("/usr/include/asm-generic/unistd.h")
OF_32_BITS = range(403, 424)  # clock_gettime64 and its like
# What asm-generic/unistd.h defines for other processors only, or not for a call.
NOT_AARCH64 = {
    "arch_specific_syscall",
    "fadvise64_64",
    "fcntl64",
    "fstat64",
    "fstatat64",
    "fstatfs64",
    "ftruncate64",
    "llseek",
    "lstat",
    "lstat64",
    "mmap2",
    "sendfile64",
    "stat",
    "stat64",
    "statfs64",
    "sync_file_range2",
    "syscalls",
    "truncate64",
}


def defined_in(header: Path) -> dict[str, int]:
    """Give name and number of each call; a name may stand for another one."""
    if not header.is_file():
        pytest.skip(f"no kernel header {header}")
    text = header.read_text()
    found = re.findall(r"^#define (__NR\w*?_(\w+))\s+(\w+)$", text, re.MULTILINE)
    values = {macro: value for macro, _, value in found}
    numbers = {name: values.get(value, value) for macro, name, value in found if "__NR_" in macro}
    return {name: int(value) for name, value in numbers.items() if value.isdigit()}


def test_the_calls_of_x86_64_are_those_of_the_kernels_header():
    defined = defined_in(X86_64)
    known = machine_named("x86_64").numbers
    assert {name: known.get(name) for name in defined} == defined


def test_the_calls_of_aarch64_are_those_of_the_kernels_header():
    defined = {
        name: number
        for name, number in defined_in(GENERIC).items()
        if name not in NOT_AARCH64 and number not in OF_32_BITS
    }
    known = machine_named("aarch64").numbers
    assert {name: known.get(name) for name in defined} == defined


@pytest.mark.parametrize("name", ["x86_64", "aarch64"])
def test_no_two_calls_share_a_number(name: str):
    numbers = machine_named(name).numbers
    assert len(set(numbers.values())) == len(numbers)


@pytest.mark.parametrize("name", ["x86_64", "aarch64"])
def test_the_newest_call_is_the_last_of_the_table(name: str):
    machine = machine_named(name)
    assert machine.newest == machine.numbers["file_setattr"] == 469


@pytest.mark.parametrize("name", ["open", "fork", "vfork", "pipe", "stat", "creat", "arch_prctl"])
def test_aarch64_has_no_legacy_calls(name: str):
    assert name not in machine_named("aarch64").numbers


def test_the_audit_numbers_name_the_processor():
    # EM_X86_64 and EM_AARCH64 with __AUDIT_ARCH_64BIT and __AUDIT_ARCH_LE.
    audits = [machine_named(name).audit for name in ("x86_64", "aarch64")]
    assert audits == [62 | 0xC0000000, 183 | 0xC0000000]


def test_another_processor_is_unknown():
    assert machine_named("riscv64") is None


def test_a_number_starts_a_run():
    assert numbers_in("0 read write\n 9 close") == {"read": 0, "write": 1, "close": 9}
