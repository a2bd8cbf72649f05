"""Loading a version into the core's own process, and taking it out again."""

from functools import partial
from pathlib import Path

from extensions.sdk.context import Context
from geminicrm.runtime.failures import LoadFailed
from geminicrm.runtime.host.loading import NotLoadable, Source, load_folder
from geminicrm.runtime.host.package_import import PackageImport
from geminicrm.runtime.live import LoadedVersion, digest_hex
from geminicrm.runtime.manifest import Manifest
from geminicrm.runtime.sdk_errors import problem_of


def load_version(folder: Path, manifest: Manifest, digest: str, app: Context) -> LoadedVersion:
    """Load an extension folder under a package name made from its digest.

    Raises LoadFailed, which names file and line of the extension's own code; nothing of a version
    that failed stays loaded.
    """
    source = Source(
        extension_id=manifest.id,
        folder=folder,
        entry_point=manifest.entry_point,
        package=f"extension_{digest_hex(digest)}",
    )
    try:
        loaded = load_folder(source, app, partial(problem_of, manifest.id))
    except NotLoadable as error:
        raise LoadFailed(manifest.id, error.doing, error.where, error.reason) from error
    return LoadedVersion(
        extension_id=manifest.id,
        version=manifest.version,
        digest=digest,
        folder=folder,
        package=loaded.package,
        extension=loaded.extension,
        answer=loaded.app.answer,
        hooks=loaded.hooks,
        routes=loaded.routes,
    )


def unload(version: LoadedVersion) -> None:
    """Take the version's modules out of memory; calls that still run keep what they hold."""
    PackageImport.remove(version.package)
