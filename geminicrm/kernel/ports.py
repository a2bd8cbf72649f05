"""Whether a TCP port can still be listened on."""

import errno
import socket


def port_taken(host: str, port: int) -> str | None:
    """Say why nobody can listen there, None where somebody can."""
    try:
        family, kind, _proto, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        return f"{host} is no address of this machine ({error.strerror})"
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, "")
            return f"{host}:{port} is taken ({error.strerror or name})"
    return None
