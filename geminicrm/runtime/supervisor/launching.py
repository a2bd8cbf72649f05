"""What the fleet needs done outside of itself: the border between its rules and the machine."""

from typing import Protocol

from geminicrm.runtime.supervisor.hosts import Host


class LaunchFailed(Exception):
    """A host can't be started now; the text says why."""


class Launching(Protocol):
    """Starts hosts, reaches them, lets go of them. What comes of it is told to the fleet."""

    def launch(self, host: Host) -> None:
        """Start a host. Raises LaunchFailed."""

    def signal(self, host: Host, number: int) -> None:
        """Send a signal to a host that was born."""

    def unlist(self, host: Host) -> None:
        """Take its socket file away, so that nobody new finds it."""

    def listen(self, host: Host) -> None:
        """Hear now what a host has said of itself, as it would be told a moment later."""

    def read(self, host: Host) -> None:
        """Put into the log what a host has printed by now."""

    def start_over(self) -> None:
        """End a zygote that does not do what it is told; all hosts go with it."""

    def settle(self, host: Host) -> None:
        """Let go of what there is of it."""
