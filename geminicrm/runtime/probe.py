"""The probe: an extension is first imported in a child process that may hang, die or lie.

`python -m geminicrm.runtime.probe FOLDER` is that child; its answer is one JSON object.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from extensions.sdk.context import Context
from geminicrm.kernel.errors import Finding
from geminicrm.runtime.failures import LoadFailed
from geminicrm.runtime.host.parts import Route
from geminicrm.runtime.loader import load_version, unload
from geminicrm.runtime.manifest import build_manifest
from geminicrm.runtime.sdk_errors import NoCall

DEADLINE_SECONDS = 10.0
_MOST_BYTES = 1024 * 1024
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What the child found; without findings the extension can be loaded."""

    routes: tuple[Route, ...] = ()
    hooks: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def probe(folder: Path, deadline_seconds: float = DEADLINE_SECONDS) -> ProbeResult:
    """Load an extension in a child process: import, instance, hooks, routes.

    Its own session and an environment without our secrets; killed with all its children at the
    deadline. A finding's pointer is the place, such as `extension.py:3`.
    """
    process = subprocess.Popen(  # noqa: S603 - our own module in our own interpreter
        [sys.executable, "-P", "-m", "geminicrm.runtime.probe", str(folder.absolute())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=_clean_environment(),
        start_new_session=True,
    )
    with process:
        try:
            answer = _read(process.stdout, time.monotonic() + deadline_seconds)
        finally:
            _kill_session(process.pid)
    if answer is None:
        return _failed("timeout", f"Loading it did not end within {deadline_seconds:g} s.")
    return _result(answer, process.returncode)


def _clean_environment() -> dict[str, str]:
    path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
    return {
        "PATH": os.defpath,
        "PYTHONPATH": path,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _read(pipe: IO[bytes] | None, deadline: float) -> bytes | None:
    """Read to the end; None where there is none in time or too much comes."""
    answer = bytearray()
    if pipe is None:
        return None
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while len(answer) <= _MOST_BYTES:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                return None
            chunk = os.read(pipe.fileno(), _CHUNK)
            if not chunk:
                return bytes(answer)
            answer += chunk
    return None


def _kill_session(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _result(answer: bytes, code: int) -> ProbeResult:
    try:
        found = json.loads(answer)
        return ProbeResult(
            tuple(Route(one["rule"], tuple(one["methods"])) for one in found["routes"]),
            tuple(found["hooks"]),
            tuple(Finding(**one) for one in found["findings"]),
        )
    except (ValueError, TypeError, KeyError):
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return _failed(
            "died",
            f"The process that loaded it ended by itself ({how}) and gave no result. An "
            "extension must not end its process (os._exit, a crash in native code).",
        )


def _failed(code: str, message: str) -> ProbeResult:
    return ProbeResult(findings=(Finding("", code, message),))


class _NoDoor:
    """A door of a context outside of any call: whatever one does with it is told so."""

    def __init__(self, extension_id: str) -> None:
        self._extension_id = extension_id

    def __getattr__(self, name: str) -> NoReturn:
        raise NoCall(self._extension_id)

    __getitem__ = __call__ = __getattr__


class NullContext:
    """What an extension gets as `app` where nothing is installed yet."""

    def __init__(self, extension_id: str) -> None:
        door = _NoDoor(extension_id)
        self.leads = self.contacts = self.companies = self.deals = self.activities = door
        self.http = self.settings = self.secrets = self.storage = self.log = door
        self.actor = self.workspace = self.capabilities = self.extension = door


def examine(folder: Path) -> dict[str, Any]:
    """Load the extension in this process and tell what came of it."""
    try:
        manifest = build_manifest(json.loads((folder / "manifest.json").read_bytes()))
        context = cast("Context", NullContext(manifest.id))
        version = load_version(folder, manifest, "probe", context)
    except LoadFailed as error:
        doing = f"{error.doing}: {error.reason}"
        return _answer(findings=[Finding(error.where, "load_failed", doing)])
    except (OSError, ValueError, LookupError, TypeError) as error:
        return _answer(findings=[Finding("manifest.json", "manifest_invalid", str(error))])
    unload(version)
    return _answer(routes=[asdict(route) for route in version.routes], hooks=sorted(version.hooks))


def _answer(
    routes: list[dict[str, Any]] | None = None,
    hooks: list[str] | None = None,
    findings: list[Finding] | None = None,
) -> dict[str, Any]:
    return {
        "routes": routes or [],
        "hooks": hooks or [],
        "findings": [asdict(finding) for finding in findings or []],
    }


def main(arguments: list[str]) -> None:
    """Be the child. What the extension prints goes nowhere: the answer has a pipe of its own."""
    answer_to = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    result = examine(Path(arguments[0]))
    with os.fdopen(answer_to, "wb") as pipe:
        pipe.write(json.dumps(result).encode())
    # Threads that the extension has started must not keep the child.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
