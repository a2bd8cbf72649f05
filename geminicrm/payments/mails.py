"""Mails about payments, in text and HTML, in the name of the workspace."""

from html import escape
from typing import Final

from extensions.sdk.capabilities.email import Address
from geminicrm.identity.models import Workspace
from geminicrm.kernel.money import is_currency, to_decimal_string
from geminicrm.kernel.work import Work
from geminicrm.mail.doors_needed import Accounts
from geminicrm.mail.writing import NewMail, write_mail
from geminicrm.payments.models import Payment
from geminicrm.web.formatting import money

PURPOSE: Final = "payment"
_LONGEST_NAME: Final = 120


class PaymentMails:
    """Writes them within the transaction of what they tell of, so that each is written once.

    Nobody waits for mails that were not asked for: without a mail account those are left out.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def link(self, work: Work, row: Payment) -> None:
        """Send the link; a lead that was not written to yet gets its confirmation with it."""
        if row.origin is not None and not row.greeted:
            self._greet(work, row, f"You can pay {amount_of(row)} here:", row.url or "")
            return
        lines = (f"you can pay {amount_of(row)} for {row.description} here:", row.url or "")
        self._write(work, row, f"Payment link from {_workspace(work)}", lines)

    def later(self, work: Work, row: Payment) -> None:
        """Confirm a lead whose link has to wait."""
        if row.origin is not None and not row.greeted:
            self._greet(work, row, "The link to pay follows in a mail of its own.", "")

    def without_link(self, work: Work, row: Payment) -> None:
        """Confirm a lead for whom no link could be made."""
        if row.origin is not None and not row.greeted:
            self._greet(work, row, "We will get back to you about the payment.", "")

    def paid(self, work: Work, row: Payment) -> None:
        """Confirm that it is paid."""
        lines = (f"we have received your payment of {amount_of(row)} for {row.description}.",)
        self._write(work, row, f"Payment received: {amount_of(row)}", (*lines, "Thank you."))

    def _greet(self, work: Work, row: Payment, last: str, url: str) -> None:
        name = _workspace(work)
        first = f"thank you for your interest in {name}. We have received your details."
        self._write(work, row, f"Thank you for your interest in {name}", (first, last, url))
        row.greeted = True

    def _write(self, work: Work, row: Payment, subject: str, lines: tuple[str, ...]) -> None:
        if not row.send_mail or not row.payer_email:
            return
        if row.origin is not None and not self._accounts(work.actor):
            return
        hello = f"Hello {row.payer_name}," if row.payer_name else "Hello,"
        body = (hello, *(one for one in lines if one), f"Kind regards,\n{_workspace(work)}")
        new = NewMail(
            to=(Address(email=row.payer_email, name=row.payer_name[:_LONGEST_NAME]),),
            subject=subject,
            text="\n\n".join(body) + "\n",
            html=_html(body, row.url or ""),
            purpose=PURPOSE,
            related=(row.related_type, row.related_id),
        )
        row.mail_id = write_mail(work, new).id


def amount_of(row: Payment) -> str:
    """Give the amount as people read it: what was paid, where that is not what was asked for."""
    if row.paid_minor is not None and row.paid_currency is not None:
        return written(row.paid_minor, row.paid_currency)
    return written(row.amount_minor, row.currency)


def written(minor: int, currency: str) -> str:
    """Write an amount for people; a currency that we don't know has its minor units."""
    if not is_currency(currency):
        return f"{minor} {currency}"
    return money(to_decimal_string(minor, currency), currency)


def _workspace(work: Work) -> str:
    return work.session.get_one(Workspace, work.workspace_id).name


def _html(body: tuple[str, ...], url: str) -> str:
    parts = "".join(f"<p>{_paragraph(one, url)}</p>" for one in body)
    return f"<!doctype html><html lang=en><body>{parts}</body></html>"


def _paragraph(text: str, url: str) -> str:
    shown = escape(text).replace("\n", "<br>")
    return f'<a href="{shown}">{shown}</a>' if url and text == url else shown
