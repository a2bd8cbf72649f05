"""What the supervisor says of itself: JSON lines on standard error, as servers log."""

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime


def say(level: str, event: str, **facts: object) -> None:
    """Write one line. The log library of the core would cost more memory than all the rest."""
    entry = {
        **facts,
        "event": event,
        "level": level,
        "logger": "geminicrm.runtime.supervisor",
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    with suppress(OSError):  # whoever reads it may be gone before us
        print(json.dumps(entry, default=str), file=sys.stderr, flush=True)  # noqa: T201 - the log of this process
