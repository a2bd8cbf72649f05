"""Mount: run the extension's `install()`, then store the row that makes every worker serve it."""

import contextlib
from dataclasses import replace
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError

from geminicrm.kernel.errors import AppError
from geminicrm.kernel.generation import AUTH, RUNTIME
from geminicrm.kernel.work import Work
from geminicrm.runtime.history.past import remember
from geminicrm.runtime.install.draft_facts import facts_of
from geminicrm.runtime.install.drafting import Draft
from geminicrm.runtime.install.state import InstallState, Refused, Tools, Undecided
from geminicrm.runtime.models import Installation, KeptSettings
from geminicrm.runtime.storage import count_documents, forget_documents


def do(state: InstallState, tools: Tools) -> InstallState:
    """Install in the workspace; the row comes last, and without it nothing has happened."""
    with tools.works.read(state.order.actor) as work:
        found = count_documents(work, state.draft.extension_id)
    write_down(state, tools, documents=found, installing=True)
    try:
        return _mounted(state, tools)
    except Undecided:
        raise
    except BaseException:
        # Documents of an earlier installation stay, as install() left them.
        if not found:
            _forget_documents(state, tools)
        raise


def write_down(state: InstallState, tools: Tools, **facts: Any) -> None:
    """Note what undoing `install()` would take, now and whenever it saves settings."""
    entry, draft = state.entry, state.draft
    entry.note(draft=facts_of(draft, tools.seal), **facts)
    draft.settings.noted = lambda: entry.note(draft=facts_of(draft, tools.seal))


def _mounted(state: InstallState, tools: Tools) -> InstallState:
    actor, draft = state.order.actor, state.draft
    outcome = tools.runner.install(actor, draft)
    if not outcome.success:
        raise Refused(outcome.message or "Its install() answered that it did not succeed.")
    try:
        with tools.works.write(actor) as work:
            work.require("manage:extensions")
            state.lease_held.confirm(work)
            row = _store(work, draft, tools)
            remember(work, row)
            state.entry.done(work)
            work.audit("extension.installed", draft.extension_id, _audited(draft))
            tools.generations.bump(work, AUTH)
            generation = tools.generations.bump(work, RUNTIME)
    except BaseException as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise Undecided(draft.extension_id) from error
        # What install() did outside of the CRM has to go; why it has to is the error to show.
        with contextlib.suppress(AppError):
            tools.runner.uninstall(actor, draft)
        raise
    return replace(state, generation=generation)


def _forget_documents(state: InstallState, tools: Tools) -> None:
    # Where the lock was lost they may be somebody else's by now; without one they count as kept.
    with contextlib.suppress(AppError), tools.works.write(state.order.actor) as work:
        state.lease_held.confirm(work)
        forget_documents(work, state.draft.extension_id)


def _store(work: Work, draft: Draft, tools: Tools) -> Installation:
    work.session.execute(
        delete(KeptSettings).where(KeptSettings.extension_id == draft.extension_id)
    )
    row = Installation(
        id=draft.installation_id,
        extension_id=draft.extension_id,
        version=draft.version,
        digest=draft.digest,
        registry_id=draft.registry_id,
        publisher_id=draft.publisher_id,
        signed_by=draft.signed_by,
        manifest=dict(draft.manifest.source),
        enabled=True,
        status="enabled",
        granted=sorted(draft.granted),
        settings=dict(draft.settings.plain),
        secrets=tools.seal(draft.settings.secrets),
        trusted=draft.trusted,
        built_in=draft.built_in,
        hooks=list(draft.hooks) if draft.hooks is not None else None,
        level=dict(draft.level) if draft.level is not None else None,
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(row)
    return row


def _audited(draft: Draft) -> dict[str, object]:
    return {
        "version": draft.version,
        "digest": draft.digest,
        "granted": sorted(draft.granted),
        "trusted": draft.trusted,
    }
