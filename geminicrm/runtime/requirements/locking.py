"""Making a lock file: pip resolves for this interpreter, without installing or building a thing."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.python_requirement import name_of
from geminicrm.runtime.requirements.choose import host_conflict
from geminicrm.runtime.requirements.lock_file import Pin
from geminicrm.runtime.requirements.own import host_versions
from geminicrm.runtime.requirements.pip import run_pip
from geminicrm.runtime.requirements.problems import FetchFailed, RequirementsRefused

LOCK_SECONDS: Final = 300.0
HEAD: Final = "Made by `geminicrm ext lock`: make it again when requires.python changes."


@dataclass(frozen=True, kw_only=True)
class Locker:
    """Resolves requirements by pip; `environment` is what pip's configuration is read from."""

    seconds: float = LOCK_SECONDS
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def pins(
        self, wanted: Sequence[Requirement], wheels: Path, pythons: Sequence[str] = ()
    ) -> tuple[Pin, ...]:
        """Give a pin for each package that is needed, those that packages need in turn too.

        Left out is what hosts have for themselves, and what lies in the folder `wheels`.
        `pythons` are other versions, such as 3.12, whose wheels of the same packages are to fit
        too. Raises RequirementsRefused for a disagreement with the host's own, FetchFailed where
        pip finds no set of wheels.
        """
        host = host_versions()
        _refuse_conflicts(wanted, host)
        there = {path.name.lower() for path in wheels.glob("*.whl")}
        asked = [str(one) for one in wanted if name_of(one) not in host]
        if not asked:
            return ()
        options = [f"--find-links={wheels.resolve()}"] if wheels.is_dir() else []
        report = self._report(asked, host, options)
        found = [pin for name, pin in _pins(report) if pin.name not in host and name not in there]
        for python in pythons if found else ():
            exact = [f"{pin.name}=={pin.version}" for pin in found]
            other = self._report(exact, {}, ["--no-deps", f"--python-version={python}"])
            found = list(_joined(found, [pin for _, pin in _pins(other)]))
        return tuple(found)

    def _report(
        self, asked: Sequence[str], host: Mapping[str, Version], options: Sequence[str]
    ) -> Mapping[str, Any]:
        with tempfile.TemporaryDirectory(prefix="geminicrm-lock-") as name:
            folder = Path(name)
            own = "\n".join(f"{each}=={version}" for each, version in host.items())
            (folder / "host.txt").write_text(own, "utf-8")
            arguments = [
                "--dry-run",
                f"--target={folder / 'nothing'}",  # pip asks for one where another Python is meant
                "--only-binary=:all:",
                f"--report={folder / 'report.json'}",
                f"--constraint={folder / 'host.txt'}",
                *options,
                "--",
                *asked,
            ]
            run_pip("install", arguments, self.seconds, self.environment)
            report: Mapping[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
            return report


def _joined(pins: Sequence[Pin], others: Sequence[Pin]) -> Iterator[Pin]:
    """Give the pins with the hashes of the others, which are of the same versions."""
    hashes = {pin.name: pin.hashes for pin in others}
    for pin in pins:
        yield replace(pin, hashes=tuple(sorted({*pin.hashes, *hashes[pin.name]})))


def _refuse_conflicts(wanted: Sequence[Requirement], host: Mapping[str, Version]) -> None:
    found: list[Finding] = []
    for requirement in wanted:
        own = host.get(name_of(requirement))
        conflict = host_conflict(requirement, "the manifest", own) if own else None
        found += [conflict] if conflict else []
    if found:
        raise RequirementsRefused(found)


def _pins(report: Mapping[str, Any]) -> Iterator[tuple[str, Pin]]:
    """Give the file's name and a pin for each package of pip's report (its version is 1)."""
    for each in report["install"]:
        told, source = each["metadata"], each["download_info"]
        digest = source.get("archive_info", {}).get("hashes", {}).get("sha256")
        if not digest:
            raise FetchFailed(f"pip gave no SHA-256 of {told['name']} {told['version']}.")
        pin = Pin(canonicalize_name(told["name"]), Version(told["version"]), (digest,))
        yield unquote(source["url"]).rpartition("/")[2].lower(), pin
