"""Rule: what the locks around an extension will refuse, and what no check can see through.

Never an error: libraries do such things at their own risk, and the locks hold whatever is found
here. One finding for each kind and file.
"""

import ast
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from geminicrm.runtime.check.findings import found
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder

_SOCKET: Final = "opens_socket"
_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "dynamic_import": "imports a module whose name is made while it runs: no check can see "
        "what it is. Import by name.",
        "runs_text": "runs text as code: no check can see what it does. Write the code itself.",
        "native_code": "calls native code. It stays behind the same locks, which answer system "
        "calls that are not allowed with an error.",
        "starts_process": "starts processes, and the locks refuse every one with an error. Do the "
        "work in the extension itself.",
        _SOCKET: "opens connections of its own, and the locks refuse every one with an "
        "error. Use self.app.http.",
    }
)
_BUILT_IN: Final[Mapping[str, str]] = MappingProxyType(
    {"exec": "runs_text", "eval": "runs_text", "compile": "runs_text"}
)
_MODULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ctypes": "native_code",
        "cffi": "native_code",
        "subprocess": "starts_process",
        "multiprocessing": "starts_process",
        "pty": "starts_process",
        "socket": _SOCKET,
        "socketserver": _SOCKET,
        "ftplib": _SOCKET,
        "smtplib": _SOCKET,
        "imaplib": _SOCKET,
        "poplib": _SOCKET,
        "telnetlib": _SOCKET,
        "urllib.request": _SOCKET,
        "http.client": _SOCKET,
        "xmlrpc.client": _SOCKET,
        "httpx": _SOCKET,
        "aiohttp": _SOCKET,
        "urllib3": _SOCKET,
    }
)
_OF_OS: Final = ("system", "popen", "fork", "forkpty", "exec", "spawn", "posix_spawn")
_LOADERS: Final = frozenset({"import_module", "__import__"})


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look at imports and calls."""
    first: dict[tuple[str, str], int] = {}
    # Whoever may do so comes with the CRM and runs where no locks are.
    fine = {_SOCKET} if folder.manifest is not None and folder.manifest.sockets else set()
    for file, node in folder.nodes:
        for code in set(_codes(node)) - fine:
            place = (file, code)
            first[place] = min(getattr(node, "lineno", 0), first.get(place, 1 << 30))
    return [
        found(code, f"The code {_WORDS[code]}", file=file, line=line)
        for (file, code), line in first.items()
    ]


def _codes(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (code for one in names if (code := _of_module(one.name)))
        case ast.ImportFrom(module=str() as module, level=0, names=names):
            wholes = [module, *(f"{module}.{one.name}" for one in names)]
            yield from (code for one in wholes if (code := _of_module(one)))
        case ast.Call(func=ast.Name(id=name)):
            yield from _of_call(node, name)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=base), attr=name)):
            if base == "os" and name.startswith(_OF_OS):
                yield "starts_process"
            elif name in _LOADERS:
                yield from _of_call(node, name)


def _of_call(node: ast.Call, name: str) -> Iterator[str]:
    if name in _BUILT_IN:
        yield _BUILT_IN[name]
    if name in _LOADERS and not (node.args and isinstance(node.args[0], ast.Constant)):
        yield "dynamic_import"


def _of_module(name: str) -> str | None:
    parts = name.split(".")
    whole = ".".join(parts[:2])
    return _MODULES.get(parts[0]) or _MODULES.get(whole)
