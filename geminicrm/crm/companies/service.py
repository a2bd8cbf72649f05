"""What a company is."""

from sqlalchemy import bindparam, select

from geminicrm.crm.companies.events import CompanyCreated, CompanyDeleted, CompanyUpdated
from geminicrm.crm.companies.models import Company
from geminicrm.crm.companies.schemas import CompanyInput
from geminicrm.crm.shared.filters import equals
from geminicrm.crm.shared.naming import SORT_LENGTH, fold
from geminicrm.crm.shared.schemas import needs_each
from geminicrm.crm.shared.spec import Membership, RecordEvents, RecordSpec, Sort, by_instant
from geminicrm.kernel.tenancy import WORKSPACE
from geminicrm.kernel.work import Work


def company_spec(is_member: Membership) -> RecordSpec:
    """Describe companies."""
    return RecordSpec(
        kind="company",
        noun="companies",
        icon="building",
        model=Company,
        schema=CompanyInput,
        fields=("name", "domain", "phone", "address", "size", "industry"),
        needs=needs_each("name"),
        events=RecordEvents(CompanyCreated, CompanyUpdated, CompanyDeleted),
        is_member=is_member,
        names=("name",),
        search=("name", "domain"),
        subtitle=("industry", "domain"),
        filters={
            "owner_id": equals(Company.owner_id),
            "domain": equals(Company.domain),
            "industry": equals(Company.industry),
            "name": lambda text: Company.sort_name == fold(text)[:SORT_LENGTH],
        },
        sorts={"updated_at": by_instant(Company.updated_at), "name": Sort(Company.sort_name)},
    )


def find_by_name(work: Work, spec: RecordSpec, name: str) -> str | None:
    """Give the id of the oldest company of that name, whatever its case and accents."""
    statement = (
        spec.mine(select(Company.id))
        .where(Company.sort_name == bindparam("sort_name"))
        .order_by(Company.id)
        .limit(1)
    )
    wanted = {WORKSPACE: work.workspace_id, "sort_name": fold(name)[:SORT_LENGTH]}
    found: str | None = work.session.execute(statement, wanted).scalar_one_or_none()
    return found
