"""The environment of baselines that need packages of their own: `bench/.venv-drf`."""

import subprocess
import sys
from pathlib import Path

from bench.lab import Lab

FOLDER = Path(__file__).resolve().parent
VENV = FOLDER / ".venv-drf"
REQUIREMENTS = FOLDER / "requirements.txt"
_STAMP = VENV / "installed.txt"
_SLOWEST = 600.0


class NotInstallable(RuntimeError):
    """The packages of a baseline can't be had on this machine."""


def python(lab: Lab) -> str:
    """Give the interpreter that has the baselines' packages; installs them where they are missing.

    Raises NotInstallable with the last words of the installer.
    """
    found = VENV / "bin" / "python"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if _STAMP.exists() and _STAMP.read_text(encoding="utf-8") == wanted:
        return str(found)
    lab.say("installing the packages of the baselines")
    _run([sys.executable, "-m", "venv", str(VENV)])
    _run([str(found), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)])
    _STAMP.write_text(wanted, encoding="utf-8")
    return str(found)


def packages(lab: Lab) -> Path:
    """Give the folder of the installed packages. Raises NotInstallable."""
    python(lab)
    return next((VENV / "lib").glob("python*/site-packages"))


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_SLOWEST)
    except subprocess.CalledProcessError as error:
        raise NotInstallable((error.stderr or error.stdout).strip()[-500:]) from error
    except (subprocess.TimeoutExpired, OSError) as error:
        raise NotInstallable(str(error)) from error
