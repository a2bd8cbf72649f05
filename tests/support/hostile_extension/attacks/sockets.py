"""Sockets of every family, unix sockets by path and by name, passing of descriptors."""

import array
import ctypes
import os
import socket
import struct
from pathlib import Path

from .tools import Attack, Missed, Target

_SECONDS = 3.0
_SO_ATTACH_FILTER = 26
# Families that the module socket does not name on every build.
_NETLINK, _PACKET, _ALG, _VSOCK, _XDP, _BLUETOOTH = 16, 17, 38, 40, 44, 31


def _connect(family: int, kind: int, address: object) -> str:
    with socket.socket(family, kind) as made:
        made.settimeout(_SECONDS)
        made.connect(address)  # type: ignore[arg-type]  # each family has addresses of its own
        made.send(b"hostile")
    return "connected"


def tcp(target: Target) -> str:
    return _connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", target["port"]))


def tcp6(target: Target) -> str:
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as made:
        made.connect_ex(("::1", target["port"]))
    return "tried to connect"


def tcp_listen(_target: Target) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        made.bind(("127.0.0.1", 0))
        made.listen(1)
    return "listened"


def udp(target: Target) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.sendto(b"hostile", ("127.0.0.1", target["port"]))
    return "sent"


def name_lookup(_target: Target) -> str:
    found = socket.getaddrinfo("localhost", 80)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.connect(("127.0.0.1", 53))
    return str(found[0][4])


def raw(_target: Target) -> str:
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    return "opened"


def multipath_tcp(_target: Target) -> str:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262).close()
    return "opened"


def netlink(_target: Target) -> str:
    with socket.socket(_NETLINK, socket.SOCK_RAW, 0) as made:
        made.bind((0, 0))
    return "bound"


def packet(_target: Target) -> str:
    socket.socket(_PACKET, socket.SOCK_RAW, 0).close()
    return "opened"


def vsock(_target: Target) -> str:
    socket.socket(_VSOCK, socket.SOCK_STREAM).close()
    return "opened"


def bluetooth(_target: Target) -> str:
    socket.socket(_BLUETOOTH, socket.SOCK_STREAM, 3).close()
    return "opened"


def algorithms(_target: Target) -> str:
    socket.socket(_ALG, socket.SOCK_SEQPACKET).close()
    return "opened"


def express_data(_target: Target) -> str:
    socket.socket(_XDP, socket.SOCK_RAW).close()
    return "opened"


def every_family(_target: Target) -> str:
    """Each family and kind that there is; those that the kernel lacks don't count."""
    opened = []
    refused: OSError | None = None
    for family in range(1, 64):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            try:
                socket.socket(family, kind).close()
            except OSError as error:
                refused = error if error.errno == 1 else refused
            else:
                opened.append(f"{family}/{kind}")
    if not opened and refused:
        raise refused
    return ", ".join(opened)


def unix_stream_by_path(target: Target) -> str:
    return _connect(socket.AF_UNIX, socket.SOCK_STREAM, target["socket"])


def unix_datagram_by_path(target: Target) -> str:
    return _connect(socket.AF_UNIX, socket.SOCK_DGRAM, target["datagram"])


def unix_abstract(target: Target) -> str:
    return _connect(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{target['abstract']}")


def unix_bind(target: Target) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.bind(str(Path(target["folder"]) / "bound"))
    return "bound"


def unix_bind_abstract(_target: Target) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.bind("\0hostile")
        made.listen(1)
    return "listened"


def pair_connects_elsewhere(target: Target) -> str:
    """One half of a pair may exist in there; to be turned to another address it may not."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        one.connect(target["datagram"])
        one.send(b"hostile")
    return "connected"


def pair_sends_elsewhere(target: Target) -> str:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        one.sendto(b"hostile", target["datagram"])
    return "sent"


def pass_descriptor(target: Target) -> str:
    one, other = socket.socketpair()
    rights = array.array("i", [os.open(target["readable"], os.O_RDONLY)])
    with one, other:
        one.sendmsg([b"!"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        return "passed" if other.recv(1) else "nothing"


def receive_descriptor(_target: Target) -> str:
    one, other = socket.socketpair()
    with one, other:
        one.send(b"!")
        other.recvmsg(1, socket.CMSG_SPACE(16))
    return "could receive"


def attach_filter(_target: Target) -> str:
    """A program of the kernel that sees what comes over a socket."""
    one, other = socket.socketpair()
    returns = (6).to_bytes(8, "little")
    room = ctypes.create_string_buffer(returns)
    program = struct.pack("HxxxxxxP", 1, ctypes.addressof(room))
    with one, other:
        one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
    return "attached"


def use_standing_sockets(target: Target) -> str:
    """Turn the sockets that it was born with to another address."""
    turned = []
    refused: OSError | None = None
    for number in range(64):
        try:
            with socket.socket(fileno=os.dup(number)) as made:
                made.connect(target["socket"])
        except OSError as error:
            refused = error if error.errno in {1, 13} else refused
        else:
            turned.append(str(number))
    if not turned:
        raise refused or Missed("no socket to turn")
    return ", ".join(turned)


ATTACKS: dict[str, Attack] = {
    each.__name__: each
    for each in (
        tcp, tcp6, tcp_listen, udp, name_lookup, raw, multipath_tcp, netlink, packet, vsock,
        bluetooth, algorithms, express_data, every_family, unix_stream_by_path,
        unix_datagram_by_path, unix_abstract, unix_bind, unix_bind_abstract,
        pair_connects_elsewhere, pair_sends_elsewhere, pass_descriptor, receive_descriptor,
        attach_filter, use_standing_sockets,
    )
}  # fmt: skip
