"""Work that an extension can't be given just now waits, with no attempt spent on it."""

import contextlib
from collections.abc import Iterator
from typing import Final

from geminicrm.kernel.jobs.kinds import Postponed
from geminicrm.runtime.failures import (
    ExtensionAway,
    ExtensionBusy,
    ExtensionPaused,
    HostUnavailable,
    InSafeMode,
)

_NOT_RUN: Final = (ExtensionAway, ExtensionBusy, ExtensionPaused, HostUnavailable, InSafeMode)


@contextlib.contextmanager
def postponing() -> Iterator[None]:
    """Make Postponed of the errors which say that the extension's code has not run."""
    try:
        yield
    except _NOT_RUN as error:
        raise Postponed(str(error), error.retry_after) from error
