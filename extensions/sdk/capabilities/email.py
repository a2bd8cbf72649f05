"""E-mail: what the core sends through any provider, and reads from any mailbox.

`Email` is for those who send, `Mailbox` for those who can read a mailbox too; a manifest lists
under `provides` what the extension has. Addresses are bare (`ada@example.com`), names apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address; `name` is what people read, "" for none."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    """A file of a mail. With a `content_id` (without angle brackets) it is shown inside the HTML.

    `content` is empty and `left_out` true where a received file was too large; `size` is in bytes,
    and of a mail that is to be sent nobody reads it.
    """

    name: str
    content: bytes
    media_type: str = "application/octet-stream"
    content_id: str = ""
    size: int = 0
    left_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to send; `text`, `html` or `template` has to be there.

    `idempotency_key` tells this mail from every other: sent again with the same key it carries the
    same Message-ID. `sender` is None for the connection's own address. `in_reply_to` and
    `references` are Message-IDs with their angle brackets, the oldest first. `headers` are further
    ones. `template` is the provider's id of one, filled with `values`; `tags` group mails in the
    provider's statistics; `track` asks it to count opens and clicks. A provider that has no
    templates refuses them; tags and tracking it leaves out.
    """

    idempotency_key: str
    to: tuple[Address, ...]
    subject: str
    text: str = ""
    html: str = ""
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    sender: Address | None = None
    files: tuple[MailFile, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    track: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRecipient:
    """A recipient that the service did not take; one that is `permanent` is not tried again."""

    email: str
    code: str
    reason: str
    permanent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """A mail that the service took for at least one recipient.

    `message_id` is the Message-ID with its angle brackets; `service_id` is the service's own name
    for the mail, "" where it gives none.
    """

    message_id: str
    accepted: tuple[str, ...]
    refused: tuple[RefusedRecipient, ...] = ()
    service_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCheck:
    """What DNS says for one of SPF, DKIM and DMARC.

    `host` is the name that was asked, `found` are the records there; `state` is `unknown` where DNS
    did not answer or nobody knows the selector; `advice` says what to do, "" where all is well.
    """

    kind: Literal["spf", "dkim", "dmarc"]
    state: Literal["ok", "weak", "missing", "wrong", "unknown"]
    host: str
    found: tuple[str, ...] = ()
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainCheck:
    """How well receivers can tell that mail from a domain is real."""

    domain: str
    records: tuple[RecordCheck, ...]


class Email(Protocol):
    """The contract `email`. Every operation raises a ServiceError."""

    def send(self, mail: Mail) -> SentMail:
        """Hand a mail over, once.

        Some recipients may be refused: they are told in the result. Raises ServiceRefused where all
        are, or the mail itself is, and OutcomeUnknown where the answer was lost: it is never sent
        again by the provider.
        """

    def check_domain(self, domain: str, selectors: tuple[str, ...] = ()) -> DomainCheck:
        """Look at SPF, DKIM and DMARC of a sending domain; `selectors` are those of DKIM to try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMail:
    """A mail in a mailbox, decoded as well as it can be.

    `id` is the service's name for it, the same as long as it stays in its folder. `message_id` has
    its angle brackets, "" where the mail has none. `sent_at` is what the mail says, None where it
    says nothing that can be read; `received_at` is the service's own time. `size` is in bytes,
    whole. `cut` says that text or HTML was too long and ends early. `automatic` marks bounces,
    absence notes and mailing lists (RFC 3834). `faults` names what was broken, for people.
    """

    id: str
    message_id: str
    subject: str
    received_at: datetime
    size: int
    sent_at: datetime | None = None
    sender: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    text: str = ""
    html: str = ""
    files: tuple[MailFile, ...] = ()
    thread_id: str = ""
    labels: tuple[str, ...] = ()
    seen: bool = False
    cut: bool = False
    automatic: bool = False
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPage:
    """A part of a mailbox, the oldest first.

    Keep `cursor` and give it back the next time; `more` says that there is more now. `restarted`
    says that the mailbox numbered its mails anew, so that some of this page may have come before:
    know them by their Message-ID. `gone` are ids of mails that were deleted, where the service
    tells.
    """

    mails: tuple[ReceivedMail, ...]
    cursor: str
    more: bool
    restarted: bool = False
    gone: tuple[str, ...] = ()


class Mailbox(Protocol):
    """The contract `mailbox`. Every operation raises a ServiceError."""

    def fetch(
        self,
        cursor: str = "",
        limit: int = 50,
        folder: str = "",
        since: datetime | None = None,
        unseen: bool = False,  # noqa: FBT001, FBT002 - operations are called by name only
    ) -> MailPage:
        """Give mails after `cursor`, without marking them as read; "" begins at the beginning.

        `limit` is at most 100, and a page may have fewer; `folder` is "" for the inbox; `since` and
        `unseen` narrow what is given and have to stay the same along a cursor. A cursor of another
        folder, or none at all, raises ServiceRefused.
        """
