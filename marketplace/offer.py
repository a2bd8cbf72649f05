"""Bringing packages in from files: the core's own extensions, and a package given by path."""

import tempfile
from importlib.util import find_spec
from pathlib import Path

import structlog

from geminicrm.kernel.errors import AppError, TooLarge
from geminicrm.kernel.work import Actor
from geminicrm.runtime.package_rules import MAX_PACKAGE_BYTES
from marketplace.blobs import digest_of
from marketplace.listings import Published
from marketplace.packages import pack
from marketplace.service import Registry

_log = structlog.get_logger(__name__)


def built_in_folder() -> Path:
    """Give the folder of the extensions that come with the core."""
    spec = find_spec("extensions")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("The package `extensions` is not installed.", name="extensions")
    return Path(spec.origin).parent


def offer_builtins(registry: Registry, folder: Path) -> list[Published]:
    """Publish every extension in `folder` that is new or changed; give those.

    An extension that can't be published is logged and left out: it must not keep the others, or
    the start of the core, from working.
    """
    known = registry.built_in_digests()
    offered = []
    for manifest in sorted(folder.glob("*/manifest.json")):
        try:
            package = _packed(manifest.parent)
            digest = digest_of(package)
            if digest in known:
                registry.comes_along(_extension_id(manifest.parent), digest)
            else:
                offered.append(registry.offer(package))
        except (AppError, OSError) as error:
            _log.error("a built-in extension is not offered", folder=manifest.parent.name,
                       reason=str(error))  # fmt: skip
    for published in offered:
        _log.info("a built-in extension is offered", extension=published.release.extension_id,
                  version=published.release.version)  # fmt: skip
    return offered


def comes_along(folder: Path, extension_id: str, digest: str) -> bool:
    """Tell whether a folder of extensions holds the one with this digest, right now."""
    try:
        return digest_of(_packed(folder / extension_id.replace("-", "_"))) == digest
    except (AppError, OSError):
        return False


def publish_file(registry: Registry, actor: Actor, path: Path) -> Published:
    """Publish a package by its path. OSError, and what `Registry.publish` raises."""
    size = path.stat().st_size
    if size > MAX_PACKAGE_BYTES:
        raise TooLarge(f"A package has at most {MAX_PACKAGE_BYTES} bytes; {path} has {size}.")
    return registry.publish(actor, path.read_bytes())


def _extension_id(folder: Path) -> str:
    return folder.name.replace("_", "-")


def _packed(folder: Path) -> bytes:
    with tempfile.TemporaryDirectory(prefix="geminicrm-pack-") as out:
        return pack(folder, Path(out)).path.read_bytes()
