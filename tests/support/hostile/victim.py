"""Stands for the core: a secret in its memory and environment, an open file, sockets, memory.

Run as `python -c <this text> FOLDER FILE`; it says what it has and ends with its input.
"""

import ctypes
import json
import os
import socket
import sys


def main() -> None:
    """Hold everything open until the input ends."""
    folder, file = sys.argv[1:]
    secret = os.environ["SECRET_KEY"].encode()
    kept = ctypes.create_string_buffer(secret, len(secret))
    os.chdir("/")
    tcp = socket.create_server(("127.0.0.1", 0))
    stream, datagram, abstract = _unix(folder)
    name = f"geminicrm-test-{os.getpid()}"
    libc = ctypes.CDLL(None)
    segment = _shared(libc, secret)
    with open(f"/dev/shm/{name}", "wb") as memory:  # noqa: PTH123, S108 - a victim has such things
        memory.write(secret)
    opened = os.open(file, os.O_RDONLY)
    facts = {
        "secret_at": ctypes.addressof(kept),
        "core_fd": opened,
        "port": tcp.getsockname()[1],
        "socket": stream.getsockname(),
        "datagram": datagram.getsockname(),
        "abstract": abstract.getsockname()[1:].decode(),
        "named_memory": name,
        "shared_memory": segment,
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    libc.shmctl(segment, 0, None)
    os.unlink(f"/dev/shm/{name}")  # noqa: PTH108, S108 - as above


def _unix(folder: str) -> tuple[socket.socket, socket.socket, socket.socket]:
    made = []
    places = (f"{folder}/stream", f"{folder}/datagram", f"\0geminicrm-test-{os.getpid()}")
    for place in places:
        kind = socket.SOCK_DGRAM if place.endswith("datagram") else socket.SOCK_STREAM
        each = socket.socket(socket.AF_UNIX, kind)
        each.bind(place)
        if kind == socket.SOCK_STREAM:
            each.listen(50)
        if not place.startswith("\0"):
            os.chmod(place, 0o666)  # noqa: PTH101, S103 - only the locks are to keep others away
        made.append(each)
    return made[0], made[1], made[2]


def _shared(libc: ctypes.CDLL, secret: bytes) -> int:
    segment = int(libc.shmget(0, 4_096, 0o1666))
    libc.shmat.restype = ctypes.c_void_p
    ctypes.memmove(libc.shmat(segment, None, 0), secret, len(secret))
    return segment


if __name__ == "__main__":
    main()
