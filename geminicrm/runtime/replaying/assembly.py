"""Puts replays together from what runs extensions and what changes them."""

from geminicrm.runtime.replaying.replays import Replays
from geminicrm.runtime.replaying.trials import TrialParts
from geminicrm.runtime.runtime import ExtensionRuntime
from geminicrm.runtime.service import LifeCycle


def build_replays(runtime: ExtensionRuntime, life: LifeCycle) -> Replays:
    """Make the replays of one process."""
    parts = TrialParts(
        works=life.kit.works,
        vault=life.kit.vault,
        versions=runtime.versions,
        hosting=runtime.hosting,
        calls=runtime.calls,
        logs=runtime.logs,
        tidy=runtime.convergence.tidy,
        seconds=runtime.options.seconds,
    )
    return Replays(life.kit, parts, runtime.sink)
