"""Extensions made up for a test, a registry that has them, and the life cycle around both."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.kernel.errors import Finding, NotFound
from geminicrm.kernel.work import Actor
from geminicrm.runtime.assembly import Needs, build_life_cycle
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.install.drafting import Draft, Examined, Outcome
from geminicrm.runtime.install.offers import Offered, PackageRef
from geminicrm.runtime.models import Installation
from geminicrm.runtime.problems import InstallFailed
from geminicrm.runtime.service import LifeCycle
from marketplace.package_reader import open_package
from tests.support.core import Tenant
from tests.support.meter_log import MeterLog
from tests.support.universes import manifest_in

HELLO = "hello-world"
CODE = '''"""Greets."""

from flask import Blueprint

from extensions.extension_base import ExtensionBase


class Hello(ExtensionBase):
    """Greets."""

    def install(self):
        return {"success": True, "message": "ready"}

    def uninstall(self):
        return {"success": True, "message": "gone"}

    def get_routes(self):
        return Blueprint("hello", __name__)
'''
GREETED = "    greeted = lambda self: self.app.leads.list(limit=1)\n"


def manifest(**changes: Any) -> dict[str, Any]:
    """Give a good manifest with some members changed; None takes one away."""
    made = {
        "id": HELLO,
        "name": "Hello World",
        "version": "1.0.0",
        "description": "Greets people.",
        "author": "Ada Example",
        "license": "MIT",
        "permissions": ["read:leads"],
        "entry_point": "extension.py",
        "icon": "static/icon.svg",
        "settings": [],
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def files(code: str = CODE, **changes: Any) -> dict[str, bytes]:
    """Give the files of an extension; the usual one reads leads where it may."""
    made = manifest(**changes)
    reads = code == CODE and "read:leads" in made.get("permissions", ())
    return {
        "manifest.json": json.dumps(made).encode(),
        "__init__.py": b'"""Greets."""\n',
        "extension.py": (code + GREETED * reads).encode(),
        "README.md": b"# Hello\n",
        "LICENSE": b"MIT\n",
        "CHANGELOG.md": f"## {changes.get('version', '1.0.0')}\n".encode(),
        "static/icon.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    }


def zipped(content: Mapping[str, bytes]) -> bytes:
    """Pack files as they are, bad names too."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in content.items():
            archive.writestr(name, each)
    return data.getvalue()


class Shelf:
    """A registry in memory."""

    def __init__(self, note_own: Callable[[str], object]) -> None:
        self._note_own = note_own
        self.refs: dict[tuple[str, str], PackageRef] = {}
        self.contents: dict[str, bytes] = {}
        self.newest: dict[str, str] = {}

    def put(
        self, content: bytes, extension_id: str = HELLO, version: str = "1.0.0", **facts: Any
    ) -> PackageRef:
        """Offer a package; `facts` change what the registry says of it."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        said = {"digest": digest, "built_in": True, "signed": False, "size": len(content), **facts}
        ref = PackageRef(extension_id=extension_id, version=version, **said)
        self.refs[extension_id, version] = ref
        self.contents[ref.digest] = content
        self.newest[extension_id] = version
        if ref.built_in:
            self._note_own(digest)
        return ref

    def find(self, workspace_id: str, extension_id: str, version: str | None) -> PackageRef:
        """Name a version, the last one put for None."""
        assert workspace_id
        found = self.refs.get((extension_id, version or self.newest.get(extension_id, "")))
        if found is None:
            raise NotFound("extension", extension_id)
        return found

    def versions(self, workspace_id: str, extension_id: str) -> list[Offered]:
        """Give every version, the last one put first."""
        assert workspace_id
        found = [ref for (name, _), ref in self.refs.items() if name == extension_id]
        bytes_of = self.contents
        return [Offered(ref=one, manifest=manifest_in(bytes_of[one.digest])) for one in found[::-1]]

    def read(self, ref: PackageRef) -> bytes:
        """Give the bytes."""
        return self.contents[ref.digest]


@dataclass
class FakeRunner:
    """Runs nothing: answers as told and remembers what it was asked."""

    findings: Sequence[Finding] = ()
    installing: Callable[[Actor, Draft], Outcome] = lambda _actor, _draft: Outcome()
    uninstalling: Callable[[Actor, Draft], Outcome] = lambda _actor, _draft: Outcome()
    loading: Callable[[Draft], None] = lambda _draft: None
    calls: list[str] = field(default_factory=list)

    def probe(self, draft: Draft) -> Examined:
        """Give the findings that were set."""
        assert (draft.folder / draft.manifest.entry_point).exists()
        self.calls.append("probe")
        return Examined(findings=tuple(self.findings))

    def load(self, draft: Draft) -> None:
        """Remember."""
        self.calls.append("load")
        self.loading(draft)

    def unload(self, draft: Draft) -> None:
        """Remember."""
        assert draft.folder.name == draft.digest.removeprefix("sha256:")
        self.calls.append("unload")

    def install(self, actor: Actor, draft: Draft) -> Outcome:
        """Answer as told."""
        self.calls.append("install")
        return self.installing(actor, draft)

    def uninstall(self, actor: Actor, draft: Draft) -> Outcome:
        """Answer as told."""
        self.calls.append("uninstall")
        return self.uninstalling(actor, draft)

    def forgive(self, installation_id: str) -> None:
        """Remember."""
        assert installation_id
        self.calls.append("forgive")


@dataclass
class FakeLive:
    """Says what it is told to say about other workers."""

    answer: bool = True

    def wait_live(self, generation: int, seconds: float) -> bool:
        """Answer at once."""
        assert generation >= 0
        assert seconds >= 0
        return self.answer


@dataclass
class Life:
    """A life cycle and everything that a test turns about it."""

    core: Core
    cycle: LifeCycle
    shelf: Shelf
    runner: FakeRunner
    live: FakeLive
    meter: MeterLog
    packages: Path

    def folders(self) -> list[str]:
        """Name what lies in the packages folder, the lock apart."""
        found = self.packages.iterdir() if self.packages.exists() else ()
        return sorted(path.name for path in found if path.name != ".lock")


def make_life(core: Core, **changes: Any) -> Life:
    """Make a life cycle on a core with fakes around it."""
    shelf = Shelf(core.own_packages.note)
    runner, live, meter = FakeRunner(), FakeLive(), MeterLog()
    packages = core.settings.home / "packages"
    needs = {
        "works": core.works,
        "generations": core.generations,
        "cipher": core.cipher,
        "source": shelf,
        "glance": shelf.versions,
        "vouch": lambda ref: ref,
        "unpack": lambda content: open_package(content).files,
        "runner": runner,
        "confines": lambda: False,  # without locks code of others has to be trusted
        "live": live,
        "meter": meter,
        "packages": packages,
        "logs": core.runtime.logs,
        "core_version": "1.4.0",
        **changes,
    }
    return Life(core, build_life_cycle(Needs(**needs)), shelf, runner, live, meter, packages)


@pytest.fixture
def life(core: Core) -> Life:
    """Give a life cycle on SQLite with one good extension on the shelf."""
    made = make_life(core)
    made.shelf.put(zipped(files()))
    return made


@pytest.fixture
def both_lives(both_cores: Core) -> Life:
    """Give the same, once on each engine."""
    made = make_life(both_cores)
    made.shelf.put(zipped(files()))
    return made


ALL = InstallRequest(extension_id=HELLO, grant="requested")


def wanted(**changes: Any) -> InstallRequest:
    """Give the usual request with some of it changed."""
    return InstallRequest(**{"extension_id": HELLO, "grant": "requested", **changes})


def rows(life: Life, tenant: Tenant, model: type[Any] = Installation) -> list[Any]:
    """Read all rows of a workspace."""
    with life.core.works.read(tenant.system()) as work:
        return list(work.session.scalars(select(model)))


def change_row(life: Life, tenant: Tenant, **facts: Any) -> None:
    """Change the row of the one installation of a workspace, and tell nobody."""
    with life.core.works.write(tenant.system()) as work:
        row = work.session.scalars(select(Installation)).one()
        for name, value in facts.items():
            setattr(row, name, value)


def forget_removed(life: Life, tenant: Tenant) -> None:
    """Take the way back away from everything that was uninstalled."""
    for one in life.cycle.removals.removed(tenant.owner()):
        life.cycle.removals.forget(tenant.owner(), one["id"])


def offer(life: Life, **changes: Any) -> None:
    """Put the usual extension on the shelf with another manifest."""
    life.shelf.put(zipped(files(**changes)))


def fails(life: Life, tenant: Tenant, step: str) -> InstallFailed:
    """See that an install fails in a step and leaves no row; give its error."""
    with pytest.raises(InstallFailed) as caught:
        life.cycle.install(tenant.owner(), ALL)
    assert caught.value.step == step
    assert rows(life, tenant) == []
    return caught.value
