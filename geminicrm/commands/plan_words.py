"""Plans as lines on a terminal."""

from collections.abc import Iterator

from geminicrm.runtime.enforcement import ENFORCED_WORDS, ISOLATION_WORDS, enforced_by
from geminicrm.runtime.plan import BACKGROUND, DataLine, Plan
from geminicrm.runtime.plan_lines import HostLine, ScopeLine


def plan_words(plan: Plan) -> Iterator[str]:
    """Say what a plan would do, and what comes with it."""
    yield from _one(plan)
    for part in plan.parts:
        yield ""
        yield f"With it, because {plan.name} needs it:"
        yield from _one(part)


def _one(plan: Plan) -> Iterator[str]:
    if plan.kind == "install":
        yield from _install(plan)
    elif plan.kind == "uninstall":
        yield from _uninstall(plan)
    else:
        yield from _change(plan)
    yield from _listed("Warnings:", list(plan.warnings))


def _install(plan: Plan) -> Iterator[str]:
    built_in = "comes with the CRM" if plan.built_in else "is not part of the CRM"
    yield f"{plan.name} {plan.version} by {plan.author}; {built_in}."
    yield plan.description
    yield from _listed("It may:", [_scope(line) for line in plan.scopes] or ["(nothing)"])
    yield from _listed("It can do without:", [_scope(line) for line in plan.optional_scopes])
    yield from _listed("It may call:", [_host(line) for line in plan.network])
    enforced = [ISOLATION_WORDS[plan.isolation], ENFORCED_WORDS[enforced_by(plan.isolation)]]
    yield from _listed("Who enforces this:", enforced)
    unseen = [f"{sentence}. {explanation}" for _hook, sentence, explanation in plan.background()]
    yield from _listed("Unseen:", unseen)
    added = [f"{one.kind} {one.title!r}" for one in plan.ui]
    yield from _listed("It adds:", [*added, f"routes below {plan.routes}"])
    yield from _listed("It brings Python packages:", list(plan.python))
    yield from _listed("To be filled in afterwards:", list(plan.required_settings))
    if plan.kept_documents:
        yield f"It finds what it stored here before: {plan.kept_documents} document(s)."


def _change(plan: Plan) -> Iterator[str]:
    verb = "back to" if plan.kind == "rollback" else "to"
    yield f"{plan.name} {plan.from_version} {verb} {plan.version} by {plan.author}."
    found = list(_difference(plan))
    yield from found or ["Nothing changes in what it may do."]
    changes = plan.changes
    needed = [one.label for one in changes.settings_needed]
    yield from _listed("To be filled in afterwards:", needed)
    lost = [one.label for one in changes.settings_lost]
    yield from _listed("It does not take these settings any more:", lost)
    yield from _data(plan.data)
    yield from _affected(plan)
    if plan.changelog:
        yield from _listed("What is new, in its publisher's words:", plan.changelog.splitlines())


def _difference(plan: Plan) -> Iterator[str]:
    changes = plan.changes
    yield from (f"  + Added: {_scope(line)}" for line in changes.scopes_added)
    yield from (f"  + Added: it may call {_host(host)}" for host in changes.hosts_added)
    unseen = (*changes.events_added, *(_hooks(changes.hooks_added)))
    yield from (f"  + Added: runs unseen, {name}" for name in unseen)
    yield from (f"  + Added: announces {own.type}" for own in changes.own_events_added)
    yield from (f"  - Removed: {line.sentence}" for line in changes.scopes_removed)
    for host in changes.hosts_removed:
        yield f"  - Removed: it may call {host.host or host.setting}"
    unseen = (*changes.events_removed, *(_hooks(changes.hooks_removed)))
    yield from (f"  - Removed: runs unseen, {name}" for name in unseen)
    yield from (f"  - Removed: announces {own.type}" for own in changes.own_events_removed)
    if changes.scopes_unchanged:
        names = ", ".join(line.scope for line in changes.scopes_unchanged)
        yield f"  Unchanged: {names}"


def _uninstall(plan: Plan) -> Iterator[str]:
    yield f"{plan.name} {plan.version} would be uninstalled."
    changes = plan.changes
    stops = [
        f"routes below {plan.routes}",
        *(f"{one.kind} {one.title!r}" for one in changes.ui_removed),
        *(f"being told of {event}" for event in changes.events_removed),
        *(f"announcing {own.type}" for own in changes.own_events_removed),
        *(one.lower() for one in _hooks(changes.hooks_removed)),
        *(f"schedule {one.id} ({one.cron})" for one in changes.schedules_removed),
    ]
    yield from _listed("What stops:", stops)
    taken = [line.scope for line in changes.scopes_removed]
    yield from _listed("Permissions that are taken away:", taken)
    yield from _data(plan.data)
    yield from _affected(plan)


def _data(data: DataLine | None) -> Iterator[str]:
    if data is None or not data.documents:
        return
    words = {"kept": "It keeps what it stored", "lost": "It may not be able to read what it stored"}
    yield f"{words.get(data.fate, 'What it stored')}: {data.documents:,} document(s)."


def _affected(plan: Plan) -> Iterator[str]:
    lines = [f"{one.name} {one.version}: {one.sentence}" for one in plan.affected]
    yield from _listed("Other extensions that use it:", lines)


def _hooks(names: tuple[str, ...]) -> Iterator[str]:
    yield from (BACKGROUND[name][0] for name in names if name in BACKGROUND)


def _listed(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield title
        yield from (f"  - {line}" for line in lines)


def _scope(line: ScopeLine) -> str:
    mark = " (sensitive)" if line.sensitive else ""
    why = f" Why: {line.reason}" if line.reason else ""
    return f"{line.sentence}{mark}: {line.explanation}{why}"


def _host(line: HostLine) -> str:
    if line.host is None:
        return f"the address saved in {line.setting!r}"
    return f"{line.host}: {line.reason}"
