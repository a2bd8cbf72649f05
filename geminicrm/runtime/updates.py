"""What could be upgraded, and which earlier versions are still to be had."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from geminicrm.kernel.errors import AppError
from geminicrm.kernel.work import Actor, Work
from geminicrm.runtime.history.models import InstalledVersion
from geminicrm.runtime.history.versions import history, returned_from
from geminicrm.runtime.install.offers import Offered, PackageRef
from geminicrm.runtime.inventory import READ
from geminicrm.runtime.kit import Kit, require
from geminicrm.runtime.manifest import build_manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.present import manifest_of
from geminicrm.runtime.semver import SemVer
from geminicrm.runtime.upgrade_problems import ReturnedFrom
from geminicrm.runtime.upgrade_rules import grown


class Updates:
    """Compares what is installed with what registries have; changes nothing."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def available(self, actor: Actor) -> list[dict[str, Any]]:
        """Give the installations that have a newer version, by extension id.

        `needs_consent` says that it may do more (`growth`) and waits for somebody to agree;
        `held_back` why it is not offered: it failed here and was returned from.
        """
        require(actor, READ)
        with self._kit.works.read(actor) as work:
            query = select(Installation).order_by(Installation.extension_id)
            rows = work.session.scalars(query).all()
            failed = {row.id: returned_from(history(work, row.id)) for row in rows}
        found = ((row, self._newer(actor, row)) for row in rows)
        return [_update(row, one, failed[row.id]) for row, one in found if one is not None]

    def offered(self, actor: Actor, extension_id: str) -> list[dict[str, Any]]:
        """Give what the registry has of an extension; nothing where it is away."""
        offers = self._offers(actor.workspace_id, extension_id)
        return [{"version": one.ref.version, "state": one.ref.state} for one in offers]

    def refuse_failed(self, work: Work, row: Installation, ref: PackageRef) -> None:
        """Raise ReturnedFrom where the version failed here before."""
        failed = returned_from(history(work, row.id))
        digest = f"sha256:{ref.hex_digest}"
        if digest in failed:
            raise ReturnedFrom(row.extension_id, ref.version, failed[digest])

    def lies_there(self, past: InstalledVersion) -> bool:
        """Tell whether the files of an earlier version are on this machine."""
        folder = self._kit.tools.packages / past.digest.removeprefix("sha256:")
        return (folder / str(past.manifest["entry_point"])).is_file()

    def is_there(self, past: InstalledVersion) -> bool:
        """Tell whether an earlier version can be had: from this machine or from its registry."""
        if self.lies_there(past):
            return True
        offers = self._offers(past.workspace_id, past.extension_id)
        digest = past.digest.removeprefix("sha256:")
        return any(one.ref.hex_digest == digest for one in offers)

    def _newer(self, actor: Actor, row: Installation) -> Offered | None:
        """Give the newest listed version where it is newer than the installed one."""
        offers = self._offers(actor.workspace_id, row.extension_id)
        listed = [one for one in offers if one.ref.state == "listed"]
        released = [one for one in listed if not SemVer.parse(one.ref.version).prerelease]
        newest = max(released or listed, key=_precedence, default=None)
        if newest is None or _precedence(newest) <= SemVer.parse(row.version):
            return None
        return newest

    def _offers(self, workspace_id: str, extension_id: str) -> Sequence[Offered]:
        try:
            return self._kit.tools.glance(workspace_id, extension_id)
        except AppError:
            return ()  # a registry that is away has nothing to offer just now


def _precedence(offered: Offered) -> SemVer:
    return SemVer.parse(offered.ref.version)


def _update(row: Installation, offered: Offered, failed: dict[str, str | None]) -> dict[str, Any]:
    more = grown(row, build_manifest(offered.manifest))
    digest = f"sha256:{offered.ref.hex_digest}"
    reason = failed.get(digest) or "it failed here"
    return {
        "extension_id": row.extension_id,
        "name": manifest_of(row).name,
        "version": row.version,
        "latest": offered.ref.version,
        "needs_consent": more.needs_consent,
        "growth": asdict(more),
        "held_back": f"It was returned from: {reason}" if digest in failed else None,
    }
