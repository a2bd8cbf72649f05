"""A real worker with one kind of job more: some jobs of it kill the process that does them."""

import os
import signal
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from typing_extensions import override

from geminicrm.app import Core, build_core
from geminicrm.config import Settings
from geminicrm.kernel.jobs.kinds import Claimed, Kind, Run
from geminicrm.processes import worker

KIND = "test:poison"
POISON: Mapping[str, Any] = {"poison": True}


class Deadly:
    """Does nothing, or kills its own process where the payload says so."""

    name = KIND

    def ready(self) -> bool:
        """Give True."""
        return True

    def run(self, job: Claimed, run: Run) -> dict[str, Any]:
        """Do it, and keep which attempt it was told of."""
        run.check()
        if job.payload == POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"told": job.told}


class PoisonedCore(Core):
    """A core that knows the kind."""

    @override
    def kinds(self) -> tuple[Kind, ...]:
        """Name the code that does jobs."""
        return (*super().kinds(), Deadly())


def main() -> None:
    """Work until told to stop, or killed."""
    core = build_core(Settings.from_env(os.environ))
    worker.run(PoisonedCore(**{one.name: getattr(core, one.name) for one in fields(core)}))


if __name__ == "__main__":
    main()
