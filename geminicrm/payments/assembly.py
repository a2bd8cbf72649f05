"""Puts this room together from what it needs."""

from dataclasses import dataclass

from geminicrm.crm.build import Crm
from geminicrm.kernel.jobs.kinds import Kind
from geminicrm.mail.doors_needed import Accounts
from geminicrm.payments.asking import AskKind, pages_at
from geminicrm.payments.doors_needed import Paying
from geminicrm.payments.leads import LeadPayments
from geminicrm.payments.looking import Looker, LookKind
from geminicrm.payments.mails import PaymentMails
from geminicrm.payments.records import PaymentRecords
from geminicrm.payments.settling import Settling


@dataclass(frozen=True, kw_only=True)
class Payments:
    """What doors and workers take from this room."""

    records: PaymentRecords
    settling: Settling
    looker: Looker
    leads: LeadPayments
    kinds: tuple[Kind, ...]
    paying: Paying


def build_payments(crm: Crm, paying: Paying, accounts: Accounts, public_url: str) -> Payments:
    """Make it; `accounts` names who can send mail, `public_url` is where payers come back to."""
    works = crm.works
    records = PaymentRecords(crm)
    settling = Settling(records, PaymentMails(accounts))
    looker = Looker(works, paying, settling)
    ask = AskKind(works, paying, settling, pages_at(public_url))
    return Payments(
        records=records,
        settling=settling,
        looker=looker,
        leads=LeadPayments(works, paying, records),
        kinds=(ask, LookKind(looker)),
        paying=paying,
    )
