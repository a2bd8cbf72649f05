"""What an extension may do, in the words that people decide by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from geminicrm.runtime.manifest import Manifest, NetworkEntry
from geminicrm.runtime.plan_lines import own_event_lines, scope_lines

NOUNS = ("leads", "contacts", "companies", "deals", "activities")
GROUPS = {
    "view": "View",
    "change": "Change",
    "send": "Send outside",
    "run": "Run in the background",
    "manage": "Other",
}
_TOGETHER = {
    "read": ("View", "Every field of these records in this workspace."),
    "write": ("Create, edit and delete", "Any of these records in this workspace."),
}


@dataclass(frozen=True, kw_only=True)
class Ability:
    """One thing it may do; `reason` is the developer's own word, `name` the scope or host."""

    name: str
    sentence: str
    explanation: str
    group: str
    sensitive: bool = False
    reason: str = ""


def required(manifest: Manifest) -> list[Ability]:
    """List what it can't do without: permissions, hosts, work on its own."""
    return [
        *_scopes(manifest, manifest.permissions),
        *(_host(manifest, entry) for entry in manifest.network),
        *_background(manifest),
    ]


def optional(manifest: Manifest) -> list[Ability]:
    """List what an admin may allow besides."""
    return _scopes(manifest, manifest.optional_permissions)


def summary(manifest: Manifest) -> list[Ability]:
    """List what it needs, with permissions of one kind drawn together, as fits a side card."""
    order = list(GROUPS)
    lines: list[Ability] = []
    abilities = sorted(required(manifest), key=lambda one: order.index(one.group))
    for verb, group in groupby(abilities, key=_verb):
        members = list(group)
        lines += [_merged(verb, members)] if verb and len(members) > 1 else members
    return lines


def grouped(abilities: Iterable[Ability]) -> list[tuple[str, list[Ability]]]:
    """Sort by kind, each kind under its heading."""
    given = list(abilities)
    sections = [
        (title, [one for one in given if one.group == group]) for group, title in GROUPS.items()
    ]
    return [(title, members) for title, members in sections if members]


def withheld(manifest: Manifest) -> list[str]:
    """Say what it won't be able to do, whatever an admin allows."""
    asked = {*manifest.permissions, *manifest.optional_permissions}
    lines = [
        _kept("View", [noun for noun in NOUNS if f"read:{noun}" not in asked]),
        _kept("Change", [noun for noun in NOUNS if f"write:{noun}" not in asked]),
        "" if manifest.network else "Send data to other services",
        "Manage members, or see passwords and API tokens",
    ]
    return [line for line in lines if line]


def additions(manifest: Manifest) -> list[str]:
    """Count what appears in the workspace: `1 dashboard widget`, `2 deal panels`."""
    ui = manifest.ui
    names = [
        *("dashboard widget" for _ in ui.dashboard_widgets),
        *(f"{panel.record} panel" for panel in ui.record_panels),
        *(f"{action.record} action" for action in ui.record_actions),
        *("page" for _ in ui.pages),
        *("custom field" for _ in ui.custom_fields),
        *("schedule" for _ in manifest.schedules),
        *("inbound webhook" for _ in manifest.inbound_webhooks),
        *(("settings page",) if manifest.settings else ()),
    ]
    return [_counted(names.count(name), name) for name in dict.fromkeys(names)]


def _scopes(manifest: Manifest, names: Iterable[str]) -> list[Ability]:
    return [
        Ability(
            name=line.scope,
            sentence=line.sentence,
            explanation=line.explanation,
            group=line.group,
            sensitive=line.sensitive,
            reason=line.reason,
        )
        for line in scope_lines(manifest, names)
    ]


def _host(manifest: Manifest, entry: NetworkEntry) -> Ability:
    if entry.host is not None:
        name, sentence = f"net:{entry.host}", f"Connect to {entry.host}"
        explanation = "Sends data out of this workspace to this address."
    else:
        label = next(one.label for one in manifest.settings if one.id == entry.setting)
        name, sentence = f"net:{entry.setting}", f"Connect to the address in “{label}”"
        explanation = "An admin chooses the address in the settings."
    return Ability(
        name=name,
        sentence=sentence,
        explanation=explanation,
        group="send",
        sensitive=True,
        reason=entry.reason,
    )


def _background(manifest: Manifest) -> Iterator[Ability]:
    if manifest.events:
        yield Ability(
            name="events",
            sentence="React to what happens",
            explanation=f"Runs after {_listed(manifest.events, 'and')}.",
            group="run",
        )
    if manifest.event_types:
        yield Ability(
            name="announces",
            sentence="Announce events of its own",
            explanation="Everybody in the workspace may read them: "
            f"{_listed((one.type for one in own_event_lines(manifest)), 'and')}.",
            group="run",
        )
    if "before_record_save" in (manifest.hooks or ()):
        yield Ability(
            name="before_record_save",
            sentence="Check changes before they are saved",
            explanation="It may refuse a change, and says why.",
            group="run",
        )
    for schedule in manifest.schedules:
        yield Ability(
            name=f"schedule:{schedule.cron}",
            sentence="Run on a schedule",
            explanation=schedule.description or "Even when nobody is signed in.",
            group="run",
        )


def _verb(ability: Ability) -> str:
    verb, _, noun = ability.name.partition(":")
    return verb if noun in NOUNS else ""


def _merged(verb: str, members: list[Ability]) -> Ability:
    start, explanation = _TOGETHER[verb]
    nouns = [one.name.partition(":")[2] for one in members]
    return replace(
        members[0],
        sentence=f"{start} {_listed(nouns, 'and')}",
        explanation=explanation,
        reason="",
    )


def _kept(verb: str, nouns: list[str]) -> str:
    if len(nouns) == len(NOUNS):
        return f"{verb} any record"
    return f"{verb} {_listed(nouns, 'or')}" if nouns else ""


def _listed(words: Iterable[str], last: str) -> str:
    *rest, end = words
    return f"{', '.join(rest)} {last} {end}" if rest else end


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'s' if count > 1 else ''}"
