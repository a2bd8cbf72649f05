"""What the test receiver does: it is made when first asked for, keeps the latest, forgets."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, select

from geminicrm.kernel.errors import Finding, NotFound, ValidationFailed
from geminicrm.kernel.http import Target
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work, Works
from geminicrm.webhooks.receiver.models import Caught, WebhookReceiver

MANAGE: Final = "manage:webhooks"
READ: Final = "read:webhooks"
ANSWERS: Final = (200, 204, 301, 400, 410, 429, 500, 503)
KEPT: Final = 50
"""So many of the latest requests are kept."""
MOST_BYTES: Final = 262_144
_TOKEN_BYTES: Final = 24
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32}")
_MOST_QUERY: Final = 2000
_MOST_VALUE: Final = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A request as it came in; `body` may be cut, `size` is what it had."""

    method: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    size: int


class Receivers:
    """The test receivers of all workspaces."""

    def __init__(self, works: Works, public_url: str) -> None:
        self._works = works
        self.prefix = f"{public_url.rstrip('/')}/webhooks/test/"

    def url(self, row: WebhookReceiver) -> str:
        """Give the address at which it receives."""
        return self.prefix + row.token

    def is_own(self, target: Target) -> bool:
        """Tell whether a call goes to a test receiver of this server, and nowhere else on it.

        Who tries things out on one machine has no public address that deliveries could go to.
        """
        url = target.origin + target.path
        token = url.removeprefix(self.prefix)
        return url.startswith(self.prefix) and _TOKEN.fullmatch(token) is not None

    def find(self, work: Work) -> WebhookReceiver | None:
        """Give the workspace's; None where it has none yet."""
        return work.session.scalar(select(WebhookReceiver))

    def make(self, work: Work) -> WebhookReceiver:
        """Give the workspace's with a new address; one that was there before is heard no more."""
        work.require(MANAGE)
        row = self.find(work)
        if row is None:
            row = WebhookReceiver(
                id=new_id("whk"), workspace_id=work.workspace_id, created_at=work.now
            )
            work.session.add(row)
        row.token = secrets.token_urlsafe(_TOKEN_BYTES)
        work.audit("webhook_receiver.made", row.id, {})
        return row

    def answer_with(self, work: Work, status: int) -> None:
        """Choose the status that it answers with. Raises ValidationFailed, NotFound."""
        work.require(MANAGE)
        if status not in ANSWERS:
            known = ", ".join(str(one) for one in ANSWERS)
            message = f"Choose one of {known}."
            raise ValidationFailed([Finding("/answer", "unknown_status", message)])
        self._own(work).answer = status

    def clear(self, work: Work) -> None:
        """Forget what has arrived. Raises NotFound."""
        work.require(MANAGE)
        work.session.execute(delete(Caught).where(Caught.receiver_id == self._own(work).id))

    def caught(self, work: Work) -> Sequence[Caught]:
        """Give what has arrived, the latest first."""
        work.require(READ)
        return work.session.scalars(select(Caught).order_by(Caught.id.desc()).limit(KEPT)).all()

    def catch(self, token: str, arrived: Arrived) -> int:
        """Keep what came in, and give the status to answer with. Raises NotFound."""
        with self._works.across_workspaces("webhooks: a test receiver", write=True) as work:
            row = work.session.scalar(select(WebhookReceiver).where(WebhookReceiver.token == token))
            if row is None:
                raise NotFound("test receiver", "")
            work.session.add(_row(row, arrived, work))
            work.session.flush()
            kept = (
                select(Caught.id)
                .where(Caught.receiver_id == row.id)
                .order_by(Caught.id.desc())
                .limit(KEPT)
            )
            work.session.execute(
                delete(Caught).where(Caught.receiver_id == row.id, Caught.id.not_in(kept))
            )
            return row.answer

    def _own(self, work: Work) -> WebhookReceiver:
        row = self.find(work)
        if row is None:
            raise NotFound("test receiver", "")
        return row


def _row(receiver: WebhookReceiver, arrived: Arrived, work: Work) -> Caught:
    headers: dict[str, Any] = {
        storable(name, 200): storable(value, _MOST_VALUE) for name, value in arrived.headers.items()
    }
    return Caught(
        id=new_id("whc"),
        workspace_id=receiver.workspace_id,
        receiver_id=receiver.id,
        at=work.now,
        method=arrived.method[:10],
        query=storable(arrived.query, _MOST_QUERY),
        headers=headers,
        body=arrived.body[:MOST_BYTES],
        size=arrived.size,
        answer=receiver.answer,
    )
