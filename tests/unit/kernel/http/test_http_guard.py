import threading

import pytest

from geminicrm.kernel.errors import ConfigurationError
from geminicrm.kernel.http import AddressGuard, AddressRefused, ConnectFailed, HttpTimeout
from geminicrm.kernel.http.names import Resolver

PUBLIC = "93.184.215.14"


def public_resolver(_host: str, _port: int) -> list[str]:
    return [PUBLIC]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.255.255.254",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "0.0.0.0",  # noqa: S104 -- an address to be refused, nothing is bound
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "[::1]",
        "[::]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:93.184.215.14]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[2001:db8::1]",
    ],
)
def test_addresses_that_are_not_public_are_refused(host: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        AddressGuard().check(f"http://{host}/")
    assert caught.value.reason == "address"
    assert caught.value.sent is False


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://2130706433/", "spelling"),
        ("http://0x7f000001/", "spelling"),
        ("http://0x7f.1/", "spelling"),
        ("http://0177.0.0.1/", "spelling"),
        ("http://127.1/", "spelling"),
        ("http://127.0.0.1.2/", "spelling"),
        ("http://127.0.0.0x1/", "spelling"),
        ("http://localhost/", "name"),
        ("http://LOCALHOST./", "name"),
        ("http://a.localhost/", "name"),
        ("http://metadata.google.internal/", "name"),
        ("http://internal/", "name"),
        ("http://user@example.com/", "userinfo"),
        ("http://user:pass@example.com/", "userinfo"),
        ("http://@example.com/", "userinfo"),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://example.com/", "scheme"),
        ("//example.com/", "scheme"),
        ("", "scheme"),
        ("http://example.com:22/", "port"),
        ("http://example.com:25/", "port"),
        ("http://example.com:0/", "port"),
        ("http://example.com:3306/", "port"),
        ("http://example.com:5432/", "port"),
        ("http://example.com:6379/", "port"),
        ("http://example.com:9200/", "port"),
        ("http://example.com:11211/", "port"),
        ("http://example.com:27017/", "port"),
        ("http://example.com:65536/", "port"),
        ("http://example.com:x/", "port"),
        ("http:///path", "host"),
        ("http://./", "host"),
        ("http://exa%6dple.com/", "host"),
        ("http://a..b/", "host"),
        ("http://[fe80::1%25eth0]/", "host"),
        ("http://" + "a" * 64 + ".com/", "host"),
        ("http://\u00e9\u200b\ud7ff\u0301.com/", "host"),
        ("http://[::1/", "url"),
        ("http://[zz]/", "url"),
        ("http://example.com\\@127.0.0.1/", "url"),
        ("http://example.com/a b", "url"),
        ("http://example.com/\r\nX: 1", "url"),
        ("http://exam\tple.com/", "url"),
        ("http://example.com/" + "a" * 8192, "url"),
    ],
)
def test_odd_urls_are_refused_with_a_stable_reason(url: str, reason: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        AddressGuard(resolver=public_resolver).check(url)
    assert caught.value.reason == reason
    assert caught.value.extra["reason"] == reason


def test_full_width_digits_do_not_hide_a_loopback_address() -> None:
    with pytest.raises(AddressRefused):
        AddressGuard(resolver=public_resolver).check("http://\uff11\uff12\uff17\u30020.0.1/")


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "header"),
    [
        ("https://Example.COM", "example.com", 443, "/", "example.com"),
        ("http://example.com./x", "example.com", 80, "/x", "example.com"),
        ("http://example.com:8080/x?y=1#z", "example.com", 8080, "/x?y=1", "example.com:8080"),
        (
            "https://b\u00fccher.example/\u00e9",
            "xn--bcher-kva.example",
            443,
            "/%C3%A9",
            "xn--bcher-kva.example",
        ),
        (
            "https://example.com/a%20b?q=[1]&r=%0a",
            "example.com",
            443,
            "/a%20b?q=[1]&r=%0a",
            "example.com",
        ),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443, "/", "[2606:4700::1111]"),
        ("https://my_host.example/", "my_host.example", 443, "/", "my_host.example"),
    ],
)
def test_a_public_url_becomes_a_target(
    url: str, host: str, port: int, path: str, header: str
) -> None:
    target = AddressGuard(resolver=public_resolver).check(url)
    assert (target.host, target.port, target.path) == (host, port, path)
    assert target.host_header == header
    assert target.addresses


def test_every_resolved_address_must_pass() -> None:
    guard = AddressGuard(resolver=lambda _host, _port: [PUBLIC, "10.0.0.1"])
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        guard.check("http://example.com/")


def test_the_zone_of_an_answer_does_not_hide_it() -> None:
    guard = AddressGuard(resolver=lambda _host, _port: ["fe80::1%eth0"])
    with pytest.raises(AddressRefused):
        guard.check("http://example.com/")


def test_all_checked_addresses_are_pinned() -> None:
    guard = AddressGuard(resolver=lambda _host, _port: [PUBLIC, "2606:4700::1111"])
    assert guard.check("http://example.com/").addresses == (PUBLIC, "2606:4700::1111")


def test_https_may_be_required() -> None:
    guard = AddressGuard(resolver=public_resolver)
    assert guard.check("https://example.com/", https_only=True).scheme == "https"
    with pytest.raises(AddressRefused) as caught:
        guard.check("http://example.com/", https_only=True)
    assert caught.value.reason == "https"


def test_an_allowed_network_opens_its_addresses_and_local_names_in_it() -> None:
    guard = AddressGuard(["127.0.0.0/8", "::1/128"], lambda _host, _port: ["127.0.0.1", "::1"])
    assert guard.check("http://localhost:8000/").addresses == ("127.0.0.1", "::1")
    assert guard.check("http://127.0.0.9/").host == "127.0.0.9"
    with pytest.raises(AddressRefused):
        guard.check("http://10.0.0.1/")


def test_an_allowed_network_does_not_open_ports_or_mapped_spellings() -> None:
    guard = AddressGuard(["127.0.0.0/8"])
    with pytest.raises(AddressRefused, match="Port 6379"):
        guard.check("http://127.0.0.1:6379/")
    with pytest.raises(AddressRefused):
        guard.check("http://[::ffff:127.0.0.1]/")


def test_an_allowed_pair_opens_that_name_and_port_only() -> None:
    guard = AddressGuard(["search.lan:9200", "[::1]:8443"], lambda _host, _port: ["10.0.0.7"])
    assert guard.check("http://search.lan:9200/").addresses == ("10.0.0.7",)
    assert guard.check("https://[::1]:8443/").addresses == ("::1",)
    with pytest.raises(AddressRefused):
        guard.check("http://search.lan:8080/")
    with pytest.raises(AddressRefused):
        guard.check("http://other.lan:9200/")


@pytest.mark.parametrize(
    "entry", ["crm.lan", "10.0.0.0/99", "", "a:b", "a:70000", "u@a:80", "a:80/x", "10.1.2.3/8"]
)
def test_a_wrong_entry_of_the_allow_list_names_the_setting(entry: str) -> None:
    with pytest.raises(ConfigurationError, match="GEMINICRM_EGRESS_ALLOW"):
        AddressGuard([entry])


def unknown(_host: str, _port: int) -> list[str]:
    raise OSError("Name or service not known")


@pytest.mark.parametrize(
    "resolver",
    [unknown, lambda _host, _port: [], lambda _host, _port: ["nonsense"]],
    ids=["unknown", "empty", "nonsense"],
)
def test_a_name_without_address_is_a_failed_connection(resolver: Resolver) -> None:
    with pytest.raises(ConnectFailed, match=r"nowhere\.example") as caught:
        AddressGuard(resolver=resolver).check("http://nowhere.example/")
    assert caught.value.sent is False


def test_a_hanging_resolver_does_not_hang_the_caller() -> None:
    release = threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        release.wait(30)
        return []

    guard = AddressGuard(resolver=hang)
    target = guard.parse("http://slow.example/")
    with pytest.raises(HttpTimeout) as caught:
        guard.pin(target, 0.05)
    release.set()
    assert caught.value.stage == "resolve"
    assert caught.value.sent is False


def test_the_machines_resolver_knows_loopback() -> None:
    guard = AddressGuard(["127.0.0.0/8", "::1/128"])
    assert "127.0.0.1" in guard.check("http://localhost:8000/").addresses
