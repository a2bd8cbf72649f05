"""The core, and the process itself, as /proc shows them."""

import os
from pathlib import Path

from .tools import Attack, Missed, Target, read, same


def read_environment_of_core(target: Target) -> str:
    return read(f"/proc/{target['core']}/environ", target)


def read_memory_of_core(target: Target) -> str:
    with Path(f"/proc/{target['core']}/mem").open("rb", buffering=0) as memory:
        memory.seek(target["secret_at"])
        return same(memory.read(200).decode(errors="replace"), target)


def read_maps_of_core(target: Target) -> str:
    return Path(f"/proc/{target['core']}/maps").read_text(encoding="utf-8")[:40] or "empty"


def list_descriptors_of_core(target: Target) -> str:
    return ", ".join(os.listdir(f"/proc/{target['core']}/fd"))


def open_descriptor_of_core(target: Target) -> str:
    return read(f"/proc/{target['core']}/fd/{target['core_fd']}", target)


def read_links_of_core(target: Target) -> str:
    return os.readlink(f"/proc/{target['core']}/fd/{target['core_fd']}")


def read_through_root_of_core(target: Target) -> str:
    return read(f"/proc/{target['core']}/root{target['database']}", target)


def read_command_of_core(target: Target) -> str:
    return Path(f"/proc/{target['core']}/cmdline").read_text(encoding="utf-8")[:40]


def list_processes(_target: Target) -> str:
    return ", ".join(each for each in os.listdir("/proc") if each.isdigit())[:40]


def read_own_environment(target: Target) -> str:
    """What a process was started with stays in its memory, whatever os.environ says later."""
    return same(" ".join(f"{name}={value}" for name, value in os.environ.items()), target)


def read_own_memory(target: Target) -> str:
    """A host is forked: nothing of the one that it was forked from may be in here."""
    return read("/proc/self/environ", target)


def write_own_memory(_target: Target) -> str:
    with Path("/proc/self/mem").open("r+b", buffering=0):
        return "opened"


def inherited_descriptors(target: Target) -> str:
    """Look for a file among the descriptors that it was born with."""
    found = []
    for number in range(256):
        try:
            found.append(os.pread(number, 4_096, 0).decode(errors="replace"))
        except OSError:
            continue
    if not found:
        raise Missed("no descriptor can be read")
    return same("".join(found), target)


ATTACKS: dict[str, Attack] = {
    each.__name__: each
    for each in (
        read_environment_of_core, read_memory_of_core, read_maps_of_core,
        list_descriptors_of_core, open_descriptor_of_core, read_links_of_core,
        read_through_root_of_core, read_command_of_core, list_processes, read_own_environment,
        read_own_memory, write_own_memory, inherited_descriptors,
    )
}  # fmt: skip
