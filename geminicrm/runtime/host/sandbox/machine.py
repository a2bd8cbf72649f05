"""What this machine offers for locking a host up; nothing is applied."""

import os
from collections.abc import Mapping

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
