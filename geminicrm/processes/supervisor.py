"""The supervisor of extension hosts, as the core starts it."""

from geminicrm.config import Settings


def words(settings: Settings) -> tuple[str, ...]:
    """Give what the interpreter is told to become the supervisor of this home."""
    idle = f"--idle-seconds={settings.host_idle_seconds:g}"
    return "-m", "geminicrm.runtime.supervisor", str(settings.home), idle
