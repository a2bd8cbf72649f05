"""What goes wrong by itself, in the words that admins read."""

from geminicrm.kernel.work import Work
from geminicrm.notifications.raising import Notice, raise_notice, resolve

_JOBS = "/jobs?state=dead"
_SCHEDULES = "/jobs/schedules"


def dead_letter(
    work: Work, workspace_id: str, target_label: str, queue: str, reason: str, count: int
) -> None:
    """Tell that `count` jobs of a queue were given up; `reason` is that of the last one."""
    many = "1 job was" if count == 1 else f"{count:,} jobs were"
    raise_notice(
        work,
        Notice(
            workspace_id=workspace_id,
            kind="dead_letters",
            key=_dead_letters(queue),
            severity="error",
            title=f"{many} given up: {target_label}",
            body=f"They failed each time they were tried. The last one: {reason}",
            link=_JOBS,
        ),
    )


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


def _dead_letters(queue: str) -> str:
    return f"dead_letters:{queue}"


def _schedule(schedule_id: str) -> str:
    return f"schedule_failing:{schedule_id}"
