"""Free ports of the loopback interface."""

import socket


def free_port() -> int:
    """Give a TCP port that nobody listens on now; whoever binds it may still be late."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
