"""Resolve: does the version fit this core and everything that is installed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sqlalchemy import select

from geminicrm.kernel.errors import Finding
from geminicrm.kernel.work import Actor, Work
from geminicrm.runtime.install.state import InstallState, Refused, Tools
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.resolution.explain import explain
from geminicrm.runtime.resolution.solve import Impossible, Solution, Step, TooDeep, solve
from geminicrm.runtime.resolution.stock import Core, Offer, read_universe
from geminicrm.runtime.resolution.universe import Universe, Wish
from geminicrm.runtime.semver import Range, SemVer

Installed = Mapping[str, tuple[str, bool]]
_PLACE = "/requires/extensions"


def do(state: InstallState, tools: Tools) -> InstallState:
    """Refuse, in words, what can't be; find what else has to change for it."""
    findings = list(_core(state.manifest, tools))
    if findings:
        raise _refused(findings)
    order, manifest = state.order, state.manifest
    if state.course.kind == "return":
        # It ran here a moment ago, and has to come back; who minds is shown as needing attention.
        with tools.works.read(order.actor) as work:
            findings = unmet(work, manifest)
        if findings:
            raise _refused(findings)
        return state
    offer = Offer(manifest.id, manifest.version, state.ref.state, manifest.source)
    universe = universe_of(tools, order.actor, offer)
    others = fitting(Wish(manifest.id, manifest.version), universe, order.beside)
    if others and not order.with_others:
        raise _refused([_first(step, universe) for step in others])
    return replace(state, others=others)


def choose(tools: Tools, actor: Actor, extension_id: str) -> str | None:
    """Give the newest version that fits; None leaves the choice, and the reasons, to the steps."""
    universe = universe_of(tools, actor)
    try:
        chosen = solve([Wish(extension_id)], universe).chosen
    except (Impossible, TooDeep):
        return None
    return str(chosen[extension_id].version)


def universe_of(tools: Tools, actor: Actor, verified: Offer | None = None) -> Universe:
    """Read what the actor's workspace has, and ask its registries for the rest when needed."""

    def ask(extension_id: str) -> Iterable[Offer]:
        for one in tools.source.versions(actor.workspace_id, extension_id):
            yield Offer(one.ref.extension_id, one.ref.version, one.ref.state, one.manifest)

    core = Core(version=tools.core_version, api_versions=tools.api_versions)
    with tools.works.read(actor) as work:
        return read_universe(work, ask, core, verified)


def fitting(wish: Wish, universe: Universe, beside: Mapping[str, str]) -> tuple[Step, ...]:
    """Give the other changes that a wish needs, those that come `beside` it left out.

    Raises Refused with the conflict in words.
    """
    known = {name: Wish(name, version) for name, version in beside.items()}
    wishes = {**known, wish.extension_id: wish}
    try:
        solution = solve(wishes.values(), universe)
    except (Impossible, TooDeep) as error:
        conflict = explain(wish, universe, error)
        finding = Finding(_PLACE, "needs_extension", conflict.words)
        raise Refused(conflict.words, "manifest.json", [finding]) from error
    _refuse_paused(wishes, solution, universe)
    return solution.others(wishes)


def unmet(work: Work, manifest: Manifest) -> list[Finding]:
    """Find the extensions that the manifest requires and the workspace lacks."""
    wanted = manifest.requires.extensions
    rows = work.session.execute(
        select(Installation.extension_id, Installation.version, Installation.enabled).where(
            Installation.extension_id.in_(wanted)
        )
    ).all()
    return list(_extensions(wanted, {name: (version, enabled) for name, version, enabled in rows}))


def _refuse_paused(wishes: Mapping[str, Wish], solution: Solution, universe: Universe) -> None:
    """Refuse what would need an extension that is switched off: only an admin switches it on."""
    changed = {*wishes, *(step.extension_id for step in solution.steps)}
    findings = [
        _finding(other, f"{one.label} needs {universe.name(other)}, which is disabled: enable it.")
        for name, one in sorted(solution.chosen.items())
        for other in one.requires
        if name in changed and name not in universe.disabled and other in universe.disabled
    ]
    if findings:
        raise _refused(findings)


def _refused(findings: list[Finding]) -> Refused:
    return Refused(" ".join(found.message for found in findings), "manifest.json", findings)


def _first(step: Step, universe: Universe) -> Finding:
    verb = "install" if step.before is None else "upgrade"
    name = universe.name(step.extension_id)
    return _finding(step.extension_id, f"It needs {name} {step.after}: {verb} that first.")


def _finding(name: str, message: str) -> Finding:
    return Finding(f"{_PLACE}/{name}", "needs_extension", message)


def _core(manifest: Manifest, tools: Tools) -> Iterator[Finding]:
    if manifest.api_version not in tools.api_versions:
        known = ", ".join(str(each) for each in sorted(tools.api_versions))
        yield Finding(
            "/api_version",
            "api_version",
            f"It speaks api_version {manifest.api_version}, and this core {known}.",
        )
    wanted = manifest.requires.geminicrm
    if wanted is not None and not Range.parse(wanted).allows(SemVer.parse(tools.core_version)):
        yield Finding(
            "/requires/geminicrm",
            "needs_other_core",
            f"It needs GeminiCRM Pro {wanted}, and this is {tools.core_version}.",
        )


def _extensions(wanted: Mapping[str, str], installed: Installed) -> Iterator[Finding]:
    for name, versions in wanted.items():
        lack = _lack(name, versions, installed)
        if lack:
            yield _finding(name, lack)


def _lack(name: str, versions: str, installed: Installed) -> str:
    if name not in installed:
        return f"It needs the extension {name!r} {versions}: install that first."
    version, enabled = installed[name]
    if not Range.parse(versions).allows(SemVer.parse(version)):
        return f"It needs the extension {name!r} {versions}, and {version} is installed."
    return "" if enabled else f"It needs the extension {name!r}, which is disabled: enable it."
