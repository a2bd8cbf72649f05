"""What is left of killed runs, on both engines: made by hand, ended by the recovery."""

from typing import Any

import pytest
from sqlalchemy import update

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.owners import own_name
from geminicrm.kernel.work import Actor
from geminicrm.runtime.history.models import Run
from geminicrm.runtime.history.protocols import Intent
from geminicrm.runtime.install.draft_facts import facts_of
from geminicrm.runtime.install.drafting import Draft, Outcome
from geminicrm.runtime.install.files import place_tree
from geminicrm.runtime.install.lock import WorkspaceLock
from geminicrm.runtime.models import InstallLock, StoredDocument
from geminicrm.runtime.problems import InstallFailed
from tests.support.core import START, Tenant, make_tenant
from tests.support.life import ALL, HELLO, Life, files, rows

DEAD = own_name().rpartition("|")[0] + "|1"


@pytest.fixture
def life(both_lives: Life) -> Life:
    """Give a life cycle on each engine."""
    return both_lives


@pytest.fixture
def tenant(life: Life) -> Tenant:
    """Give a workspace."""
    return make_tenant(life.core, "north")


def leave_behind(life: Life, tenant: Tenant, kind: str, **facts: Any) -> None:
    """Begin a run as a process does that then dies, with the lock in its hand."""
    lock = WorkspaceLock(life.core.works, tenant.owner())
    entered = lock.held(0)
    entered.__enter__()
    intent = Intent(kind=kind, extension_id=HELLO, facts=facts)
    life.cycle.pipeline.tools.journal.begin(tenant.owner(), intent, lock).step("mount")
    owned_by(life, tenant, DEAD)


def owned_by(life: Life, tenant: Tenant, owner: str) -> None:
    with life.core.works.write(tenant.system()) as work:
        work.session.execute(update(Run).values({Run.owner: owner}).where(Run.state == "running"))
        # Another holder: this process would let go of what it holds itself.
        held_by = {InstallLock.owner: owner, InstallLock.holder: "run_of_another"}
        work.session.execute(update(InstallLock).values(held_by))


def half_install(life: Life, tenant: Tenant, **facts: Any) -> Draft:
    """Leave all behind that an install makes before it is decided."""
    made: list[Draft] = []

    def install(_actor: Actor, draft: Draft) -> Outcome:
        made.append(draft)
        return Outcome(success=False)

    life.runner.installing = install
    with pytest.raises(InstallFailed):
        life.cycle.install(tenant.owner(), ALL)
    draft = made[0]
    life.runner.installing = lambda _actor, _draft: Outcome()
    life.runner.calls.clear()
    place_tree(draft.folder, files())
    life.core.runtime.logs.write(draft.installation_id, "info", "log", "hello")
    with life.core.works.write(tenant.system()) as work:
        document = StoredDocument(id=new_id("doc"), extension_id=HELLO, key="k", value="1", size=1)
        document.updated_at = START
        work.session.add(document)
    noted = facts_of(draft, life.cycle.pipeline.tools.seal)
    leave_behind(
        life,
        tenant,
        "install",
        **{"draft": noted, "folder_made": True, "documents": 0, "installing": True, **facts},
    )
    return draft


def ended(life: Life, tenant: Tenant) -> tuple[str, str | None]:
    (run,) = [row for row in rows(life, tenant, Run) if row.owner == DEAD]
    return run.state, run.error


WHY = "The process that worked on it ended in the step 'mount'."
