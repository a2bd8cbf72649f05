"""What goes wrong by itself, in the words that admins read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from geminicrm.kernel.jobs.retention import DEAD_DAYS
from geminicrm.kernel.work import Work
from geminicrm.notifications.raising import Notice, raise_notice, resolve

_JOBS = "/jobs"
_SCHEDULES = "/jobs/schedules"
LEAVING: Final = "dead_letters_leaving"
REMOVED: Final = "dead_letters_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Which jobs are meant: those of a queue, which all are for one target.

    `label` is what people call the target or, for the CRM's own work, the kind.
    """

    workspace_id: str
    queue: str
    label: str
    target: str
    kind: str

    @property
    def link(self) -> str:
        """The page that lists them."""
        one = {"target": self.target} if self.target else {"kind": self.kind}
        return f"{_JOBS}?{urlencode({'state': 'dead', **one})}"


def dead_letter(work: Work, letters: Letters, reason: str, count: int) -> None:
    """Tell that `count` jobs were given up; `reason` is that of the last one."""
    many = "1 job was" if count == 1 else f"{count:,} jobs were"
    raise_notice(
        work,
        Notice(
            workspace_id=letters.workspace_id,
            kind="dead_letters",
            key=_dead_letters(letters.queue),
            severity="error",
            title=f"{many} given up: {letters.label}",
            body=f"They failed each time they were tried. The last one: {reason}",
            link=letters.link,
        ),
    )


def dead_letters_leaving(work: Work, letters: Letters, count: int, on: datetime) -> None:
    """Tell that `count` jobs that were given up will be removed soon, the first of them `on`."""
    many = "1 failed job is" if count == 1 else f"{count:,} failed jobs are"
    raise_notice(
        work,
        Notice(
            workspace_id=letters.workspace_id,
            kind=LEAVING,
            key=leaving_key(letters.queue),
            severity="warning",
            title=f"{many} removed soon: {letters.label}",
            body=(
                f"From {on:%d %B %Y} (UTC) on they can't be retried any more: "
                f"what has failed is kept for {DEAD_DAYS} days."
            ),
            link=letters.link,
        ),
    )


def dead_letters_removed(work: Work, letters: Letters, left: int) -> None:
    """Tell that jobs that were given up are gone, unretried; `left` are still there."""
    some = "1 failed job is" if left == 1 else f"{left:,} failed jobs are"
    what = f"{some} left" if left else "Failed jobs were removed"
    raise_notice(
        work,
        Notice(
            workspace_id=letters.workspace_id,
            kind="dead_letters" if left else REMOVED,
            key=_dead_letters(letters.queue),
            severity="error",
            title=f"{what}: {letters.label}",
            body=f"Those that nobody had retried for {DEAD_DAYS} days were removed.",
            link=letters.link,
        ),
    )
    if not left:
        dead_letters_gone(work, letters.workspace_id, letters.queue)


def dead_letters_gone(work: Work, workspace_id: str, queue: str) -> None:
    """Note that no dead letter of a queue is left: all were replayed or deleted."""
    resolve(work, workspace_id, _dead_letters(queue))


def schedule_failing(
    work: Work, workspace_id: str, schedule_id: str, name: str, failures: int, reason: str
) -> None:
    """Tell that a schedule has failed `failures` times in a row; `reason` is that of the last."""
    often = "once" if failures == 1 else f"{failures:,} times in a row"
    raise_notice(
        work,
        Notice(
            workspace_id=workspace_id,
            kind="schedule_failing",
            key=_schedule(schedule_id),
            severity="warning",
            title=f"A schedule fails: {name}",
            body=f"It failed {often}, and goes on. The last time: {reason}",
            link=_SCHEDULES,
        ),
    )


def schedule_works(work: Work, workspace_id: str, schedule_id: str) -> None:
    """Note that a schedule has run without failing, or is no more."""
    resolve(work, workspace_id, _schedule(schedule_id))


def leaving_key(queue: str) -> str:
    """Name the notification that jobs of a queue will be removed."""
    return f"{LEAVING}:{queue}"


def _dead_letters(queue: str) -> str:
    return f"dead_letters:{queue}"


def _schedule(schedule_id: str) -> str:
    return f"schedule_failing:{schedule_id}"
