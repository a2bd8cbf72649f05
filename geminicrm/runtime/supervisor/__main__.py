"""`python -m geminicrm.runtime.supervisor HOME [--until-unused] [--idle-seconds N]`."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from geminicrm.runtime.supervisor.host_path import Incomplete
from geminicrm.runtime.supervisor.process import IDLE_SECONDS, Process, lifeline_of

_UNTIL_UNUSED = "--until-unused"
_IDLE = "--idle-seconds="


def main(words: Sequence[str]) -> int:
    """Supervise the extension hosts of a home; give the exit code."""
    homes = [word for word in words if not word.startswith("--")]
    idle = [word.removeprefix(_IDLE) for word in words if word.startswith(_IDLE)]
    if len(homes) != 1:
        print(__doc__, file=sys.stderr)  # noqa: T201 - what a command says to the one who typed it
        return 2
    process = Process(
        Path(homes[0]).absolute(),
        until_unused=_UNTIL_UNUSED in words,
        idle_seconds=float(idle[-1]) if idle else IDLE_SECONDS,
    )
    try:
        return process.run(lifeline_of(os.environ))
    except (OSError, Incomplete) as error:
        print(f"the supervisor can't work: {error}", file=sys.stderr)  # noqa: T201 - as above
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
