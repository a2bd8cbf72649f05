"""Mail services that people have: their servers, and what they need to know to sign in there."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A mail service. `hint` is what to do when it refuses the password.

    `spf` is what its customers have in their SPF record, `selectors` are those of its DKIM keys.
    """

    smtp_host: str = ""
    smtp_port: int = 587
    imap_host: str = ""
    imap_port: int = 993
    hint: str = "Check user name and password; where two steps are needed, make an app password."
    spf: str = ""
    selectors: tuple[str, ...] = ()


CUSTOM: Final = Preset()

PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {
        "custom": CUSTOM,
        "gmail": Preset(
            smtp_host="smtp.gmail.com",
            imap_host="imap.gmail.com",
            hint="Gmail takes no account password here: switch on 2-Step Verification, make an app "
            "password at myaccount.google.com/apppasswords and give that one, 16 letters.",
            spf="include:_spf.google.com",
            selectors=("google",),
        ),
        "outlook": Preset(
            smtp_host="smtp.office365.com",
            imap_host="outlook.office365.com",
            hint="Microsoft needs an app password, and SMTP AUTH switched on for the mailbox "
            "(Exchange admin centre, Mailboxes, Manage email apps). Accounts that allow modern "
            "sign-in only can't be used by password.",
            spf="include:spf.protection.outlook.com",
            selectors=("selector1", "selector2"),
        ),
        "yahoo": Preset(
            smtp_host="smtp.mail.yahoo.com",
            imap_host="imap.mail.yahoo.com",
            hint="Yahoo takes no account password here: make an app password under Account "
            "security and give that one.",
            spf="include:_spf.mail.yahoo.com",
            selectors=("s2048", "s1024"),
        ),
        "ses": Preset(
            smtp_host="email-smtp.us-east-1.amazonaws.com",
            hint="Amazon SES has SMTP credentials of its own, for each region: make them under "
            "SMTP settings. The keys of an IAM user are no password here.",
            spf="include:amazonses.com",
        ),
    }
)
"""By the value of the setting `preset`."""
