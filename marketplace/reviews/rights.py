"""Who may say what in reviews."""

from sqlalchemy import select

from geminicrm.identity.models import Membership
from geminicrm.kernel.work import Work
from geminicrm.runtime.history.models import InstalledVersion, RemovedInstallation
from geminicrm.runtime.models import EMBEDDED, Installation
from marketplace.models import RegistryExtension
from marketplace.publishers.models import PublisherMember, PublisherRow
from marketplace.visibility import PUBLIC

REVIEW = "manage:extensions"
OPERATE = "operate:instance"


def version_used(work: Work, extension_id: str) -> str | None:
    """Give the version that the workspace has, else the last that it had; None for neither."""
    now = select(Installation.version).where(
        Installation.extension_id == extension_id, Installation.registry_id == EMBEDDED
    )
    before = (
        select(InstalledVersion.version)
        .where(
            InstalledVersion.extension_id == extension_id,
            InstalledVersion.registry_id == EMBEDDED,
        )
        .order_by(InstalledVersion.since.desc())
    )
    removed = (
        select(RemovedInstallation.version)
        .where(RemovedInstallation.extension_id == extension_id)
        .order_by(RemovedInstallation.removed_at.desc())
    )
    found = (work.session.scalars(query.limit(1)).first() for query in (now, before, removed))
    return next((version for version in found if version is not None), None)


def why_not(work: Work, extension: RegistryExtension) -> str:
    """Say what keeps the actor's workspace from reviewing an extension; "" for nothing."""
    if not work.actor.allows(REVIEW):
        return "Those who manage extensions here write its review."
    if extension.visibility != PUBLIC:
        return "It is private to this workspace: nobody else would read a review."
    if _is_own(work, extension):
        return "Somebody in this workspace publishes it: nobody reviews what is their own."
    if version_used(work, extension.extension_id) is None:
        return "Only workspaces that have installed it review it."
    return ""


def answers_for(work: Work, extension: RegistryExtension, user_id: str) -> bool:
    """Tell whether somebody may reply for the publisher; operators do for the core."""
    if extension.built_in:
        return work.actor.allows(OPERATE)
    member = work.session.get(PublisherMember, (extension.publisher_id, user_id))
    return member is not None


def _is_own(work: Work, extension: RegistryExtension) -> bool:
    publisher = work.session.get(PublisherRow, extension.publisher_id)
    if publisher is not None and publisher.workspace_id == work.workspace_id:
        return True
    # One workspace has one voice, so no colleague of a publisher lends it to them.
    colleagues = (
        select(PublisherMember.user_id)
        .join(Membership, Membership.user_id == PublisherMember.user_id)
        .where(PublisherMember.publisher_id == extension.publisher_id)
    )
    return work.session.scalars(colleagues.limit(1)).first() is not None
