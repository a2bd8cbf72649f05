"""Repairing: an installed package fetched again by its digest, with its Python packages."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from geminicrm.kernel.errors import AppError, Conflict
from geminicrm.kernel.generation import RUNTIME
from geminicrm.kernel.work import Actor
from geminicrm.runtime.changes import Change
from geminicrm.runtime.install.state import Refused
from geminicrm.runtime.inventory import MANAGE, find
from geminicrm.runtime.kit import Kit, require
from geminicrm.runtime.live import digest_hex
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.packages import PackageAway, Packages
from geminicrm.runtime.present import manifest_of


class RepairFailed(Conflict):
    """The package can't be had again, neither from here nor from its registry."""

    code = "repair_failed"
    title = "The package can't be repaired"

    def __init__(self, extension_id: str, version: str, reasons: str) -> None:
        super().__init__(
            f"The package of {extension_id} {version} can't be had again. {reasons} Install "
            "another version, or uninstall it.",
            extension_id=extension_id,
        )


class Repairs:
    """Makes folders on this machine anew; `restart` ends what still runs from the old one."""

    def __init__(
        self,
        kit: Kit,
        packages: Packages,
        python_packages: Callable[[Manifest, str], Path | None],
        restart: Callable[[str], object],
    ) -> None:
        self._kit = kit
        self._packages = packages
        self._python_packages = python_packages
        self._restart = restart

    def repair(self, actor: Actor, extension_id: str) -> Change:
        """Fetch the installed version again, from what is stored or else from its registry.

        What it is, is decided by the digest alone. Raises ScopeMissing, NotInstalled, RepairFailed,
        ValidationFailed where its Python packages can't be had.
        """
        require(actor, MANAGE)
        works = self._kit.works
        with self._kit.changing(actor):
            with works.read(actor) as work:
                row = find(work, extension_id)
            self._packages.put_back(row.digest, self._files(actor, row))
            self._python_packages(manifest_of(row), row.digest)
            with works.write(actor) as work:
                row = find(work, extension_id)
                if row.enabled:
                    row.status, row.error = "enabled", None
                row.updated_at = work.now
                work.audit("extension.repaired", extension_id, {"digest": row.digest})
                generation = self._kit.tools.generations.bump(work, RUNTIME)
        self._restart(row.id)
        return self._kit.changed(actor, extension_id, generation)

    def _files(self, actor: Actor, row: Installation) -> Mapping[str, bytes]:
        try:
            return self._packages.stored(row.digest)
        except PackageAway as here:
            try:
                return self._fetched(actor, row)
            except (AppError, Refused, OSError, SQLAlchemyError) as there:
                reasons = f"Here: {here} In its registry: {there}"
                raise RepairFailed(row.extension_id, row.version, reasons) from there

    def _fetched(self, actor: Actor, row: Installation) -> Mapping[str, bytes]:
        tools, wanted = self._kit.tools, digest_hex(row.digest)
        named = tools.source.find(actor.workspace_id, row.extension_id, row.version)
        ref = tools.vouch(named)
        content = tools.source.read(ref)
        if ref.hex_digest != wanted or hashlib.sha256(content).hexdigest() != wanted:
            raise PackageAway(f"It has another package under the version {row.version}.")
        tools.keep(content)
        return tools.unpack(content)
