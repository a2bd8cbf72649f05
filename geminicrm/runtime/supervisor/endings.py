"""How hosts end, in words, and which of the ends is a crash."""

import signal

from geminicrm.runtime.supervisor.hosts import Host, State


def in_words(code: int) -> str:
    """Say what an exit code means; a signal is a negative number."""
    if code >= 0:
        return f"it ended by itself with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    return f"it was ended by signal {-code} ({name})"


def is_crash(host: Host, code: int, now: float, idle_seconds: float) -> bool:
    """Tell whether nobody asked for this end: neither we nor the host's own patience."""
    if host.expected:
        return False
    idle = host.state is State.READY or host.state is State.DRAINING
    return not (idle and code == 0 and now - host.born >= idle_seconds)
