"""Landlock: which files can be read; nothing can be written, run, connected to or signalled.

Source: include/uapi/linux/landlock.h and https://docs.kernel.org/userspace-api/landlock.html.
"""

import os
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from geminicrm.runtime.host.sandbox.kernel import Kernel

VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
PATH_BENEATH = 1  # LANDLOCK_RULE_PATH_BENEATH
READ_FILE, READ_DIR = 1 << 2, 1 << 3
NEWEST = 11

# The rights of files by the ABI that brought them: from EXECUTE to MAKE_SYM, REFER, TRUNCATE,
# IOCTL_DEV, RESOLVE_UNIX.
FILES = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15, 9: 1 << 16}
# BIND_TCP and CONNECT_TCP, BIND_UDP and CONNECT_SEND_UDP.
NETWORK = {4: 0b11, 10: 0b1100}
# ABSTRACT_UNIX_SOCKET and SIGNAL.
SCOPES = {6: 0b11}


@dataclass(frozen=True)
class Handled:
    """What an ABI can refuse, as bits of the kernel."""

    files: int
    network: int
    scopes: int

    @property
    def packed(self) -> bytes:
        """Give struct landlock_ruleset_attr; an older kernel takes zeros beyond what it knows."""
        return struct.pack("=QQQ", self.files, self.network, self.scopes)


def handled_by(abi: int) -> Handled:
    """Give all that this ABI can refuse."""
    return Handled(_upto(abi, FILES), _upto(abi, NETWORK), _upto(abi, SCOPES))


def _upto(abi: int, table: dict[int, int]) -> int:
    bits = 0
    for since, more in table.items():
        bits |= more if since <= abi else 0
    return bits


def landlock_abi(kernel: Kernel) -> int:
    """Give the ABI of the running kernel; raises OSError where Landlock is missing or off."""
    return kernel.call("landlock_create_ruleset", 0, 0, VERSION)


def restrict(kernel: Kernel, reads: Iterable[str], highest: int | None = None) -> int:
    """Leave only `reads` (files, folders and all below) readable; gives the ABI in use.

    `highest` masks newer ABIs. What does not exist is passed over. The process must have
    no_new_privs or CAP_SYS_ADMIN. Raises OSError.
    """
    abi = min(landlock_abi(kernel), NEWEST, NEWEST if highest is None else highest)
    attributes = handled_by(abi).packed
    rules = kernel.call("landlock_create_ruleset", attributes, len(attributes), 0)
    try:
        for path in reads:
            _grant(kernel, rules, path)
        kernel.call("landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)
    return abi


def _grant(kernel: Kernel, rules: int, path: str) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        folder = stat.S_ISDIR(os.fstat(place).st_mode)
        rights = READ_FILE | READ_DIR if folder else READ_FILE
        rule = struct.pack("=Qi", rights, place)  # struct landlock_path_beneath_attr
        kernel.call("landlock_add_rule", rules, PATH_BENEATH, rule, 0)
    finally:
        os.close(place)
