"""The job that writes the mail with a link for a new password."""

from typing import Any

from geminicrm.kernel.jobs.kinds import Claimed, Run
from geminicrm.members.passwords import RESET_KIND, Passwords


class ResetKind:
    """Implements the engine's Kind: looks who asked, and writes to them where there is such a user.

    A worker, not the request, does it: the time of the answer says nothing. What is done a second
    time finds the link of the first.
    """

    name = RESET_KIND

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    def ready(self) -> bool:
        """Give True: mails are written whether somebody can send them or not."""
        return True

    def run(self, job: Claimed, run: Run) -> dict[str, Any] | None:  # noqa: ARG002 - it takes no time
        """Write it. The result says nothing of who there is: admins read it."""
        self._passwords.mail_link(f"acl_{job.id.partition('_')[2]}", job.payload["sealed"])
        return None
