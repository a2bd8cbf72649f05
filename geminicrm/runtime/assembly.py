"""Puts the life cycle together from what app.py has made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from extensions.sdk.api_version import SUPPORTED_API_VERSIONS
from geminicrm.identity.permissions import EXTENSION_SCOPES
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Works
from geminicrm.runtime.changes import Meter
from geminicrm.runtime.check.run import check_folder
from geminicrm.runtime.extension_logs import ExtensionLogs
from geminicrm.runtime.history.journal import DatabaseJournal
from geminicrm.runtime.install.drafting import Runner
from geminicrm.runtime.install.offers import PackageRef, PackageSource
from geminicrm.runtime.install.pipeline import Pipeline
from geminicrm.runtime.install.state import (
    Advice,
    Checked,
    Disconnect,
    Files,
    Glance,
    Tools,
    no_advice,
    nothing_connected,
)
from geminicrm.runtime.inventory import Live
from geminicrm.runtime.manifest import parse_manifest
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.quarantine import KillsOf, Quarantine, no_kills
from geminicrm.runtime.requirements.fetch import Fetch, PipFetch
from geminicrm.runtime.requirements.provider import PythonRequirements
from geminicrm.runtime.service import LifeCycle


def _forgets(_package: bytes) -> None:
    """Stand where no other machine is to have packages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the life cycle stands on.

    `vouch` proves what a source names and `glance` is for pages, see `Tools`; `unpack` opens the
    bytes of a package into files by path; `confines` tells whether this machine can lock up a
    process that runs code; `packages` is the folder of all unpacked packages, right inside the
    home; `core_version` is what manifests' `requires.geminicrm` is compared with; `watch_seconds`
    is how long a version is watched that has taken the place of another; `fetch` brings Python
    packages that are not here; `keep` stores the bytes of a package for all machines; `kills` gives
    what registries have stopped, and `advice` what they warn of; `disconnect` tells outside
    services that an extension leaves them.
    """

    works: Works
    generations: Generations
    cipher: Cipher
    source: PackageSource
    glance: Glance
    vouch: Callable[[PackageRef], PackageRef]
    unpack: Callable[[bytes], Files]
    runner: Runner
    confines: Callable[[], bool]
    live: Live
    meter: Meter
    packages: Path
    logs: ExtensionLogs
    core_version: str
    allow_unsigned: bool = False
    live_seconds: float = 5.0
    watch_seconds: float = 600.0
    fetch: Fetch = field(default_factory=PipFetch)
    keep: Callable[[bytes], object] = _forgets
    kills: KillsOf = no_kills
    advice: Advice = no_advice
    disconnect: Disconnect = nothing_connected


def build_life_cycle(needs: Needs) -> LifeCycle:
    """Make the life cycle of one process."""
    vault = Vault(needs.cipher)
    tools = Tools(
        works=needs.works,
        generations=needs.generations,
        source=needs.source,
        glance=needs.glance,
        vouch=needs.vouch,
        journal=DatabaseJournal(needs.works),
        runner=needs.runner,
        requirements=PythonRequirements(needs.packages.parent, needs.fetch),
        unpack=needs.unpack,
        keep=needs.keep,
        manifest=partial(
            parse_manifest, known_scopes=EXTENSION_SCOPES, core_version=needs.core_version
        ),
        check=partial(_check, needs.core_version),
        seal=vault.seal,
        confines=needs.confines,
        packages=needs.packages,
        logs=needs.logs,
        core_version=needs.core_version,
        api_versions=SUPPORTED_API_VERSIONS,
        quarantine=Quarantine(needs.works, needs.generations, needs.kills),
        advice=needs.advice,
        disconnect=needs.disconnect,
        watch_seconds=needs.watch_seconds,
    )
    return LifeCycle(
        Pipeline(tools),
        vault,
        needs.live,
        needs.meter,
        allow_unsigned=needs.allow_unsigned,
        live_seconds=needs.live_seconds,
    )


def _check(core_version: str, folder: Path, _manifest: Manifest) -> Checked:
    found = check_folder(folder, known_scopes=EXTENSION_SCOPES, core_version=core_version)
    return Checked(
        errors=tuple(one.finding() for one in found if one.severity == "error"),
        warnings=tuple(one.finding() for one in found if one.severity == "warning"),
    )
