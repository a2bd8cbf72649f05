"""Plans as pages show them: grouped lines in people's words, and what a form agrees to."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from flask import request

from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.enforcement import ISOLATION_WORDS, enforcements
from geminicrm.runtime.plan import ANNOUNCES, BACKGROUND, Plan, announces
from geminicrm.runtime.plan_lines import HostLine, OwnEventLine, ScopeLine
from geminicrm.runtime.problems import trust_sentence

Line = dict[str, Any]
_HEADINGS = {
    "view": "View",
    "change": "Change",
    "send": "Send outside",
    "run": "Run in the background",
    "manage": "Manage",
}


def shown(plan: Plan) -> dict[str, Any]:
    """Give what templates draw of a plan, and of each that comes with it."""
    return {
        "plan": plan,
        "groups": groups(plan),
        "added": list(_added(plan)),
        "removed": list(_removed(plan)),
        "optional": [_line(each) for each in plan.optional_scopes],
        "unchanged": [_line(each) for each in plan.changes.scopes_unchanged],
        "isolation_words": ISOLATION_WORDS[plan.isolation],
        "enforcement": enforcements(plan.isolation),
        "trust_sentence": trust_sentence(plan.extension_id),
        "parts": [shown(part) for part in plan.parts],
    }


def groups(plan: Plan) -> list[dict[str, Any]]:
    """Give the permissions as people read them, by what they do."""
    lines = [_line(each) for each in plan.scopes]
    lines += [_host(each) for each in plan.network]
    lines += [_background(*each) for each in plan.background()]
    return [
        {"heading": heading, "scopes": [line for line in lines if line["group"] == group]}
        for group, heading in _HEADINGS.items()
        if any(line["group"] == group for line in lines)
    ]


def unsigned(plan: Plan) -> list[str]:
    """Name those of an order that nobody has signed."""
    return [one.name for one in plan.every if not (one.signed or one.built_in)]


def request_for(plan: Plan) -> InstallRequest:
    """Read what the form agrees to: exactly the plan that was shown, and what was chosen in it."""
    optional = {line.scope for line in plan.optional_scopes}
    chosen = [scope for scope in request.form.getlist("optional_scope") if scope in optional]
    upgrades = plan.kind == "upgrade"
    needed = plan.changes.scopes_added if upgrades else plan.scopes
    return InstallRequest(
        extension_id=plan.extension_id,
        version=plan.version,
        grant=[*(line.scope for line in needed), *chosen],
        grants={
            part.extension_id: [
                line.scope
                for line in (part.scopes if part.kind == "install" else part.changes.scopes_added)
            ]
            for part in plan.parts
        },
        trust=" ".join(_typed(plan)) or None,
        allow_unsigned="allow_unsigned" in request.form,
    )


def _typed(plan: Plan) -> Iterator[str]:
    for one in plan.every:
        typed = request.form.get(trust_field(plan, one), "").strip()
        if typed == one.extension_id:
            yield typed


def trust_field(plan: Plan, one: Plan) -> str:
    """Name the field in which the id of one of an order is typed."""
    return "trust" if one.extension_id == plan.extension_id else f"trust-{one.extension_id}"


def _added(plan: Plan) -> Iterator[Line]:
    changes = plan.changes
    yield from (_line(each) for each in changes.scopes_added)
    yield from (_host(each) for each in changes.hosts_added)
    yield from _behind(changes.events_added, changes.hooks_added)
    yield from map(_announced, changes.own_events_added)


def _removed(plan: Plan) -> Iterator[Line]:
    changes = plan.changes
    yield from (_line(each) for each in changes.scopes_removed)
    yield from (_host(each) for each in changes.hosts_removed)
    yield from _behind(changes.events_removed, changes.hooks_removed)
    yield from map(_announced, changes.own_events_removed)


def _behind(events: Iterable[str], hooks: Iterable[str]) -> Iterator[Line]:
    for event in events:
        yield _background(f"event:{event}", "Run when something happens", f"Is told of {event}.")
    for hook in hooks:
        if hook in BACKGROUND:
            yield _background(hook, *BACKGROUND[hook])


def _announced(line: OwnEventLine) -> Line:
    return _background(f"announces:{line.type}", ANNOUNCES, announces(line))


def _line(line: ScopeLine) -> Line:
    checked = line.scope in request.form.getlist("optional_scope")
    return {**asdict(line), "name": line.scope, "checked": checked}


def _host(line: HostLine) -> Line:
    where = line.host or f"the address in the setting {line.setting}"
    return {
        "name": f"network:{line.host or line.setting}",
        "sentence": f"Connect to {where}",
        "explanation": "What it may view here, it can send there.",
        "group": "send",
        "sensitive": True,
        "reason": line.reason,
    }


def _background(name: str, sentence: str, explanation: str) -> Line:
    return {
        "name": name,
        "sentence": sentence,
        "explanation": explanation,
        "group": "run",
        "sensitive": False,
        "reason": "",
    }
