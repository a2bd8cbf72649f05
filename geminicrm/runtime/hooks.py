"""Hooks: extensions take part in changes and pages of records, each for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from extensions.sdk.actions import ActionResult
from extensions.sdk.blocks import Badge, validate_blocks
from extensions.sdk.errors import Refused, SdkError
from extensions.sdk.hookspecs import BUDGET_SECONDS
from extensions.sdk.records import Record, RecordChange
from geminicrm.crm.shared.commands import ChangeRefused
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.work import Actor
from geminicrm.runtime.call_context import CallContext, current_call
from geminicrm.runtime.calls import Calls
from geminicrm.runtime.convergence import Convergence
from geminicrm.runtime.failures import ExtensionUnknown
from geminicrm.runtime.live import Installed
from geminicrm.runtime.manifest_model import RecordPanel, Widget
from geminicrm.runtime.sdk_errors import to_core

_SAVE = "before_record_save"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel or widget as a page draws it: blocks, or the reason why there are none.

    `name` is the extension's, for people.
    """

    extension_id: str
    name: str
    id: str
    title: str
    blocks: tuple[dict[str, Any], ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Settings:
    title: str
    id: str = "settings"


_Entry = RecordPanel | Widget | _Settings


class ExtensionHooks:
    """Implements crm's RecordHooks, and gathers what extensions add to pages.

    An extension that fails, is busy or is paused never stops a change or a page: the failure is
    recorded against it and the rest goes on.
    """

    def __init__(self, convergence: Convergence, calls: Calls, action_seconds: float) -> None:
        self._convergence = convergence
        self._calls = calls
        self._action_seconds = action_seconds

    def wants(self, actor: Actor, record_type: str) -> bool:
        """Tell, from memory, whether an extension looks at changes of this kind."""
        table = self._convergence.current()
        return bool(table.with_hook(actor.workspace_id, f"{_SAVE}:{record_type}"))

    def before_save(
        self,
        actor: Actor,
        record_type: str,
        action: str,
        before: Record | None,
        draft: Record,
    ) -> None:
        """Ask every extension that looks at such changes. Raises ChangeRefused.

        An extension is not asked about the changes that it makes itself.
        """
        found = self._hooked(actor, f"{_SAVE}:{record_type}")
        if not found:
            return
        change = RecordChange(
            record_type=record_type,  # type: ignore[arg-type]  # the commands name known kinds only
            action=action,  # type: ignore[arg-type]  # as above
            before=before,
            draft=draft,
        )
        asking = {call.installed.id for call in _chain()}
        for installed in found:
            if installed.id not in asking:
                self._ask(installed, actor, change)

    def badges(
        self, actor: Actor, record_type: str, records: Sequence[Record]
    ) -> dict[str, Sequence[Record]]:
        """Gather the badges of every record, in the order of the extensions' ids."""
        badges: dict[str, list[Record]] = {}
        for installed in self._hooked(actor, f"collect_badges:{record_type}"):
            given = self._collect(installed, actor, "collect_badges", record_type, records)
            for record_id, badge in given:
                badges.setdefault(record_id, []).append(
                    {**badge, "extension_id": installed.extension_id}
                )
        return {record_id: tuple(found) for record_id, found in badges.items()}

    def panels(self, actor: Actor, record_type: str, record: Mapping[str, Any]) -> list[Panel]:
        """Give the panels of a record's page."""
        return [
            self._draw(
                installed, actor, "collect_panel", entry, (entry.id, record_type, dict(record))
            )
            for installed in self._hooked(actor, f"collect_panel:{record_type}")
            for entry in installed.manifest.ui.record_panels
            if entry.record == record_type
        ]

    def widgets(self, actor: Actor) -> list[Panel]:
        """Give the widgets of the dashboard."""
        return [
            self._draw(installed, actor, "collect_widget", entry, (entry.id,))
            for installed in self._hooked(actor, "collect_widget")
            for entry in installed.manifest.ui.dashboard_widgets
        ]

    def settings_panel(self, actor: Actor, extension_id: str) -> Panel | None:
        """Give what stands beside an extension's settings; None where it adds nothing."""
        if self._convergence.current().safe:
            return None
        installed = self._convergence.find(actor.workspace_id, extension_id)
        if installed is None or "collect_settings_panel" not in installed.loaded.hooks:
            return None
        entry = _Settings(installed.name)
        return self._draw(installed, actor, "collect_settings_panel", entry, ())

    def perform_action(
        self,
        actor: Actor,
        extension_id: str,
        action: str,
        values: Mapping[str, Any],
        record: tuple[str, str] | None = None,
    ) -> ActionResult:
        """Do what a button or form of an extension asks for; `record` is its page's type and id.

        Raises ExtensionUnknown, ExtensionFailed, ExtensionBusy, ExtensionPaused, and the core's
        error for one of the SDK's that the extension let through (ScopeMissing, NotFound, ...).
        """
        installed = self._convergence.find(actor.workspace_id, extension_id)
        if installed is None:
            raise ExtensionUnknown(extension_id)
        record_type, record_id = record or (None, None)

        def act() -> ActionResult:
            extension = installed.loaded.extension
            found: object = extension.perform_action(action, values, record_type, record_id)
            if not isinstance(found, ActionResult):
                kind = type(found).__name__
                raise TypeError(f"perform_action() must return an ActionResult, not {kind}")
            return found

        call = CallContext(installed, actor, "action", self._action_seconds, (SdkError,))
        try:
            return self._calls.run(call, act)
        except SdkError as error:
            raise to_core(error, extension_id) from error

    def _hooked(self, actor: Actor, hook: str) -> tuple[Installed, ...]:
        return self._convergence.current().with_hook(actor.workspace_id, hook)

    def _ask(self, installed: Installed, actor: Actor, change: RecordChange) -> None:
        hook = installed.loaded.hooks[_SAVE]
        budget = BUDGET_SECONDS[_SAVE]
        # Worth waiting for a place: a change that goes by unchecked can't be called back.
        call = CallContext(installed, actor, _SAVE, budget, (Refused,), patience=budget)
        try:
            self._calls.run(call, lambda: hook.call(change))
        except Refused as error:
            raise ChangeRefused(installed.extension_id, error.reason, error.field) from error
        except AppError as error:
            _log.warning(
                "a change was not checked by an extension",
                extension_id=installed.extension_id,
                workspace_id=installed.workspace_id,
                record_type=change.record_type,
                error=error.code,
            )

    def _collect(
        self,
        installed: Installed,
        actor: Actor,
        hook_name: str,
        record_type: str,
        records: Sequence[Record],
    ) -> list[tuple[str, Record]]:
        hook = installed.loaded.hooks[hook_name]

        def ask() -> list[tuple[str, Record]]:
            given = hook.call(record_type, [dict(record) for record in records])
            return [(record_id, _badge(badge)) for record_id, badge in (given or {}).items()]

        try:
            return self._calls.run(_call(installed, actor, hook_name), ask)
        except AppError:
            return []  # recorded by the guarded call; a page without badges is a page

    def _draw(
        self,
        installed: Installed,
        actor: Actor,
        hook_name: str,
        entry: _Entry,
        given: tuple[Any, ...],
    ) -> Panel:
        panel = Panel(installed.extension_id, installed.name, entry.id, entry.title)
        hook = installed.loaded.hooks[hook_name]

        def draw() -> tuple[dict[str, Any], ...]:
            blocks = hook.call(*given)
            return () if blocks is None else tuple(validate_blocks(blocks))

        try:
            blocks = self._calls.run(_call(installed, actor, hook_name), draw)
        except AppError as error:
            return replace(panel, error=error.detail)
        return replace(panel, blocks=blocks)


def _call(installed: Installed, actor: Actor, hook_name: str) -> CallContext:
    return CallContext(installed, actor, hook_name, BUDGET_SECONDS[hook_name])


def _chain() -> Sequence[CallContext]:
    call = current_call()
    return tuple(call.chain()) if call is not None else ()


def _badge(badge: object) -> Record:
    if not isinstance(badge, Badge):
        raise TypeError(f"collect_badges must give Badge values, not {type(badge).__name__}")
    (checked,) = validate_blocks([badge])
    return checked
