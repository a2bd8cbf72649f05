"""Tables of statistics: what happened to a version on a day, and its errors in groups.

`extension_id` is the key of the extension's row everywhere here.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from geminicrm.kernel.db import Base


class VersionDay(Base):
    """What happened with one version on one day (UTC)."""

    __tablename__ = "version_days"

    extension_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(100), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    downloads: Mapped[int] = mapped_column(BigInteger, default=0)
    installs: Mapped[int] = mapped_column(BigInteger, default=0)
    upgrades: Mapped[int] = mapped_column(BigInteger, default=0)
    returns: Mapped[int] = mapped_column(BigInteger, default=0)
    uninstalls: Mapped[int] = mapped_column(BigInteger, default=0)


class ErrorGroup(Base):
    """Failures of one version that have the same kind, place and reason; no customer's data.

    `fingerprint` is the SHA-256 of those in hex.
    """

    __tablename__ = "error_groups"

    extension_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(100), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    place: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(Text)
    count: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class ErrorSighting(Base):
    """One installation that an error group was seen in, by a name that nobody else knows it by."""

    __tablename__ = "error_sightings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["extension_id", "version", "fingerprint"],
            ["error_groups.extension_id", "error_groups.version", "error_groups.fingerprint"],
            ondelete="CASCADE",
        ),
    )

    extension_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(100), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    installation: Mapped[str] = mapped_column(String(16), primary_key=True)
