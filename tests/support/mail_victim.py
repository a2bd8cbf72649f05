"""A process that is killed over a mail; arguments: what it does, workspace.

`write` stores a mail with a file and dies at once. `send` says `ready` when a provider has been
asked to send one, and never gets an answer.
"""

import os
import signal
import sys

from extensions.sdk.capabilities.email import Address, Mail, MailFile, SentMail
from geminicrm.app import build_core
from geminicrm.config import Settings
from geminicrm.core import Core
from geminicrm.crm.filing import MailRecords
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.work import Actor
from geminicrm.mail.sending import MailKind
from geminicrm.mail.writing import NewMail, write_mail
from tests.support.working import Hands

CONTENT = bytes(range(256)) * 4_000
NEW = NewMail(
    to=(Address(email="ada@engines.example"),),
    subject="Hello",
    text="Hi",
    files=(MailFile(name="plan.bin", content=CONTENT, size=len(CONTENT)),),
)


class Silent:
    """Implements Mailer: takes a mail and says nothing."""

    def send(
        self, _actor: Actor, _mail: Mail, _connection_id: str | None
    ) -> tuple[str, str, SentMail]:
        """Wait for the end."""
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        raise AssertionError("nobody answers here")


def write(core: Core, workspace_id: str) -> None:
    """Store a mail, and be killed before anything else happens."""
    with core.works.write(SystemActor(workspace_id)) as work:
        write_mail(work, NEW)
    os.kill(os.getpid(), signal.SIGKILL)


def send(core: Core, _workspace_id: str) -> None:
    """Send what is there."""
    kind = MailKind(core.works, Silent(), MailRecords(core.crm), core.secret_links)
    Hands(core, kinds=[kind]).work()


def main(what: str, workspace_id: str) -> None:
    """Do it."""
    core = build_core(Settings.from_env(os.environ))
    {"write": write, "send": send}[what](core, workspace_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
