"""From a folder on disk to an extension that can be called: the same in process and in a host."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pluggy
from flask import Blueprint, Response

from extensions.extension_base import ExtensionBase
from extensions.sdk import hookspecs
from extensions.sdk.context import Context
from extensions.sdk.errors import SdkError
from geminicrm.runtime.host.package_import import PackageImport
from geminicrm.runtime.host.parts import Hook, Route
from geminicrm.runtime.host.small_app import SmallApp
from geminicrm.runtime.host.traces import interrupts, place_of, reason_of

MOUNT = "/api/extensions"


class NotLoadable(Exception):
    """A folder can't be loaded: while doing what, where in its own code, and why."""

    def __init__(self, doing: str, where: str, reason: str) -> None:
        super().__init__(f"{doing} at {where}: {reason}" if where else f"{doing}: {reason}")
        self.doing = doing
        self.where = where
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is loaded: a folder, its entry point inside, and the name to import it under."""

    extension_id: str
    folder: Path
    entry_point: str
    package: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of it; `package` is the name that it is imported under."""

    package: str
    extension: ExtensionBase
    app: SmallApp
    hooks: Mapping[str, Hook]
    routes: tuple[Route, ...]


def load_folder(
    source: Source, app: Context, on_sdk_error: Callable[[SdkError], Response] | None = None
) -> Loaded:
    """Import the folder, make its class, collect its hooks, mount its routes.

    `on_sdk_error` answers for a route that lets one of the SDK's errors through; without it the
    error comes out of `Loaded.app.answer`. Raises NotLoadable; nothing of what failed stays.
    """
    return _Loading(source, app, on_sdk_error).run()


class _Loading:
    """One attempt; `_doing` says at what, for the error."""

    def __init__(
        self, source: Source, app: Context, on_sdk_error: Callable[[SdkError], Response] | None
    ) -> None:
        self._source = source
        self._app = app
        self._on_sdk_error = on_sdk_error
        self._package = PackageImport(source.package, source.folder)
        self._doing = "import"

    def run(self) -> Loaded:
        try:
            return self._load()
        except BaseException as error:
            self._package.close()
            if interrupts(error):
                raise
            raise self._failed(error) from error

    def _load(self) -> Loaded:
        if not (self._source.folder / self._source.entry_point).is_file():
            raise self._wrong("the file is missing")
        module = self._package.load(self._source.entry_point)
        found = self._class_in(vars(module))
        self._doing = "__init__()"
        extension = found(self._app)
        self._doing = "the check of its hooks"
        hooks = collect_hooks(extension)
        self._doing = "get_routes()"
        app = self._mount(extension)
        return Loaded(
            package=self._package.name,
            extension=extension,
            app=app,
            hooks=hooks,
            routes=_routes(app),
        )

    def _failed(self, error: BaseException) -> NotLoadable:
        if isinstance(error, NotLoadable):
            return error
        where = place_of(error, self._source.folder)
        return NotLoadable(self._doing, where, reason_of(error))

    def _wrong(self, reason: str) -> NotLoadable:
        return NotLoadable(self._doing, self._source.entry_point, reason)

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
        app = SmallApp(self._package.name, str(self._source.folder))
        if self._on_sdk_error is not None:
            app.register_error_handler(SdkError, self._on_sdk_error)
        routes: object = extension.get_routes()
        if routes is None:
            return app
        if not isinstance(routes, Blueprint):
            kind = type(routes).__name__
            raise self._wrong(f"it must return a flask.Blueprint or None, not {kind}")
        prefix = mounted_at(self._source.extension_id, routes.url_prefix)
        app.register_blueprint(routes, url_prefix=prefix)
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
