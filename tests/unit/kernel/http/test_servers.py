"""The guard over connections that are no HTTP."""

import pytest

from geminicrm.kernel.http import AddressGuard, AddressRefused

PUBLIC = "93.184.215.14"


@pytest.mark.parametrize("port", [25, 143, 465, 587, 993, 2525, 40_000])
def test_ports_of_mail_servers(port):
    target = AddressGuard().parse_server("Mail.Example.com.", port)
    assert (target.host, target.port, target.origin) == (
        "mail.example.com",
        port,
        f"tcp://mail.example.com:{port}",
    )


@pytest.mark.parametrize("port", [0, 22, 80, 443, 5432, 6379])
def test_other_ports_are_refused_unless_the_operator_names_them(port):
    with pytest.raises(AddressRefused, match=f"Port {port}"):
        AddressGuard().parse_server("mail.example.com", port)


def test_a_pair_of_the_operator_opens_its_port():
    assert AddressGuard(["mail.lan:26"]).parse_server("mail.lan", 26).port == 26
    assert AddressGuard(["mail.lan:22"]).parse_server("mail.lan", 22).port == 22


@pytest.mark.parametrize(
    "host", ["", "a b", "a@b", "a/b", "a\nb", "2130706433", "0x7f.1", "[::1", "a:25"]
)
def test_what_is_no_host(host):
    with pytest.raises(AddressRefused):
        AddressGuard().parse_server(host, 587)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "169.254.169.254", "10.1.2.3", "localhost"])
def test_private_servers_are_refused(host):
    guard = AddressGuard(resolver=lambda _host, _port: ["127.0.0.1"])
    with pytest.raises(AddressRefused):
        guard.pin(guard.parse_server(host, 587))


def test_a_name_is_pinned_to_its_addresses():
    guard = AddressGuard(resolver=lambda _host, _port: [PUBLIC])
    assert guard.pin(guard.parse_server("mail.example.com", 587)).addresses == (PUBLIC,)
