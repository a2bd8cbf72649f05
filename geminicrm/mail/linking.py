"""Where the mail behind an activity can be read."""

from collections.abc import Sequence

from sqlalchemy import select

from geminicrm.kernel.work import Work
from geminicrm.mail.models import FILED, OutgoingMail, StoredMail
from geminicrm.mail.writing import SEND


def mail_urls(work: Work, activity_ids: Sequence[str]) -> dict[str, str]:
    """Give the page of each mail by its activity, as far as the actor may open it."""
    if not activity_ids:
        return {}
    came = select(StoredMail.activity_id, StoredMail.id).where(
        StoredMail.activity_id.in_(activity_ids), StoredMail.state == FILED
    )
    went = select(OutgoingMail.activity_id, OutgoingMail.id).where(
        OutgoingMail.activity_id.in_(activity_ids)
    )
    found = {str(row[0]): f"/inbox/{row[1]}" for row in work.session.execute(came)}
    if work.actor.allows(SEND):
        found |= {str(row[0]): f"/outbox/{row[1]}" for row in work.session.execute(went)}
    return found
