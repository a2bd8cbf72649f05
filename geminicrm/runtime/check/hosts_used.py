"""Rule: the hosts that the code calls are declared, so that an admin can agree to them."""

import ast
from collections.abc import Iterator
from typing import Final

from geminicrm.runtime.check.addresses import Address, address_in, address_of, constants_of, written
from geminicrm.runtime.check.doors import Use, mentioned, uses
from geminicrm.runtime.check.findings import found
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder, Severity
from geminicrm.runtime.hosts import fitting, spelled
from geminicrm.runtime.manifest_model import Manifest

_REQUEST: Final = "request"
# Reserved for examples, or nobody's business but this machine's (RFC 2606, RFC 6761).
_NOBODY: Final = (".example", ".test", ".invalid", ".localhost", "example.com", "example.org",
                  "example.net", "localhost", "127.0.0.1", "www.w3.org")  # fmt: skip


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Compare literal addresses with the manifest: those of calls, and those that stand about."""
    if folder.manifest is None:
        return []
    calls = list(_calls(folder, folder.manifest))
    seen = {(one.file, one.line) for one in calls}
    others = [one for one in _others(folder, folder.manifest) if (one.file, one.line) not in seen]
    return [*calls, *others]


def _calls(folder: ExtensionFolder, manifest: Manifest) -> Iterator[CheckFinding]:
    constants = {name: constants_of(tree) for name, tree in folder.own_trees()}
    # An admin may save the very host in a setting, so then nothing is certain.
    by_setting = any(one.setting is not None for one in manifest.network)
    for use in uses(folder):
        if use.path[:1] != ("http",):
            continue
        address = address_of(_url(use), constants[use.file])
        if address is None or _is_declared(address, manifest):
            continue
        certain = use.certain and not by_setting
        yield _undeclared(address, use.file, use.line, certain=certain)


def _others(folder: ExtensionFolder, manifest: Manifest) -> Iterator[CheckFinding]:
    if "http" not in mentioned(folder):
        return  # nothing is called at all: these are links
    seen = set()
    for file, line, text in written(folder):
        address = address_in(text, whole=True)
        if address is None or address.host in seen or address.host.endswith(_NOBODY):
            continue
        if not _is_declared(address, manifest):
            seen.add(address.host)
            yield _undeclared(address, file, line, certain=False)


def _undeclared(address: Address, file: str, line: int, *, certain: bool) -> CheckFinding:
    host = spelled(address.host, address.port)
    message = f"{host} is not among the hosts in manifest.json"
    message += (
        ", so this call is refused: add it to network with a reason."
        if certain
        else ": add it to network with a reason if it is to be called."
    )
    severity: Severity = "error" if certain else "warning"
    return found("undeclared_host", message, file=file, line=line, severity=severity)


def _url(use: Use) -> ast.expr | None:
    named = [one.value for one in use.call.keywords if one.arg == "url"]
    place = 1 if use.path[1:] == (_REQUEST,) else 0
    given = use.call.args[place : place + 1]
    return (*named, *given, None)[0]


def _is_declared(address: Address, manifest: Manifest) -> bool:
    entries = [one.host for one in manifest.network if one.host is not None]
    return fitting(address.host, address.port, entries) is not None
