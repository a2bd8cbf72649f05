"""What this machine offers for locking a host up; nothing is applied."""

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from geminicrm.runtime.host.sandbox import landlock, seccomp
from geminicrm.runtime.host.sandbox.kernel import Kernel, NoKernel

NEEDED = ("landlock", "seccomp")


def machine_level() -> dict[str, str]:
    """Give by layer "on", "on (what exactly)" or "off: the reason", as `lock_up` would."""
    always = {"rlimits": "on", "capabilities": "on", "parent": "on", "cgroup": "off: not delegated"}
    user = {"uid": "on" if os.geteuid() == 0 else "off: not started as root"}
    try:
        kernel = Kernel()
    except NoKernel as error:
        return dict.fromkeys((*NEEDED, *always, *user), f"off: {error}")
    return {"landlock": _landlock(kernel), "seccomp": _seccomp(kernel), **always, **user}


def confines(level: Mapping[str, str]) -> bool:
    """Tell whether third-party code is held by this level: Landlock and seccomp are there."""
    return all(level.get(layer, "off").startswith("on") for layer in NEEDED)


def _landlock(kernel: Kernel) -> str:
    try:
        return f"on (ABI {landlock.landlock_abi(kernel)})"
    except OSError as error:
        return f"off: {error}"


def _seccomp(kernel: Kernel) -> str:
    return "on" if seccomp.available(kernel) else "off: the kernel has no seccomp filters"


def unreachable(paths: Iterable[str]) -> str | None:
    """Give the first folder or file that a user without any rights of its own can't go through.

    Where there is one, a host can't have its own user. What does not exist is passed over.
    """
    steps = (step for path in paths for step in (*reversed(Path(path).parents), Path(path)))
    return next((str(step) for step in dict.fromkeys(steps) if not _open_to_others(step)), None)


def _open_to_others(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return True
    needed = stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH
    return bool(mode & needed)
