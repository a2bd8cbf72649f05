"""What a schema can't say about a manifest: known names, ranges, paths and cross-references.

Each rule looks only at entries of the right type and size, since the schema reports the others: so
all findings come together, and a huge list costs no more than a long one.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, TypeAlias

from extensions.sdk.hookspecs import BUDGET_SECONDS
from geminicrm.identity.permissions import is_own_use
from geminicrm.kernel.errors import Finding
from geminicrm.kernel.jobs.schedules import cron_fault
from geminicrm.runtime.manifest_schema import nearest
from geminicrm.runtime.manifest_webhooks import webhook_findings
from geminicrm.runtime.python_requirement import NotARequirement, counts, read_requirement
from geminicrm.runtime.semver import NotAVersion, Range
from geminicrm.runtime.strict_json import join, shorten

_Data: TypeAlias = Mapping[str, Any]
_MOST: Final = 200  # more than any list may have, and any text that a rule reads
_MODULE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*/)*[A-Za-z_][A-Za-z0-9_]*\.py")


def rule_findings(data: _Data, known_scopes: Collection[str]) -> list[Finding]:
    """Apply every rule."""
    found = list(_scopes(data, known_scopes))
    for rule in _RULES:
        found.extend(rule(data))
    return found


def _strings(data: _Data, name: str) -> Iterator[tuple[str, str]]:
    value = data.get(name)
    for at, item in enumerate(value[:_MOST] if isinstance(value, list) else ()):
        if isinstance(item, str) and len(item) <= _MOST:
            yield f"/{name}/{at}", item


def _objects(data: _Data, name: str) -> Iterator[tuple[str, _Data]]:
    value = data.get(name)
    for at, item in enumerate(value[:_MOST] if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield f"/{name}/{at}", item


def _object(data: _Data, name: str) -> _Data:
    value = data.get(name)
    return dict(islice(value.items(), _MOST)) if isinstance(value, dict) else {}


def _scopes(data: _Data, known: Collection[str]) -> Iterable[Finding]:
    asked = [*_strings(data, "permissions"), *_strings(data, "optional_permissions")]
    for pointer, scope in asked:
        if scope not in known and not is_own_use(scope):
            hint = nearest(scope, known) or f" Known are: {', '.join(sorted(known))}."
            message = f"{shorten(scope)} is no permission that extensions may ask for.{hint}"
            yield Finding(pointer, "unknown_permission", message)
    required = {scope for _, scope in _strings(data, "permissions")}
    for pointer, scope in _strings(data, "optional_permissions"):
        if scope in required:
            message = f"{shorten(scope)} is in permissions already: keep it in one of the two."
            yield Finding(pointer, "repeated", message)
    names = {scope for _, scope in asked}
    for scope in _object(data, "permission_reasons"):
        if scope not in names:
            message = f"{shorten(scope)} has a reason and is not asked for.{nearest(scope, names)}"
            yield Finding(join("/permission_reasons", scope), "not_declared", message)


def _hooks(data: _Data) -> Iterable[Finding]:
    for pointer, hook in _strings(data, "hooks"):
        if hook not in BUDGET_SECONDS:
            hint = nearest(hook, BUDGET_SECONDS) or f" Known are: {', '.join(BUDGET_SECONDS)}."
            yield Finding(pointer, "unknown_hook", f"{shorten(hook)} is no hook.{hint}")


def _ranges(data: _Data) -> Iterable[Finding]:
    requires = _object(data, "requires")
    others = _object(requires, "extensions")
    places = [("/requires/geminicrm", requires.get("geminicrm"))]
    places += [(join("/requires/extensions", name), text) for name, text in others.items()]
    for pointer, text in places:
        if isinstance(text, str) and len(text) <= _MOST:
            yield from _range(pointer, text)
    if str(data.get("id")) in others:
        where = join("/requires/extensions", str(data["id"]))
        yield Finding(where, "requires_itself", "An extension can't require itself: remove it.")


def _range(pointer: str, text: str) -> Iterable[Finding]:
    try:
        Range.parse(text)
    except NotAVersion:
        message = f"{shorten(text)} is not a version range such as '>=1.2.0 <2.0.0'."
        yield Finding(pointer, "wrong_range", message)


def _python(data: _Data) -> Iterable[Finding]:
    for place, text in _strings(_object(data, "requires"), "python"):
        pointer = f"/requires{place}"
        try:
            counts(read_requirement(text).marker)
        except NotARequirement as error:
            yield Finding(pointer, "wrong_requirement", str(error))


def _leaves_folder(path: str) -> bool:
    return path.startswith("/") or ":" in path or "\\" in path or ".." in path.split("/")


def _paths(data: _Data) -> Iterable[Finding]:
    places = [(f"/{name}", data.get(name)) for name in ("entry_point", "icon")]
    places += [
        (f"{pointer}/path", item.get("path")) for pointer, item in _objects(data, "screenshots")
    ]
    for pointer, path in places:
        if isinstance(path, str) and _leaves_folder(path):
            message = f"{shorten(path)} leaves the folder: write it like 'static/icon.svg'."
            yield Finding(pointer, "path_outside", message)
    entry = data.get("entry_point")
    if isinstance(entry, str) and not _leaves_folder(entry) and not _MODULE.fullmatch(entry):
        message = f"{shorten(entry)} is not a Python file such as 'extension.py'."
        yield Finding("/entry_point", "wrong_form", message)


def _unique_ids(data: _Data) -> Iterable[Finding]:
    ui = _object(data, "ui")
    places = [(data, "", name) for name in ("settings", "schedules", "inbound_webhooks")]
    places += [(ui, "/ui", name) for name in ui]
    for holder, prefix, name in places:
        seen: set[str] = set()
        for pointer, item in _objects(holder, name):
            one = item.get("id")
            if isinstance(one, str) and one in seen:
                message = f"The id {shorten(one)} is used twice in {name}: rename one."
                yield Finding(f"{prefix}{pointer}/id", "repeated", message)
            seen.add(str(one))


def _setting_names(data: _Data) -> Iterable[Finding]:
    known = {str(item.get("id")) for _, item in _objects(data, "settings")}
    places = [(f"{at}/setting", item.get("setting")) for at, item in _objects(data, "network")]
    places += [
        (f"{at}{pointer}", name)
        for at, way in _objects(data, "authentication")
        for pointer, name in _strings(way, "settings")
    ]
    places += [(f"{at}/setting", item.get("setting")) for at, item in _objects(data, "limits")]
    for pointer, name in places:
        if isinstance(name, str) and name not in known:
            message = f"There is no setting {shorten(name)}.{nearest(name, known)}"
            yield Finding(pointer, "unknown_setting", message)


_NEEDED_BY_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    "oauth2": ("authorization_url", "token_url"),
    "client_credentials": ("token_url",),
    "service_account": ("token_url",),
    "basic": ("settings",),
    "bearer": ("settings",),
}
_SUCH_AS: Final = {
    "authorization_url": ", such as 'https://example.com/oauth/authorize'",
    "token_url": ", such as 'https://example.com/oauth/token'",
    "settings": ": the settings that hold the credentials",
}


def _sign_in(data: _Data) -> Iterable[Finding]:
    for pointer, way in _objects(data, "authentication"):
        kind = way.get("type")
        for name in _NEEDED_BY_KIND.get(kind, ()) if isinstance(kind, str) else ():
            if name not in way:
                message = f"{kind} needs {name}{_SUCH_AS[name]}."
                yield Finding(f"{pointer}/{name}", "missing_property", message)


def _pages(data: _Data) -> Iterable[Finding]:
    ui = _object(data, "ui")
    known = {str(item.get("id")) for _, item in _objects(ui, "pages")}
    for pointer, item in _objects(ui, "navigation"):
        page = item.get("page")
        if isinstance(page, str) and page not in known:
            message = f"There is no page {shorten(page)} under ui.pages.{nearest(page, known)}"
            yield Finding(f"/ui{pointer}/page", "unknown_page", message)


def _crons(data: _Data) -> Iterable[Finding]:
    for pointer, item in _objects(data, "schedules"):
        cron = item.get("cron")
        if isinstance(cron, str) and len(cron) <= _MOST and (fault := cron_fault(cron)):
            message = f"{shorten(cron)} is no schedule ({fault}): write it like '0 3 * * 1-5'."
            yield Finding(f"{pointer}/cron", "wrong_cron", message)


_RULES: Final[tuple[Callable[[_Data], Iterable[Finding]], ...]] = (
    _hooks,
    _ranges,
    _python,
    _paths,
    _unique_ids,
    _setting_names,
    _sign_in,
    _pages,
    _crons,
    webhook_findings,
)
