"""Stages of deals here and over there, matched by what they are called."""

from collections.abc import Mapping, Sequence
from typing import Any

from extensions.sdk.capabilities.crm_sync import Pipeline, Stage
from geminicrm.crm.shared.naming import fold

FarPlace = tuple[str, str]
_CERTAIN = 0.5
_Rest = Mapping[str, Any]


class Stages:
    """Knows which stage is which. A pipeline without a namesake belongs with the first one.

    Stages belong together by name; a closed one without a namesake belongs with the stage that is
    won or lost as it is.
    """

    def __init__(self, ours: Sequence[_Rest], theirs: Sequence[Pipeline]) -> None:
        self._to_ours: dict[FarPlace, str] = {}
        self._to_far: dict[str, FarPlace] = {}
        for far in theirs:
            self._match_theirs(far, _named(far.label, {one["name"]: one for one in ours}))
        for own in ours:
            self._match_ours(own, _named(own["name"], {one.label: one for one in theirs}))

    def ours(self, pipeline: str, stage: str) -> str | None:
        """Give our stage's id for one of theirs; None where nothing fits."""
        return self._to_ours.get((pipeline, stage))

    def theirs(self, stage: str) -> FarPlace | None:
        """Give their pipeline and stage for one of ours; None where nothing fits."""
        return self._to_far.get(stage)

    def _match_theirs(self, far: Pipeline, own: _Rest | None) -> None:
        stages: Sequence[_Rest] = own["stages"] if own is not None else ()
        names = {fold(one["name"]): one["id"] for one in stages}
        kinds = {one["kind"]: one["id"] for one in reversed(stages) if one["kind"] != "open"}
        for stage in far.stages:
            found = names.get(fold(stage.label), kinds.get(_outcome(stage)))
            if found is not None:
                self._to_ours[far.id, stage.id] = found

    def _match_ours(self, own: _Rest, far: Pipeline | None) -> None:
        stages = far.stages if far is not None else ()
        names = {fold(one.label): one for one in stages}
        kinds = {_outcome(one): one for one in reversed(stages) if one.closed}
        for stage in own["stages"]:
            found = names.get(fold(stage["name"]), kinds.get(stage["kind"]))
            if found is not None and far is not None:
                self._to_far[stage["id"]] = (far.id, found.id)


def _named(name: str, choices: Mapping[str, Any]) -> Any:
    by_name = {fold(one): choice for one, choice in reversed(list(choices.items()))}
    return by_name.get(fold(name), next(iter(choices.values()), None))


def _outcome(stage: Stage) -> str:
    if not stage.closed:
        return "open"
    return "won" if (stage.probability or 0.0) > _CERTAIN else "lost"
