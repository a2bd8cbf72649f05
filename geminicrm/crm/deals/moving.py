"""How a deal moves: its stage decides its status, and a status finds its stage."""

from collections.abc import Sequence

from geminicrm.crm.deals.events import DealLost, DealStageChanged, DealWon
from geminicrm.crm.pipelines.service import Place, places
from geminicrm.crm.pipelines.stages import LOST_KEY, WON_KEY
from geminicrm.crm.shared.spec import Change, Rest
from geminicrm.kernel.events import Event
from geminicrm.kernel.work import Work

_KEYS = {"won": WON_KEY, "lost": LOST_KEY, "open": ""}
_MOVING = ("pipeline_id", "stage_id", "status")
_OUTCOMES: dict[str, type[Event]] = {"won": DealWon, "lost": DealLost}


def place(work: Work, change: Change) -> None:
    """Find the stage that a change leads to, and what follows from it.

    A deal without pipeline and stage comes to the first stage of the default pipeline.
    """
    before = change.before or {}
    if change.before is None or change.changes(*_MOVING):
        target = _target(change, places(work))
        if target is None:
            return
        change.values["pipeline_id"] = target.pipeline_id
        change.values["stage_id"] = target.id
        change.values["status"] = target.kind
        if target.kind == "open":
            change.values["closed_at"] = None
        elif target.kind != before.get("status"):
            change.values["closed_at"] = work.now
    if change.merged["status"] != "lost":
        if change.values.get("lost_reason") is not None:
            change.refuse("/lost_reason", "not_lost", "Only a lost deal has a reason.")
        change.values["lost_reason"] = None


def moves(before: Rest | None, after: Rest) -> Sequence[Event]:
    """Name the events that a move is, beside the update itself."""
    told = {"object_id": after["id"], "object_version": after["version"]}
    events: list[Event] = []
    if before is not None and before["stage_id"] != after["stage_id"]:
        ends = {"from_stage_id": before["stage_id"], "to_stage_id": after["stage_id"]}
        events.append(DealStageChanged(**told, data={**after, **ends}))
    status = after["status"]
    if status in _OUTCOMES and (before is None or before["status"] != status):
        events.append(_OUTCOMES[status](**told, data=after))
    return events


def _target(change: Change, stages: Sequence[Place]) -> Place | None:
    asked = {
        name: change.values[name]
        for name in _MOVING
        if change.values.get(name) is not None and change.changes(name)
    }
    if "stage_id" in asked:
        return _named(change, asked, stages)
    before = change.before or {}
    pipeline = asked.get("pipeline_id") or before.get("pipeline_id") or stages[0].pipeline_id
    kind = asked.get("status") or before.get("status") or "open"
    found = [each for each in stages if each.pipeline_id == pipeline and each.kind == kind]
    if not found:
        change.refuse("/pipeline_id", "not_found", f"There is no pipeline {pipeline!r} here.")
        return None
    return next((each for each in found if each.key == _KEYS[kind]), found[0])


def _named(change: Change, asked: Rest, stages: Sequence[Place]) -> Place | None:
    wanted = asked["stage_id"]
    found = next((each for each in stages if each.id == wanted), None)
    if found is None:
        change.refuse("/stage_id", "not_found", f"There is no stage {wanted!r} here.")
        return None
    if asked.get("pipeline_id", found.pipeline_id) != found.pipeline_id:
        change.refuse("/stage_id", "other_pipeline", "The stage belongs to another pipeline.")
    if asked.get("status", found.kind) != found.kind:
        change.refuse("/status", "other_stage", f"Deals in this stage are {found.kind}.")
    return found
