"""Notifications by mail: to the admins who want them, once each."""

from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

import structlog
from sqlalchemy import select

from extensions.sdk.capabilities.email import Address
from geminicrm.identity.actor import SystemActor
from geminicrm.identity.models import Membership, User, Workspace
from geminicrm.identity.permissions import ROLES
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.work import Work, Works
from geminicrm.mail.writing import SENDING_KIND, write_own_mail
from geminicrm.members.doors_needed import Senders
from geminicrm.members.own_mails import OwnMails, Told
from geminicrm.notifications.models import Notification
from geminicrm.notifications.service import READERS

CHOICES: Final = ("all", "critical", "never")
_CRITICAL: Final = "error"
_AT_ONCE: Final = 100
# What comes and goes in turn is mailed once an hour at most.
_CALM: Final = timedelta(hours=1)
_CONNECTION: Final = "connection:"
_log = structlog.get_logger(__name__)


def choose(work: Work, user_id: str, choice: str) -> None:
    """Keep which notifications are mailed to a user. Raises ValidationFailed."""
    if choice not in CHOICES:
        message = f"Use one of {', '.join(CHOICES)}."
        raise ValidationFailed([Finding("/notice_mails", "unknown", message)])
    user = work.session.get_one(User, user_id)
    work.audit("notice_mails.changed", user_id, {"was": user.notice_mails, "now": choice})
    user.notice_mails = choice


class NotificationMails:
    """Looks for notifications that nobody was mailed about yet; any number of workers may do so.

    A notification is marked in the transaction that stores its mails, so each is mailed once,
    however often it is raised while it is open. Where nobody can send mail just then, none is
    written: the bell shows it anyway.
    """

    def __init__(self, works: Works, mails: OwnMails, senders: Senders) -> None:
        self._works = works
        self._mails = mails
        self._senders = senders

    def step(self) -> None:
        """Write what is to be written."""
        with self._works.across_workspaces("notifications: what is not mailed yet") as work:
            rows = work.session.execute(
                select(Notification.id, Notification.workspace_id)
                .where(Notification.mailed_at.is_(None), Notification.resolved_at.is_(None))
                .order_by(Notification.id)
                .limit(_AT_ONCE)
            ).all()
        for notification_id, workspace_id in rows:
            actor = SystemActor(workspace_id)
            able = bool(self._senders.accounts(actor))
            with self._works.write(actor) as work:
                self._tell(work, notification_id, able=able)

    def _tell(self, work: Work, notification_id: str, *, able: bool) -> None:
        row = work.session.scalar(
            select(Notification)
            .where(Notification.id == notification_id, Notification.mailed_at.is_(None))
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return
        quiet = not able or self._is_about_mail(row) or _was_told(work, row)
        row.mailed_at = work.now
        if quiet:
            return
        workspace = work.session.get_one(Workspace, row.workspace_id).name
        told = Told(workspace=workspace, title=row.title, body=row.body, link=row.link)
        for user in _readers(work, critical=row.severity == _CRITICAL):
            self._write(work, user, told)

    def _write(self, work: Work, user: User, told: Told) -> None:
        to = Address(email=user.email, name=user.name)
        try:
            write_own_mail(work, self._mails.notice(to, told))
        except ValidationFailed as error:
            # One address that is none must not keep the others, nor what comes next, from going.
            _log.warning("a notification can't be mailed", user=user.id, error=error.detail)

    def _is_about_mail(self, row: Notification) -> bool:
        """Tell whether it says that mail fails: a mail about that would fail, and tell again."""
        if SENDING_KIND in parse_qs(urlsplit(row.link).query).get("kind", []):
            return True
        kind, _, connection_id = row.key.partition(_CONNECTION)
        return not kind and self._senders.sends_mail(row.workspace_id, connection_id)


def _was_told(work: Work, row: Notification) -> bool:
    lately = select(Notification.id).where(
        Notification.key == row.key,
        Notification.id != row.id,
        Notification.mailed_at > work.now - _CALM,
    )
    return work.session.scalar(lately.limit(1)) is not None


def _readers(work: Work, *, critical: bool) -> list[User]:
    wanted = ("all", "critical") if critical else ("all",)
    roles = [role for role, scopes in ROLES.items() if READERS in scopes]
    rows = work.session.execute(
        select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.role.in_(roles), User.is_active, User.notice_mails.in_(wanted))
        .order_by(User.id)
    )
    return [user for user, _membership in rows]
