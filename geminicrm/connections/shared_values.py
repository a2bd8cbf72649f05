"""Values of integrations that the operator gives for the installation: a file, and variables."""

import threading
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import select

from geminicrm.connections.services import Field, Service, Values
from geminicrm.identity.models import Workspace
from geminicrm.kernel.work import Works

FILE: Final = "integrations.toml"
FROM_FILE: Final = "file"
_WORKSPACES: Final = "workspace"
_NONE: Final = Values({}, {})
_log = structlog.get_logger(__name__)


class OperatorValues:
    """Implements SharedValues: sections of `integrations.toml`, then variables of the environment.

    They hold for all where there is one workspace; where there are several, only for those that
    are `named`, by id or slug: what one company pays for must not serve another by accident. A
    section `[workspace.<slug or id>.<service>]` holds for that workspace anyway.
    """

    def __init__(
        self, home: Path, environ: Mapping[str, str], named: Collection[str], works: Works
    ) -> None:
        self._file = _File(home / FILE)
        self._environ = environ
        self._named = frozenset(named)
        self._works = works

    def of(self, service: Service) -> Values:
        """Give those of one integration; the file goes before the variables.

        What fits no field, or has not its type, is left out and told in the log.
        """
        document = self._file.read()
        variables = {one.id: name for one in service.fields if (name := self._variable(one))}
        if not document and not variables:
            return _NONE
        found = self._meant(service, document, variables)
        fields = {one.id: one for one in service.fields}
        held = {name: one for name, one in found.items() if _fits(fields.get(name), one[0])}
        _tell(service, found.keys() - held.keys())
        return Values(
            {name: one for name, (one, _) in held.items() if not fields[name].secret},
            {name: str(one) for name, (one, _) in held.items() if fields[name].secret},
            {name: origin for name, (_, origin) in held.items()},
        )

    def _meant(
        self, service: Service, document: Mapping[str, Any], variables: Mapping[str, str]
    ) -> dict[str, tuple[Any, str]]:
        slug, alone = self._workspace(service.workspace_id)
        names = {service.workspace_id, slug}
        found: dict[str, tuple[Any, str]] = {}
        if alone or names & self._named:
            for one in service.fields:
                if one.id in variables:
                    name = variables[one.id]
                    found[one.id] = (_read(one, self._environ[name]), f"environment:{name}")
            found |= _section(document, service.extension_id)
        for name in sorted(names):
            found |= _section(_table(document, _WORKSPACES, name), service.extension_id)
        return found

    def _variable(self, one: Field) -> str | None:
        return next((name for name in one.env if self._environ.get(name, "").strip()), None)

    def _workspace(self, workspace_id: str) -> tuple[str, bool]:
        """Give the slug of a workspace, and whether it is the only one."""
        with self._works.across_workspaces("shared values: whether there are several") as work:
            slugs = work.session.execute(select(Workspace.id, Workspace.slug).limit(2)).all()
            mine = work.session.get(Workspace, workspace_id)
            return (mine.slug if mine is not None else "", len(slugs) == 1)


class _File:
    """The document as it is now; read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._document: Mapping[str, Any] = {}

    def read(self) -> Mapping[str, Any]:
        try:
            about = self._path.stat()
        except OSError:
            return {}
        with self._lock:
            if self._seen != (about.st_mtime_ns, about.st_size):
                self._document = self._parsed()
                self._seen = (about.st_mtime_ns, about.st_size)
            return self._document

    def _parsed(self) -> Mapping[str, Any]:
        try:
            return tomllib.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            # Not its text: the file holds secrets, and errors of syntax quote what is there.
            _log.error("integrations.toml can't be read", reason=type(error).__name__)
            return {}


def _section(document: Mapping[str, Any], extension_id: str) -> dict[str, tuple[Any, str]]:
    return {name: (one, FROM_FILE) for name, one in _table(document, extension_id).items()}


def _table(document: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    for name in path:
        inner = document.get(name)
        if not isinstance(inner, Mapping):
            return {}
        document = inner
    return document


def _read(one: Field, text: str) -> Any:
    """Give the value of a variable in the type of its field; the text where it is no such value."""
    if one.type == "boolean":
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
            text.strip().lower(), text
        )
    if one.type in ("integer", "number"):
        try:
            return int(text) if one.type == "integer" else float(text)
        except ValueError:
            return text
    return text.strip()


def _fits(one: Field | None, value: Any) -> bool:
    if one is None:
        return False
    kinds: dict[str, tuple[type, ...]] = {
        "boolean": (bool,),
        "integer": (int,),
        "number": (int, float),
    }
    wanted = kinds.get(one.type, (str,))
    return isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))


def _tell(service: Service, unfit: Collection[str]) -> None:
    for name in sorted(unfit):
        _log.warning(
            "a value for an integration does not fit", service=service.extension_id, field=name
        )
