"""What a workspace has chosen about payments."""

from sqlalchemy import select

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from geminicrm.payments.models import PaymentSettings

MANAGE = "manage:workspace"


def for_new_leads(work: Work) -> bool:
    """Tell whether new leads with an amount are asked to pay; unless it was switched, they are."""
    chosen = work.session.scalar(select(PaymentSettings.payment_for_new_leads))
    return True if chosen is None else chosen


def switch(work: Work, *, on: bool) -> None:
    """Switch it. Raises ScopeMissing."""
    work.require(MANAGE)
    row = work.session.scalar(select(PaymentSettings))
    if row is None:
        row = PaymentSettings(id=new_id("pset"), workspace_id=work.workspace_id)
        work.session.add(row)
    row.payment_for_new_leads = on
    work.audit("payments.switched", work.workspace_id, {"payment_for_new_leads": on})
