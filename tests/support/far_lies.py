"""What tests of hostile registries have in common: raw answers, and seeing that nothing is left."""

import socket
import threading
from collections.abc import Callable

import pytest

from geminicrm.kernel.errors import AppError
from tests.support.far_registry import Crm
from tests.support.life import wanted

Talk = Callable[[socket.socket, str], None]
Kind = type[AppError] | tuple[type[AppError], ...]


def refused(crm: Crm, kind: Kind, version: str | None = None) -> AppError:
    """See that an install ends in an error, and leaves nothing of it anywhere."""
    with pytest.raises(kind) as caught:
        crm.life.cycle.install(crm.tenant.owner(), wanted(version=version))
    assert crm.installed() == []
    assert crm.arriving() == []
    assert crm.kept() == []
    assert crm.life.folders() == []
    return caught.value


def sending(*parts: bytes, hang: bool = False) -> Talk:
    """Send raw bytes and close, or never close."""

    def talk(conn: socket.socket, _path: str) -> None:
        for part in parts:
            conn.sendall(part)
        threading.Event().wait(20 if hang else 0)

    return talk
