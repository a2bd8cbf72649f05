"""Which network addresses the core may call: the public internet, less the special ranges.

The table is our own and not `ipaddress.is_global`, whose answers changed between Python releases.
Source: IANA IPv4 and IPv6 Special-Purpose Address Registries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Self
from urllib.parse import urlsplit

from geminicrm.kernel.errors import ConfigurationError

_REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # "this network": 0.0.0.0 reaches the own machine
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier NAT; metadata service of Alibaba
        "127.0.0.0/8",
        "168.63.129.16/32",  # public by its number, yet the platform service of Azure machines
        "169.254.0.0/16",  # link local; metadata services
        "172.16.0.0/12",
        "192.0.0.0/24",  # metadata service of Oracle
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Only 2000::/3 is handed out as global unicast: this one rule refuses ::1, ::ffff:0:0/96 (mapped
# IPv4), 64:ff9b::/96 (NAT64), fc00::/7, fe80::/10 and multicast.
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments; Teredo wraps IPv4 addresses
        "2001:db8::/32",
        "2002::/16",  # 6to4 wraps IPv4 addresses
        "3fff::/20",
    )
)
_LOWEST_FREE_PORT = 1024
_WEB_PORTS = frozenset({80, 443})
_MAIL_PORTS = frozenset({25, 143, 465, 587, 993})
# Databases and caches that answer to HTTP-like bytes or hold everything without a password.
_STORE_PORTS = frozenset({3306, 5432, 6379, 9200, 11211, 27017})


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address is one of the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    return address in _GLOBAL_V6 and not any(address in network for network in _REFUSED_V6)


def is_usual_port(port: int) -> bool:
    """Say whether a port is one that web services use: 80, 443, or 1024 up less the stores'."""
    return port in _WEB_PORTS or (port >= _LOWEST_FREE_PORT and port not in _STORE_PORTS)


def is_mail_port(port: int) -> bool:
    """Say whether a port is one that mail servers use: the usual ones, or 1024 up as above."""
    return port in _MAIL_PORTS or (is_usual_port(port) and port not in _WEB_PORTS)


@dataclass(frozen=True)
class AllowList:
    """What the operator lets the core call beside the public internet.

    A network opens its addresses; a `host:port` pair opens that name and that port, whatever
    address the name has.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    pairs: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def parse(cls, entries: Sequence[str]) -> Self:
        """Read the entries of GEMINICRM_EGRESS_ALLOW; ConfigurationError names a wrong one."""
        networks: list[IPv4Network | IPv6Network] = []
        pairs: set[tuple[str, int]] = set()
        for entry in entries:
            try:
                networks.append(ip_network(entry))
            except ValueError:
                pairs.add(_parse_pair(entry))
        return cls(tuple(networks), frozenset(pairs))

    def opens_address(self, address: IPv4Address | IPv6Address) -> bool:
        """Say whether a network of the operator holds this address."""
        return any(address in network for network in self.networks)

    def opens_pair(self, host: str, port: int) -> bool:
        """Say whether the operator listed this very host and port."""
        return (host, port) in self.pairs


def _parse_pair(entry: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{entry}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or parts.path or "@" in entry:
        raise ConfigurationError(
            "GEMINICRM_EGRESS_ALLOW", entry, "networks (10.1.0.0/16) or host:port (crm.lan:8443)"
        )
    return host, port
