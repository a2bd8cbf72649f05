"""The plan: what an extension would be and may do, in the words that people consent to."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from geminicrm.identity.permissions import SCOPES, Scope
from geminicrm.runtime.enforcement import enforcements, isolation
from geminicrm.runtime.install.pipeline import Run
from geminicrm.runtime.install.state import PackageRef
from geminicrm.runtime.manifest_model import Manifest

GROUPS = ("view", "change", "send", "run", "manage")
_BACKGROUND_HOOKS = {
    "before_record_save": ("Check changes before they are saved", "It may refuse a change."),
    "collect_badges": ("Label records", "It sees the records of each list and page it labels."),
}


@dataclass(frozen=True, slots=True)
class ScopeLine:
    """One permission as people read it; `reason` is the developer's own word."""

    scope: str
    sentence: str
    explanation: str
    group: str
    sensitive: bool
    reason: str


@dataclass(frozen=True, slots=True)
class HostLine:
    """A host it may call: `host`, or the one that an admin saves in `setting`."""

    host: str | None
    setting: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Addition:
    """One thing that appears in the pages."""

    kind: str
    id: str
    title: str
    record: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What installing this version would mean; `scopes` are needed, `optional_scopes` are not.

    `kept_documents` counts those that an earlier installation left in its storage.
    """

    extension_id: str
    version: str
    name: str
    description: str
    author: str
    built_in: bool
    signed: bool
    size: int
    isolation: str
    trust_required: bool
    scopes: tuple[ScopeLine, ...]
    optional_scopes: tuple[ScopeLine, ...]
    network: tuple[HostLine, ...]
    routes: str
    hooks: tuple[str, ...]
    events: tuple[str, ...]
    ui: tuple[Addition, ...]
    required_settings: tuple[str, ...]
    python: tuple[str, ...]
    kept_documents: int
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the plan as JSON-ready data, with who will enforce it."""
        return {**asdict(self), "enforcement": enforcements(self.isolation)}

    def background(self) -> Iterator[tuple[str, str, str]]:
        """Say what it does while nobody looks: name, sentence and explanation of each."""
        if self.events:
            told = f"Is told of: {', '.join(self.events)}."
            yield "on_event", "Run when something happens", told
        for hook in self.hooks:
            if hook in _BACKGROUND_HOOKS:
                yield (hook, *_BACKGROUND_HOOKS[hook])


def make_plan(run: Run, kept_documents: int, *, confines: bool) -> Plan:
    """Read the plan off the steps that looked; `confines` says whether this machine locks hosts."""
    manifest, ref = run.state.manifest, run.state.ref
    trusted = trust_required(ref, confines=confines)
    return Plan(
        extension_id=manifest.id,
        version=manifest.version,
        name=manifest.name,
        description=manifest.description,
        author=manifest.author,
        built_in=ref.built_in,
        signed=ref.signed,
        size=ref.size,
        isolation=isolation(built_in=ref.built_in, trusted=trusted),
        trust_required=trusted,
        scopes=tuple(scope_lines(manifest, manifest.permissions)),
        optional_scopes=tuple(scope_lines(manifest, manifest.optional_permissions)),
        network=tuple(HostLine(one.host, one.setting, one.reason) for one in manifest.network),
        routes=f"/api/extensions/{manifest.id}/",
        hooks=manifest.hooks or (),
        events=manifest.events,
        ui=tuple(additions(manifest)),
        required_settings=tuple(
            one.label for one in manifest.settings if one.required and one.default is None
        ),
        python=manifest.requires.python,
        kept_documents=kept_documents,
        warnings=tuple(found.message for found in run.warnings),
    )


def trust_required(ref: PackageRef, *, confines: bool) -> bool:
    """Tell whether an admin has to trust the code: nothing confines it, and it is not ours."""
    return not ref.built_in and not confines


def scope_lines(manifest: Manifest, names: Iterable[str]) -> Iterator[ScopeLine]:
    """Put scopes into words, with the developer's reason for each."""
    for name in names:
        scope = SCOPES.get(name) or Scope(name, name, "This core does not know it.", "manage")
        yield ScopeLine(
            scope=name,
            sentence=scope.sentence,
            explanation=scope.explanation,
            group=scope.group,
            sensitive=scope.sensitive,
            reason=manifest.permission_reasons.get(name, ""),
        )


def additions(manifest: Manifest) -> Iterator[Addition]:
    """List what appears in the pages."""
    ui = manifest.ui
    for widget in ui.dashboard_widgets:
        yield Addition("dashboard widget", widget.id, widget.title)
    for panel in ui.record_panels:
        yield Addition("record panel", panel.id, panel.title, panel.record)
    for action in ui.record_actions:
        yield Addition("record action", action.id, action.title, action.record)
    for page in ui.pages:
        yield Addition("page", page.id, page.title)
