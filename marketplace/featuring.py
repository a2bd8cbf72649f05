"""What is shown first, as the operators choose."""

from geminicrm.kernel.errors import Conflict, ScopeMissing
from geminicrm.kernel.work import Actor, Works
from marketplace.visibility import PUBLIC, seen

OPERATE = "operate:instance"


class Featuring:
    """Where operators choose what people see first."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def place(self, actor: Actor, extension_id: str, place: int | None) -> None:
        """Give an extension a place among the featured ones, the lowest first; None takes it away.

        ScopeMissing, UnknownExtension; Conflict for one that not everybody sees.
        """
        if not actor.allows(OPERATE):
            raise ScopeMissing(OPERATE, actor.label)
        with self._works.write(actor) as work:
            row = seen(work, actor.workspace_id, extension_id)
            if row.visibility != PUBLIC:
                raise Conflict(f"{extension_id!r} is private to a workspace: others can't see it.")
            row.featured = place
            work.audit("extension.featured", extension_id, {"place": place})
