"""What authors are told of their extensions."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFigures:
    """What became of one version in the days that were asked for; `active` is as of now."""

    version: str
    active: int
    downloads: int
    installs: int
    upgrades: int
    returns: int
    uninstalls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """One day (UTC) of all versions together."""

    day: date
    downloads: int
    installs: int
    upgrades: int
    returns: int
    uninstalls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The last days of an extension: by version, the most used first, and day by day."""

    versions: tuple[VersionFigures, ...]
    days: tuple[DayFigures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Failures that are alike, with the number of installations that had them."""

    version: str
    kind: str
    place: str
    reason: str
    count: int
    installations: int
    first_at: datetime
    last_at: datetime
