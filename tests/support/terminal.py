"""The command `geminicrm` as it is typed, in this process, on the home of the fixture `core`."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from typing_extensions import override

from geminicrm import cli
from geminicrm.app import Core
from tests.support.core import Tenant


@dataclass(frozen=True)
class Ran:
    """What a command left behind: its exit code, what it answered, what it said beside."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Read the answer."""
        return orjson.loads(self.out)


class Typing(io.StringIO):
    """Somebody at a terminal who has typed all this already."""

    @override
    def isatty(self) -> bool:
        """Tell that it is one."""
        return True


Terminal = Callable[..., Ran]


@pytest.fixture
def terminal(
    core: Core,
    tenant: Tenant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Terminal:
    """Give a function that runs a command; `typed` makes it a terminal with that on it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINICRM_ENV", "test")
    monkeypatch.setenv("GEMINICRM_HOME", str(core.settings.home))
    monkeypatch.setenv("GEMINICRM_ENCRYPTION_KEYS", core.settings.encryption_keys[0])
    assert tenant.id

    def run(*words: str, typed: str | None = None) -> Ran:
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["geminicrm", *words])
            patch.setattr(sys, "stdin", io.StringIO() if typed is None else Typing(typed))
            if typed is not None:
                patch.setattr(sys.stderr, "isatty", lambda: True)
            code = _exit_code()
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


def _exit_code() -> int:
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0
