"""Advisories: warnings about versions, made by operators and by publishers for their own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor, Works
from geminicrm.runtime.semver import NotAVersion, SemVer
from marketplace.moderation.access import own_row
from marketplace.moderation.errors import LiftedAlready, UnknownNotice
from marketplace.moderation.kills import checked_target
from marketplace.moderation.models import Advisory
from marketplace.moderation.notices import Notices

SEVERITIES: Final = ("low", "moderate", "high", "critical")
MOST_TITLE: Final = 200
MOST_BODY: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """An advisory as people see it; `body` is Markdown."""

    id: str
    extension_id: str
    affected: str
    severity: str
    title: str
    body: str
    fixed_in: str | None
    published_at: datetime | None
    published_by: str
    withdrawn_at: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {
            "id": self.id,
            "extension_id": self.extension_id,
            "affected": self.affected,
            "severity": self.severity,
            "title": self.title,
            "body": self.body,
            "fixed_in": self.fixed_in,
            "published_at": format_instant(self.published_at) if self.published_at else None,
            "published_by": self.published_by,
            "withdrawn_at": format_instant(self.withdrawn_at) if self.withdrawn_at else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Warn:
    """What somebody wants to warn of."""

    affected: str
    severity: str
    title: str
    body: str = ""
    fixed_in: str | None = None


class Advisories:
    """Makes, withdraws and reads them."""

    def __init__(self, works: Works, notices: Notices) -> None:
        self._works = works
        self._notices = notices

    def make(self, actor: Actor, extension_id: str, warn: Warn) -> Warned:
        """Publish one. ScopeMissing, UnknownExtension, NotYours, ValidationFailed."""
        with self._works.write(actor) as work:
            extension = own_row(work, extension_id)
            name, affected = checked_target(extension.extension_id, warn.affected)
            _check(warn)
            row = Advisory(
                id=new_id("adv"),
                extension_id=name,
                affected=affected,
                severity=warn.severity,
                title=warn.title.strip(),
                body=warn.body.strip(),
                fixed_in=warn.fixed_in or None,
                published_at=work.now,
                published_by=work.actor.label,
            )
            work.session.add(row)
            told = {"id": row.id, "affected": affected, "severity": row.severity}
            work.audit("advisory.published", name, told)
        self._notices.renew()
        return _warned(row)

    def withdraw(self, actor: Actor, advisory_id: str, extension_id: str | None = None) -> Warned:
        """Take one back, of `extension_id` where that is named.

        ScopeMissing, UnknownNotice, NotYours, LiftedAlready.
        """
        with self._works.write(actor) as work:
            row = work.session.get(Advisory, advisory_id)
            if row is None or extension_id not in {None, row.extension_id}:
                raise UnknownNotice("advisory", advisory_id)
            own_row(work, row.extension_id)
            if row.withdrawn_at is not None:
                raise LiftedAlready(f"The advisory {advisory_id} was withdrawn before.")
            row.withdrawn_at = work.now
            work.audit("advisory.withdrawn", row.extension_id, {"id": row.id})
        self._notices.renew()
        return _warned(row)

    def of(self, actor: Actor, extension_id: str | None = None) -> list[Warned]:
        """Give those in force, of one extension or all, the newest first."""
        statement = select(Advisory).where(Advisory.withdrawn_at.is_(None))
        if extension_id is not None:
            statement = statement.where(Advisory.extension_id == extension_id)
        with self._works.read(actor) as work:
            return [
                _warned(row) for row in work.session.scalars(statement.order_by(Advisory.id.desc()))
            ]


def warned_in(notices: Mapping[str, Any]) -> Iterator[Warned]:
    """Read the advisories off another registry's notices; one that can't be read is left out."""
    for one in notices.get("advisories", ()):
        severity = str(one.get("severity", ""))
        if not {"extension_id", "affected", "title"} <= set(one):
            continue
        yield Warned(
            id=str(one.get("id", "")),
            extension_id=str(one["extension_id"]),
            affected=str(one["affected"]),
            severity=severity if severity in SEVERITIES else "high",
            title=str(one["title"])[:MOST_TITLE],
            body=str(one.get("body", ""))[:MOST_BODY],
            fixed_in=str(one["fixed_in"]) if one.get("fixed_in") else None,
            published_at=None,
            published_by="",
        )


def _check(warn: Warn) -> None:
    found = []
    if warn.severity not in SEVERITIES:
        message = f"{warn.severity[:40]!r} is none of {', '.join(SEVERITIES)}."
        found.append(Finding("/severity", "wrong_value", message))
    if not 0 < len(warn.title.strip()) <= MOST_TITLE:
        message = f"Say in 1 to {MOST_TITLE} characters what is wrong."
        found.append(Finding("/title", "wrong_length", message))
    if len(warn.body) > MOST_BODY:
        found.append(Finding("/body", "wrong_length", f"At most {MOST_BODY} characters."))
    if warn.fixed_in and not _is_version(warn.fixed_in):
        message = f"{warn.fixed_in[:40]!r} is no version such as 1.2.1."
        found.append(Finding("/fixed_in", "wrong_form", message))
    if found:
        raise ValidationFailed(found)


def _is_version(text: str) -> bool:
    try:
        SemVer.parse(text)
    except NotAVersion:
        return False
    return True


def _warned(row: Advisory) -> Warned:
    return Warned(
        id=row.id,
        extension_id=row.extension_id,
        affected=row.affected,
        severity=row.severity,
        title=row.title,
        body=row.body,
        fixed_in=row.fixed_in,
        published_at=row.published_at,
        published_by=row.published_by,
        withdrawn_at=row.withdrawn_at,
    )
