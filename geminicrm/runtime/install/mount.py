"""Mount: run the extension's `install()`, then store the row that makes every worker serve it."""

import contextlib
from dataclasses import replace

from sqlalchemy import delete

from geminicrm.kernel.errors import AppError
from geminicrm.kernel.generation import AUTH, RUNTIME
from geminicrm.kernel.work import Work
from geminicrm.runtime.install.state import Draft, InstallState, Refused, Tools
from geminicrm.runtime.models import Installation, KeptSettings
from geminicrm.runtime.storage import count_documents, forget_documents


def do(state: InstallState, tools: Tools) -> InstallState:
    """Install in the workspace; the row comes last, and without it nothing has happened."""
    with tools.works.read(state.order.actor) as work:
        found = count_documents(work, state.draft.extension_id)
    try:
        return _mounted(state, tools)
    except BaseException:
        # Documents of an earlier installation stay, as install() left them.
        if not found:
            _forget_documents(state, tools)
        raise


def _mounted(state: InstallState, tools: Tools) -> InstallState:
    actor, draft = state.order.actor, state.draft
    outcome = tools.runner.install(actor, draft)
    if not outcome.success:
        raise Refused(outcome.message or "Its install() answered that it did not succeed.")
    try:
        with tools.works.write(actor) as work:
            work.require("manage:extensions")
            state.lease_held.confirm(work)
            _store(work, draft, tools)
            work.audit("extension.installed", draft.extension_id, _audited(draft))
            tools.generations.bump(work, AUTH)
            generation = tools.generations.bump(work, RUNTIME)
    except BaseException:
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


def _store(work: Work, draft: Draft, tools: Tools) -> None:
    work.session.execute(
        delete(KeptSettings).where(KeptSettings.extension_id == draft.extension_id)
    )
    work.session.add(
        Installation(
            id=draft.installation_id,
            extension_id=draft.extension_id,
            version=draft.version,
            digest=draft.digest,
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
    )


def _audited(draft: Draft) -> dict[str, object]:
    return {
        "version": draft.version,
        "digest": draft.digest,
        "granted": sorted(draft.granted),
        "trusted": draft.trusted,
    }
