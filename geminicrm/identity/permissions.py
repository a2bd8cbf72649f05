"""The scopes: one vocabulary for roles, tokens, outside apps and extensions."""

from collections.abc import Iterable
from dataclasses import dataclass

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

# What concerns all workspaces of the installation goes with no role in one of them.
OPERATOR_SCOPES = frozenset({"operate:instance"})
_EVERYTHING = frozenset(SCOPES) - OPERATOR_SCOPES
_READING = frozenset(
    {name for name in SCOPES if name.startswith("read:")} - {"read:audit"},
)
_WORKING = _READING | {
    name for name in SCOPES if name.startswith(("write:", "send:", "connect:", "request:"))
}

ROLES = {
    "owner": _EVERYTHING,
    "admin": _EVERYTHING,
    "member": _WORKING,
    "read-only": _READING,
}


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
