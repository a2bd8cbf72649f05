"""Settling a change: rules and derived values that need the record as it would become."""

from typing import Any

from sqlalchemy import bindparam, select

from geminicrm.crm.shared.models import Addressed, RecordRow
from geminicrm.crm.shared.naming import SORT_LENGTH, fold, search_text
from geminicrm.crm.shared.spec import Change, RecordSpec, Rest
from geminicrm.identity.models import Workspace
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.money import exponent, parse_amount, to_decimal_string
from geminicrm.kernel.tenancy import CHECKED, WORKSPACE
from geminicrm.kernel.work import Work


def settle(work: Work, spec: RecordSpec, change: Change) -> None:
    """Complete the values of a change; ValidationFailed lists every wrong field."""
    _merge_custom(change)
    if change.before is not None and change.values:
        change.findings.extend(spec.needs(change.merged))
    _check_owner(work, spec, change)
    for field, model in spec.links.items():
        check_link(work, change, field, model)
    if "amount" in change.values or "currency" in change.values:
        _settle_money(work, change)
    spec.refine(work, change)
    if change.findings:
        raise ValidationFailed(change.findings)


def derived(spec: RecordSpec, change: Change) -> dict[str, str | None]:
    """Give the columns made from the names of the record, where those change."""
    if change.before is not None and not change.changes(*spec.search):
        return {}
    merged = change.merged
    names = [merged[name] for name in spec.names if merged.get(name)]
    found = [merged[name] for name in spec.search if merged.get(name)]
    keys = {"email_key": email_key(merged)} if issubclass(spec.model, Addressed) else {}
    return {
        **keys,
        "sort_name": fold(" ".join(names or found[:1]))[:SORT_LENGTH],
        "search_text": search_text(found),
    }


def email_key(values: Rest) -> str | None:
    """Give an address as mail is filed by it: however somebody spelled it."""
    return values["email"].lower() if values.get("email") else None


def check_link(work: Work, change: Change, field: str, model: type[RecordRow]) -> None:
    """Note a finding where the field points at no living record of this workspace."""
    target = change.values.get(field)
    if target is None or not change.changes(field):
        return
    if not exists(work, model, target):
        change.refuse(f"/{field}", "not_found", f"There is no such record {target!r} here.")


def exists(work: Work, model: type[RecordRow], identifier: str) -> bool:
    """Tell whether a living record of this workspace has the id."""
    statement = select(model.id).where(
        model.workspace_id == bindparam(WORKSPACE),
        model.id == bindparam("id"),
        model.deleted_at.is_(None),
    )
    found = work.session.execute(
        statement.execution_options(**{CHECKED: True}),
        {WORKSPACE: work.workspace_id, "id": identifier},
    )
    return found.first() is not None


def _merge_custom(change: Change) -> None:
    """Merge custom fields key by key (RFC 7396): null takes one away, others stay."""
    asked = change.values.get("custom")
    if asked is None:
        return
    kept = dict(change.before["custom"]) if change.before else {}
    merged = {**kept, **asked}
    change.values["custom"] = {key: value for key, value in merged.items() if value is not None}


def _check_owner(work: Work, spec: RecordSpec, change: Change) -> None:
    owner = change.values.get("owner_id")
    if owner is not None and change.changes("owner_id") and not spec.is_member(work, owner):
        change.refuse("/owner_id", "not_a_member", f"{owner!r} is no member of this workspace.")


def _settle_money(work: Work, change: Change) -> None:
    """Turn the amount into minor units of the currency; the workspace's one where none is named."""
    merged = change.merged
    amount, currency = merged.get("amount"), merged.get("currency")
    if amount is None:
        return
    if currency is None:
        currency = workspace_currency(work)
        change.values["currency"] = currency
    if "amount" not in change.values:
        amount = _as_text(amount, change.before)
    try:
        change.values["amount"] = parse_amount(amount, currency)
    except ValidationFailed as error:
        change.findings.extend(error.findings)


def _as_text(minor: int, before: dict[str, Any] | None) -> str:
    """Write a stored amount shortly, so that 12.00 may become an amount of a coarser currency."""
    old = (before or {})["currency"]
    written = to_decimal_string(minor, old)
    return written.rstrip("0").rstrip(".") if exponent(old) else written


def workspace_currency(work: Work) -> str:
    """Give the currency of the workspace."""
    return work.session.get_one(Workspace, work.workspace_id).currency
