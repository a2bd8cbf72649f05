"""The forms of settings: each reads a text or raises ValueError."""

import ipaddress
from typing import Final

_DAY_SECONDS: Final = 86_400


def _between(text: str, low: int, high: int) -> int:
    number = int(text)
    if not low <= number <= high:
        raise ValueError(text)
    return number


def port(text: str) -> int:
    """Read a port."""
    return _between(text, 1, 65535)


def count(text: str) -> int:
    """Read a number of processes or threads."""
    return _between(text, 1, 64)


def days(text: str) -> int:
    """Read days, up to a year."""
    return _between(text, 1, 365)


def seconds(text: str) -> float:
    """Read seconds."""
    number = float(text)
    if not number > 0:
        raise ValueError(text)
    return number


def seconds_or_none(text: str) -> float:
    """Read seconds up to a day, or 0."""
    number = float(text)
    if not 0 <= number <= _DAY_SECONDS:
        raise ValueError(text)
    return number


def flag(text: str) -> bool:
    """Read yes or no."""
    known = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    if text.lower() not in known:
        raise ValueError(text)
    return known[text.lower()]


def log_level(text: str) -> str:
    """Read the name of a log level."""
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError(text)
    return text.upper()


def egress(text: str) -> tuple[str, ...]:
    """Read a list of networks and of hosts with ports."""
    entries = tuple(part.strip() for part in text.split(",") if part.strip())
    for entry in entries:
        host, _, port = entry.rpartition(":")
        if not (host and port.isdigit()):
            ipaddress.ip_network(entry, strict=False)
    return entries


def names(text: str) -> tuple[str, ...]:
    """Read a list of names."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def one_of(names: tuple[str, ...], text: str) -> str:
    """Read one of these words."""
    if text not in names:
        raise ValueError(text)
    return text
