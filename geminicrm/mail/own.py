"""Mails of the CRM itself, in text and HTML."""

from html import escape
from typing import Final

from extensions.sdk.capabilities.email import Address
from geminicrm.identity.models import User, Workspace
from geminicrm.kernel.work import Work
from geminicrm.mail.writing import NewMail

TRIAL: Final = "test"


def trial(work: Work, user_id: str) -> NewMail:
    """Give a mail to the one who asks, to see whether mail goes out."""
    user = work.session.get_one(User, user_id)
    workspace = work.session.get_one(Workspace, work.workspace_id)
    paragraphs = (
        f"Hello {user.name},",
        f"this mail from the workspace {workspace.name} is here to see whether mail goes out.",
    )
    return own_mail(Address(email=user.email, name=user.name), "Test mail", paragraphs, TRIAL)


def trial_to(work: Work, address: str) -> NewMail:
    """Give the same for any address, as the operator asks for it."""
    workspace = work.session.get_one(Workspace, work.workspace_id)
    paragraphs = (
        "Hello,",
        f"this mail from the workspace {workspace.name} is here to see whether mail goes out.",
    )
    return own_mail(Address(email=address), "Test mail", paragraphs, TRIAL)


def own_mail(to: Address, subject: str, paragraphs: tuple[str, ...], purpose: str) -> NewMail:
    """Give a mail of some paragraphs, as text and as the same in HTML."""
    html = "".join(f"<p>{escape(one)}</p>" for one in paragraphs)
    return NewMail(
        to=(to,),
        subject=subject,
        text="\n\n".join(paragraphs) + "\n",
        html=f"<!doctype html><html lang=en><body>{html}</body></html>",
        purpose=purpose,
    )
