"""Moderation: all that keeps the marketplace clean, in one place."""

from dataclasses import dataclass

from geminicrm.kernel.work import Works
from marketplace.blobs import Blobs
from marketplace.moderation.advisories import Advisories
from marketplace.moderation.decisions import Decisions
from marketplace.moderation.kills import Kills
from marketplace.moderation.notices import Notices
from marketplace.moderation.queue import Queue
from marketplace.moderation.telling import Telling
from marketplace.signing.registry_keys import RegistryKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """The parts of moderation in one process."""

    queue: Queue
    decisions: Decisions
    kills: Kills
    advisories: Advisories
    notices: Notices
    telling: Telling


def build_moderation(works: Works, blobs: Blobs, keys: RegistryKeys) -> Moderation:
    """Make them."""
    notices = Notices(works, keys)
    kills, advisories = Kills(works, notices), Advisories(works, notices)
    return Moderation(
        queue=Queue(works, blobs),
        decisions=Decisions(works, notices),
        kills=kills,
        advisories=advisories,
        notices=notices,
        telling=Telling(works, kills, advisories),
    )
