"""Puts together what looks after installations: problems, repairs, workers, safe mode."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.generation import RUNTIME
from geminicrm.kernel.vault import Vault
from geminicrm.runtime.attention.attention import Attention
from geminicrm.runtime.attention.gathering import Gathering, Sources
from geminicrm.runtime.attention.notices import Available, Notices, RegistryTroubles, nothing
from geminicrm.runtime.attention.switching import SafeSwitch
from geminicrm.runtime.attention.workers import Workers
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.repairs import Repairs
from geminicrm.runtime.requirements.where import requirements_folder
from geminicrm.runtime.runtime import ExtensionRuntime
from geminicrm.runtime.safe_mode import SafeMode
from geminicrm.runtime.service import LifeCycle


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionNeeds:
    """What it stands on.

    `python_packages` brings the Python packages of a version to this machine. `notices`,
    `available` and `registries` tell what rooms above know of the actor's workspace.
    """

    cipher: Cipher
    runtime: ExtensionRuntime
    life_cycle: LifeCycle
    safe_mode: SafeMode
    python_packages: Callable[[Manifest, str], Path | None]
    notices: Notices = nothing
    available: Available = nothing
    registries: RegistryTroubles = nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """What looks after installations."""

    attention: Attention
    repairs: Repairs
    workers: Workers
    safe: SafeSwitch


def build_care(needs: AttentionNeeds) -> Care:
    """Make it."""
    runtime, life = needs.runtime, needs.life_cycle
    works, generations = life.kit.works, life.kit.tools.generations
    home = runtime.options.home
    gathering = Gathering(
        Sources(
            works=works,
            vault=Vault(needs.cipher),
            logs=runtime.logs,
            packages=runtime.packages,
            leases=runtime.leases,
            safe_mode=needs.safe_mode,
            troubles=runtime.calls.troubles,
            confines=runtime.hosting.confines,
            python_folder=lambda manifest, digest: requirements_folder(home, manifest, digest),
            notices=needs.notices,
            available=needs.available,
            registries=needs.registries,
        )
    )
    return Care(
        attention=Attention(gathering, lambda: generations.get(RUNTIME)),
        repairs=Repairs(life.kit, runtime.packages, needs.python_packages, runtime.hosting.restart),
        workers=Workers(works, runtime.leases),
        safe=SafeSwitch(works, needs.safe_mode, runtime.convergence.follow),
    )
