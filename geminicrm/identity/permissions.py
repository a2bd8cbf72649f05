"""The scopes: one vocabulary for roles, tokens, outside apps and extensions."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from geminicrm.kernel.errors import Finding, ValidationFailed


@dataclass(frozen=True)
class Scope:
    """One permission and the words in which people meet it."""

    name: str
    sentence: str
    explanation: str
    group: str
    sensitive: bool = False
    for_extensions: bool = True


def _records(noun: str, singular: str, seen: str, changed: str) -> tuple[Scope, Scope]:
    return (
        Scope(f"read:{noun}", f"View {noun}", seen, "view"),
        Scope(
            f"write:{noun}",
            f"Create, edit and delete {noun}",
            f"{changed} of any {singular} in this workspace.",
            "change",
            sensitive=True,
        ),
    )


def _uses(capability: str, sentence: str, explanation: str, *, reads: bool = False) -> Scope:
    return Scope(f"use:{capability}", sentence, explanation, "send", sensitive=not reads)


_USES = (
    _uses("ai", "Use language models", "Have mail sorted, summed up and answered in drafts.",
          reads=True),
    _uses("automation", "Use automation services", "Start what is set up at such a service."),
    _uses("calendar", "Use calendars", "See, make, change and delete events, share calendars."),
    _uses("chat", "Use team chat", "Post, change and remove messages, find channels and people."),
    _uses("crm_sync", "Use other CRMs", "Read, make and change records in a connected CRM."),
    _uses("email", "Use mail accounts", "Send mail, look at the DNS of sending domains."),
    _uses("mailbox", "Read mailboxes", "Fetch any mail of a connected mailbox."),
    _uses("payments", "Use payment providers",
          "Ask for payments, take and refund money, see and change customers there."),
    _uses("sms", "Use text messages", "Send and read SMS and WhatsApp messages."),
    _uses("storage", "Use file storage", "Read, store, delete and share files there."),
    _uses("video", "Use video meetings", "Make, change and end meetings, see who was there."),
    _uses("voice", "Use telephony",
          "Make calls, read recordings, buy and release telephone numbers."),
    Scope("use:extensions", "Use what extensions offer",
          "Have extensions ask each other for what they offer under names of their own.", "send",
          for_extensions=False),
)  # fmt: skip

_ALL = (
    *_records("leads", "lead", "Names, e-mail addresses, phone numbers, companies and status.",
              "Names, contact details, status and owner"),
    *_records("contacts", "contact", "Names, e-mail addresses, phone numbers and their company.",
              "Names, contact details and company"),
    *_records("companies", "company", "Names, domains, addresses, size and industry.",
              "Name, domain, address and industry"),
    *_records("deals", "deal", "Names, amounts, stages, expected dates; pipelines too.",
              "Stage, amount, owner and outcome"),
    *_records("activities", "activity", "Calls, e-mails, meetings, notes and tasks on records.",
              "Subject, text, dates and completion"),
    Scope("read:users", "See who works here", "Names, e-mail addresses and roles of members.",
          "view"),
    Scope("manage:users", "Manage members", "Add and remove members, change their roles.",
          "manage", sensitive=True, for_extensions=False),
    Scope("read:extensions", "See installed extensions",
          "Which extensions run here, what they may do and how they are.", "view",
          for_extensions=False),
    Scope("manage:extensions", "Manage extensions",
          "Install, configure, switch off and uninstall extensions.", "manage",
          sensitive=True, for_extensions=False),
    Scope("publish:extensions", "Publish extensions",
          "Add packages and versions to this marketplace.", "manage",
          sensitive=True, for_extensions=False),
    Scope("read:integrations", "See integrations",
          "Which services are connected, how they are and what was asked of them.", "view",
          for_extensions=False),
    Scope("connect:accounts", "Connect own accounts",
          "Connect and disconnect accounts of one's own at outside services.", "change",
          for_extensions=False),
    Scope("manage:integrations", "Manage integrations",
          "Connect the workspace to outside services, change credentials, disconnect.", "manage",
          sensitive=True, for_extensions=False),
    Scope("read:webhooks", "See webhooks",
          "Addresses that events go to, what was sent and received, and how it went.", "view",
          for_extensions=False),
    Scope("manage:webhooks", "Manage webhooks",
          "Have events sent to outside addresses, change, replay and switch off.", "manage",
          sensitive=True, for_extensions=False),
    Scope("send:email", "Send e-mail", "Send mail from the workspace's or one's own mail account.",
          "send", sensitive=True),
    Scope("read:payments", "View payments",
          "Amounts, payers, links to pay and whether they are paid.", "view"),
    Scope("request:payments", "Request payments",
          "Ask people to pay, cancel what was asked, look whether it is paid.", "change",
          sensitive=True, for_extensions=False),
    *_USES,
    Scope("manage:workspace", "Manage the workspace",
          "Its name, time zone, currency and pipelines.", "manage",
          sensitive=True, for_extensions=False),
    Scope("read:audit", "Read the audit log", "Who did what, and when.", "view",
          sensitive=True, for_extensions=False),
    Scope("operate:instance", "Operate this installation",
          "Moderate its marketplace, manage registries, see workers, switch safe mode.", "manage",
          sensitive=True, for_extensions=False),
)  # fmt: skip

SCOPES = {scope.name: scope for scope in _ALL}
EXTENSION_SCOPES = frozenset(scope.name for scope in _ALL if scope.for_extensions)

OWN_USES: Final = "use:extensions"
"""What covers, for people, every capability of an extension's own."""
_OWN_USE: Final = re.compile(r"use:([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\.([a-z][a-z0-9_]*)")
MOST_OF_A_SCOPE: Final = 64

# What concerns all workspaces of the installation goes with no role in one of them.
OPERATOR_SCOPES = frozenset({"operate:instance"})
_EVERYTHING = frozenset(SCOPES) - OPERATOR_SCOPES
_READING = frozenset(
    {name for name in SCOPES if name.startswith("read:")} - {"read:audit"},
)
_WORKING = _READING | {
    name for name in SCOPES if name.startswith(("write:", "send:", "connect:", "request:", "use:"))
}

ROLES = {
    "owner": _EVERYTHING,
    "admin": _EVERYTHING,
    "member": _WORKING,
    "read-only": _READING,
}


def is_own_use(name: str) -> bool:
    """Tell whether a permission is for a capability of an extension's own: use:<id>.<name>."""
    return len(name) <= MOST_OF_A_SCOPE and _OWN_USE.fullmatch(name) is not None


def covers(held: Collection[str], name: str) -> bool:
    """Tell whether somebody who holds these may do what the permission is for."""
    return name in held or (OWN_USES in held and is_own_use(name))


def scope_named(name: str) -> Scope | None:
    """Give a permission in words; None for one that there is not."""
    if name in SCOPES or not is_own_use(name):
        return SCOPES.get(name)
    extension_id, _, capability = name.removeprefix("use:").partition(".")
    words = capability.replace("_", " ")
    return Scope(
        name,
        f"Use {words} of {extension_id}",
        f"Ask whoever provides what the extension {extension_id} calls {capability}.",
        "send",
        sensitive=True,
    )


def check_scopes(names: Iterable[str], pointer: str = "/scopes") -> frozenset[str]:
    """Give the scopes as a set; ValidationFailed lists every name that is none."""
    given = list(names)
    findings = [
        Finding(
            f"{pointer}/{index}", "unknown_scope", f"{name!r} is no permission; know {_known()}"
        )
        for index, name in enumerate(given)
        if name not in SCOPES
    ]
    if findings:
        raise ValidationFailed(findings)
    return frozenset(given)


def _known() -> str:
    return ", ".join(sorted(SCOPES))
