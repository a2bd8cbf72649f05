import socket

import pytest

from geminicrm.kernel.ports import port_taken
from tests.support.ports import free_port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_that_somebody_listens_on_is_taken_until_they_stop(host: str):
    port = free_port()
    assert port_taken(host, port) is None
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert (
            port_taken("127.0.0.1", port) == f"127.0.0.1:{port} is taken (Address already in use)"
        )
    assert port_taken(host, port) is None


def test_an_address_of_somebody_else_is_told():
    assert "is taken" in str(port_taken("192.0.2.1", 8000))
    assert "is no address" in str(port_taken("300.1.1.1.", 8000))
