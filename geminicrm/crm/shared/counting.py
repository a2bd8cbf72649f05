"""How many rows a list has, without reading them all."""

from sqlalchemy import func, select

from geminicrm.crm.shared.listing import ListQuery, matching
from geminicrm.crm.shared.spec import RecordSpec
from geminicrm.kernel.tenancy import CHECKED, WORKSPACE
from geminicrm.kernel.work import Work

MOST = 1000


def count(work: Work, spec: RecordSpec, query: ListQuery) -> int:
    """Count what a list finds, up to MOST + 1; the filters must have been accepted by the list."""
    work.require(f"read:{spec.noun}")
    conditions = [spec.filters[name](text) for name, text in query.filters.items()]
    conditions.extend(matching(spec, query.search or ""))
    found = spec.mine(select(spec.model.id)).where(*conditions).limit(MOST + 1).subquery()
    statement = select(func.count()).select_from(found).execution_options(**{CHECKED: True})
    return work.session.execute(statement, {WORKSPACE: work.workspace_id}).scalar_one()
