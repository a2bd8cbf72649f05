"""From a folder on disk to a version that can be called, and back out of memory again."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pluggy
from flask import Blueprint

from extensions.extension_base import ExtensionBase
from extensions.sdk import hookspecs
from extensions.sdk.context import Context
from extensions.sdk.errors import SdkError
from geminicrm.runtime.failures import LoadFailed, interrupts, place_of, reason_of
from geminicrm.runtime.live import Hook, LoadedVersion, Route, digest_hex
from geminicrm.runtime.manifest import Manifest
from geminicrm.runtime.package_import import PackageImport
from geminicrm.runtime.sdk_errors import problem_of
from geminicrm.runtime.small_app import SmallApp

MOUNT = "/api/extensions"


def load_version(folder: Path, manifest: Manifest, digest: str, app: Context) -> LoadedVersion:
    """Load an extension folder under a package name made from its digest.

    Raises LoadFailed, which names file and line of the extension's own code; nothing of a version
    that failed stays loaded.
    """
    return _Loading(folder, manifest, digest, app).run()


def unload(version: LoadedVersion) -> None:
    """Take the version's modules out of memory; calls that still run keep what they hold."""
    PackageImport.remove(version.package)


class _Loading:
    """One attempt; `_doing` says at what, for the error."""

    def __init__(self, folder: Path, manifest: Manifest, digest: str, app: Context) -> None:
        self._folder = folder
        self._manifest = manifest
        self._digest = digest
        self._app = app
        self._package = PackageImport(f"extension_{digest_hex(digest)}", folder)
        self._doing = "import"

    def run(self) -> LoadedVersion:
        try:
            return self._load()
        except BaseException as error:
            self._package.close()
            if interrupts(error):
                raise
            raise self._failed(error) from error

    def _load(self) -> LoadedVersion:
        if not (self._folder / self._manifest.entry_point).is_file():
            raise self._wrong("the file is missing")
        module = self._package.load(self._manifest.entry_point)
        found = self._class_in(vars(module))
        self._doing = "__init__()"
        extension = found(self._app)
        self._doing = "the check of its hooks"
        hooks = collect_hooks(extension)
        self._doing = "get_routes()"
        flask_app = self._mount(extension)
        return LoadedVersion(
            extension_id=self._manifest.id,
            version=self._manifest.version,
            digest=self._digest,
            folder=self._folder,
            package=self._package.name,
            extension=extension,
            answer=flask_app.answer,
            hooks=hooks,
            routes=_routes(flask_app),
        )

    def _failed(self, error: BaseException) -> LoadFailed:
        if isinstance(error, LoadFailed):
            return error
        where = place_of(error, self._folder)
        return LoadFailed(self._manifest.id, self._doing, where, reason_of(error))

    def _wrong(self, reason: str, where: str | None = None) -> LoadFailed:
        at = self._manifest.entry_point if where is None else where
        return LoadFailed(self._manifest.id, self._doing, at, reason)

    def _class_in(self, names: Mapping[str, Any]) -> type[ExtensionBase]:
        own = {
            value
            for value in names.values()
            if isinstance(value, type)
            and issubclass(value, ExtensionBase)
            and value.__module__.startswith(f"{self._package.name}.")
        }
        # A base class that the author shares between two extensions is not meant itself.
        leaves = [one for one in own if not any(one in other.__mro__[1:] for other in own)]
        if len(leaves) != 1:
            raise self._wrong(
                f"it must define one class derived from ExtensionBase; {len(leaves)} found"
            )
        missing = ", ".join(sorted(leaves[0].__abstractmethods__))
        if missing:
            raise self._wrong(f"the class {leaves[0].__name__} lacks: {missing}")
        return leaves[0]

    def _mount(self, extension: ExtensionBase) -> SmallApp:
        # A blueprint can be neither added to a running application nor removed from it, so each
        # version has an application of its own.
        app = SmallApp(self._package.name, str(self._folder))
        app.register_error_handler(SdkError, partial(problem_of, self._manifest.id))
        routes: object = extension.get_routes()
        if routes is None:
            return app
        if not isinstance(routes, Blueprint):
            kind = type(routes).__name__
            raise self._wrong(f"it must return a flask.Blueprint or None, not {kind}")
        app.register_blueprint(routes, url_prefix=mounted_at(self._manifest.id, routes.url_prefix))
        return app


def mounted_at(extension_id: str, prefix: str | None) -> str:
    """Give where a Blueprint's routes answer: always at or below `/api/extensions/<id>`."""
    base = f"{MOUNT}/{extension_id}"
    inner = (prefix or "").strip("/")
    if f"/{inner}" == base or f"/{inner}".startswith(f"{base}/"):
        return f"/{inner}"
    return f"{base}/{inner}" if inner else base


def collect_hooks(extension: ExtensionBase) -> Mapping[str, Hook]:
    """Have pluggy check the hooks' names and arguments, and give the implementations by name.

    They are called directly: pluggy stops at the first that raises, and costs more.
    Raises pluggy.PluginValidationError.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT_NAME)
    manager.add_hookspecs(hookspecs)
    manager.register(extension)
    manager.check_pending()
    hooks: dict[str, Hook] = {}
    for caller in manager.get_hookcallers(extension) or ():
        implementation = caller.get_hookimpls()[0]
        if implementation.hookwrapper or implementation.wrapper:
            raise pluggy.PluginValidationError(
                extension, f"{caller.name}: extensions can't wrap the hooks of others"
            )
        order = caller.spec.argnames if caller.spec else ()
        places = tuple(order.index(name) for name in implementation.argnames)
        hooks[caller.name] = Hook(implementation.function, places)
    return MappingProxyType(hooks)


def _routes(app: SmallApp) -> tuple[Route, ...]:
    return tuple(
        Route(rule.rule, tuple(sorted(rule.methods or ()))) for rule in app.url_map.iter_rules()
    )
