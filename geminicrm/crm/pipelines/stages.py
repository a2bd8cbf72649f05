"""The stages that a pipeline gets: those asked for, completed and checked."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from geminicrm.crm.shared.naming import fold
from geminicrm.kernel.errors import Finding, ValidationFailed

WON_KEY = "closed_won"
LOST_KEY = "closed_lost"
_KEY_LENGTH = 50
_SURE = {"won": 100, "lost": 0}
_ENDS = (
    {"key": WON_KEY, "name": "Closed won", "kind": "won"},
    {"key": LOST_KEY, "name": "Closed lost", "kind": "lost"},
)
DEFAULT_STAGES: tuple[Mapping[str, Any], ...] = (
    {"key": "prospecting", "name": "Prospecting", "kind": "open", "probability": 10},
    {"key": "qualification", "name": "Qualification", "kind": "open", "probability": 25},
    {"key": "proposal", "name": "Proposal", "kind": "open", "probability": 50},
    {"key": "negotiation", "name": "Negotiation", "kind": "open", "probability": 75},
    *_ENDS,
)


def complete(asked: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give every stage a key and a probability, and the pipeline an end for won and for lost.

    ValidationFailed for two stages of one key or id, and where no open stage is left.
    """
    stages = [{"kind": "open", **stage} for stage in asked]
    present = {stage["kind"] for stage in stages}
    stages.extend(dict(end) for end in _ENDS if end["kind"] not in present)
    count = sum(stage["kind"] == "open" for stage in stages)
    for position, stage in enumerate(stages):
        stage["key"] = stage.get("key") or _key(stage["name"], position)
        if stage.get("probability") is None:
            likely = round(100 * (position + 1) / (count + 1))
            stage["probability"] = _SURE.get(stage["kind"], min(likely, 95))
    findings = _twice(stages, "key") + _twice(stages, "id")
    if not count:
        findings.append(Finding("/stages", "no_open_stage", "At least one stage has to be open."))
    if findings:
        raise ValidationFailed(findings)
    return stages


def _key(name: str, position: int) -> str:
    words = re.findall(r"[a-z0-9]+", fold(name))
    return "_".join(words)[:_KEY_LENGTH].strip("_") or f"stage_{position + 1}"


def _twice(stages: Sequence[Mapping[str, Any]], field: str) -> list[Finding]:
    seen: set[object] = set()
    findings = []
    for position, stage in enumerate(stages):
        value = stage.get(field)
        if value is not None and value in seen:
            findings.append(
                Finding(f"/stages/{position}/{field}", "twice", f"{value!r} is there already.")
            )
        seen.add(value)
    return findings
