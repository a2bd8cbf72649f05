"""Secret links of mails: kept encrypted, put into the mail only when it is sent.

Whoever reads the outbox, the REST API or a copy of the database must not get an account by it.
"""

from html import escape
from typing import Final

from sqlalchemy import select, update

from geminicrm.kernel.crypto import Cipher, DecryptionFailed
from geminicrm.kernel.errors import Gone, ScopeMissing
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.mail.models import FAILED, QUEUED, UNKNOWN, WAITING, OutgoingMail

PLACEHOLDER: Final = "{{secret_link}}"
HIDDEN: Final = "(link hidden)"
INVITATION: Final = "invitation"
_LINK: Final = "link"
_MEND: Final = "Have it written anew: invite again, or ask for a new link."
_SHOWN_WHILE: Final = frozenset({WAITING, FAILED, UNKNOWN})
# Whoever invites gives no more than they may give anyway; any other link opens an account.
_MAY_SEE: Final = {INVITATION: "manage:users"}
_OPERATOR: Final = "operate:instance"


class LinkGone(Exception):
    """The link of a mail holds no more, so the mail must not go out; `mend` says what to do."""

    mend = _MEND


class SecretLinks:
    """Seals links, fills them in for sending, shows them to the few who may see them."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal(self, link: str) -> str | None:
        """Give the sealed form, for `NewMail.sealed`."""
        return self._vault.seal({_LINK: link})

    def filled(self, work: Work, row: OutgoingMail) -> tuple[str, str]:
        """Give text and HTML as they are sent. Raises LinkGone."""
        if row.sealed_until is None:
            return row.text, row.html
        link = self._opened(work, row)
        return (
            row.text.replace(PLACEHOLDER, link),
            row.html.replace(PLACEHOLDER, escape(link)),
        )

    def show(self, work: Work, row: OutgoingMail) -> str:
        """Give the link to a person who hands it over. Raises ScopeMissing, Gone; audited."""
        scope = _scope(row)
        if not work.actor.allows(scope):
            raise ScopeMissing(scope, work.actor.label)
        if row.state not in _SHOWN_WHILE:
            raise Gone(f"The mail is {row.state}: its link is shown only while it is not sent.")
        try:
            link = self._opened(work, row)
        except LinkGone as error:
            raise Gone(f"{error} {_MEND}") from None
        work.audit("mail.link_shown", row.id, {"purpose": row.purpose})
        return link

    def _opened(self, work: Work, row: OutgoingMail) -> str:
        if row.sealed is None or row.sealed_until is None or row.sealed_until <= work.now:
            raise LinkGone("The link in it does not hold any more.")
        try:
            return self._vault.open(row.sealed)[_LINK]
        except DecryptionFailed as error:
            raise LinkGone(f"The link in it can't be read. {error.detail}") from error


def may_show(actor: Actor, row: OutgoingMail) -> bool:
    """Tell whether the link of a mail is there for this person to see."""
    return row.sealed is not None and row.state in _SHOWN_WHILE and actor.allows(_scope(row))


def hidden(row: OutgoingMail, text: str) -> str:
    """Give a text of a mail as everybody may read it."""
    return text if row.sealed_until is None else text.replace(PLACEHOLDER, HIDDEN)


def void(work: Work, mail_id: str | None, reason: str) -> None:
    """Take the link out of a mail; where it has not gone out yet, it never will."""
    row = work.session.get(OutgoingMail, mail_id, with_for_update=True) if mail_id else None
    if row is None:
        return
    row.sealed = None
    if row.state in {WAITING, QUEUED, FAILED}:
        row.state, row.error, row.mend = FAILED, reason, None


def sweep(work: Work) -> None:
    """Delete links whose time is over."""
    work.session.execute(
        update(OutgoingMail)
        .where(OutgoingMail.sealed_until <= work.now, OutgoingMail.sealed.is_not(None))
        .values(sealed=None)
        .execution_options(synchronize_session=False)
    )


def reencrypt(works: Works, cipher: Cipher) -> int:
    """Encrypt every link with the first key; give how many there were. Raises DecryptionFailed."""
    with works.across_workspaces("mails: encrypt links anew", write=True) as work:
        sealed = select(OutgoingMail).where(OutgoingMail.sealed.is_not(None))
        rows = list(work.session.scalars(sealed.order_by(OutgoingMail.id).with_for_update()))
        for row in rows:
            row.sealed = cipher.rotate(row.sealed or "")
        return len(rows)


def _scope(row: OutgoingMail) -> str:
    return _MAY_SEE.get(row.purpose, _OPERATOR)
