"""Bad extensions: each refused by name and place, and nothing of it stays."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.models import Installation, InstallLock, KeptSettings
from geminicrm.runtime.problems import InstallFailed
from geminicrm.runtime.runner import InstallRunner
from tests.support.core import Tenant
from tests.support.life import CODE, HELLO, Life, files, make_life, manifest, zipped


def running(core: Core, seconds: float) -> Life:
    """Give a life cycle that really runs code, by a deadline."""
    runtime = core.runtime
    tidy = runtime.convergence.tidy
    runner = InstallRunner(runtime.versions, runtime.hosting, runtime.calls, seconds, tidy)
    return make_life(core, runner=runner, live=runtime)


@pytest.fixture
def life(core: Core) -> Life:
    """Its deadline is one that a busy machine keeps."""
    return running(core, 20.0)


def refused(life: Life, tenant: Tenant, content: bytes) -> InstallFailed:
    """Install what can't be, and see that nothing of it is left."""
    life.shelf.put(content)
    generation = life.core.generations.get("runtime")
    with pytest.raises(InstallFailed) as caught:
        life.cycle.install(tenant.owner(), InstallRequest(extension_id=HELLO, grant="requested"))
    assert life.folders() == []
    with life.core.works.read(tenant.system()) as work:
        assert work.session.scalars(select(Installation)).all() == []
        assert work.session.scalars(select(KeptSettings)).all() == []
        assert work.session.scalars(select(InstallLock)).one().holder == ""
    assert life.core.generations.get("runtime") == generation
    assert life.core.runtime.reconcile().by_id == {}
    assert life.core.runtime.convergence.find(tenant.id, HELLO) is None
    assert caught.value.extension_id == HELLO
    assert HELLO in caught.value.detail
    return caught.value


def changed(**changes: Any) -> bytes:
    return zipped(files(**changes))


def with_file(name: str, content: bytes) -> bytes:
    return zipped({**files(), name: content})


def without_file(name: str) -> bytes:
    return zipped({path: content for path, content in files().items() if path != name})


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"PK\x03\x04 no zip", "", "zip"),
        (with_file("manifest.json", b"{nope"), "", "not JSON"),
        (with_file("manifest.json", b"[]"), "", "object"),
        (without_file("manifest.json"), "", "manifest.json"),
        (changed(colour="red"), "manifest.json", "/colour"),
        (changed(version="one"), "", "one"),
        (changed(name=None), "manifest.json", "name"),
        (changed(permissions=["read:everything"]), "manifest.json", "read:everything"),
        (changed(entry_point="../evil.py"), "manifest.json", "entry_point"),
        (changed(icon="/etc/passwd"), "manifest.json", "icon"),
        (with_file("../outside.py", b"x = 1"), "", "outside"),
        (with_file("/outside.py", b"x = 1"), "", "outside"),
        (changed(id="other-one"), "manifest.json", "/id"),
        (changed(version="2.0.0"), "manifest.json", "/version"),
        (without_file("extension.py"), "", "extension.py"),
        (changed(entry_point="main.py"), "", "main.py"),
        (changed(code="x = 1\n"), "", "ExtensionBase"),
        (changed(code="def broken(:\n"), "", "extension.py:1"),
        (changed(requires={"geminicrm": ">=9.0.0"}), "manifest.json", ">=9.0.0"),
    ],
)
def test_a_bad_package_is_refused_before_it_runs(
    life: Life, tenant: Tenant, content: bytes, place: str, words: str
):
    error = refused(life, tenant, content)
    assert error.step in {"validate", "resolve"}
    said = json.dumps({"place": error.place, "detail": error.detail, **error.extra}, default=str)
    assert place in error.place
    assert words in said


def test_an_unknown_wish_of_the_manifest_names_every_fault(life: Life, tenant: Tenant):
    error = refused(life, tenant, changed(colour="red", version="x", permissions="all"))
    assert error.place in {"manifest.json", ""}
    assert len(error.extra["errors"]) >= 1


RAISES_AT_IMPORT = CODE.replace('"""Greets."""\n\nfrom', '"""Greets."""\n\n1 / 0\n\nfrom', 1)
RAISES_IN_INIT = CODE.replace(
    "    def install(self):",
    "    def __init__(self, app):\n        1 / 0\n\n    def install(self):",
)
HANGS_AT_IMPORT = CODE.replace("from flask", "while True:\n    pass\n\nfrom flask", 1)
INSTALL = '        return {"success": True, "message": "ready"}\n'
RAISES_IN_INSTALL = CODE.replace(INSTALL, '        raise ValueError("no such account")\n')
LEAVES_IN_INSTALL = CODE.replace(INSTALL, "        raise SystemExit(3)\n")
REFUSES = CODE.replace(INSTALL, '        return {"success": False, "message": "No licence."}\n')
REFUSES_SILENTLY = CODE.replace(INSTALL, '        return {"success": False}\n')
ODD_ANSWER = CODE.replace(INSTALL, "        return 42\n")
NEVER_RETURNS = CODE.replace(
    INSTALL, "        import threading\n\n        threading.Event().wait(12)\n"
)


@pytest.mark.parametrize(
    ("code", "step", "place", "words"),
    [
        (RAISES_AT_IMPORT, "load", "extension.py:3", "ZeroDivisionError"),
        (RAISES_IN_INIT, "load", "extension.py:", "ZeroDivisionError"),
        (RAISES_IN_INSTALL, "mount", "extension.py:", "no such account"),
        (LEAVES_IN_INSTALL, "mount", "extension.py:", "SystemExit"),
        (REFUSES, "mount", "", "No licence."),
        (REFUSES_SILENTLY, "mount", "", "did not succeed"),
        (ODD_ANSWER, "mount", "", "must return"),
    ],
)
def test_bad_code_is_named_with_its_place(
    life: Life, tenant: Tenant, code: str, step: str, place: str, words: str
):
    error = refused(life, tenant, changed(code=code))
    assert error.step == step
    assert place in error.place
    assert words in error.detail


@pytest.mark.parametrize(
    ("code", "step", "words"),
    [(HANGS_AT_IMPORT, "load", "8 s"), (NEVER_RETURNS, "mount", "no return within 8 s")],
)
def test_code_that_hangs_is_named(core: Core, tenant: Tenant, code: str, step: str, words: str):
    error = refused(running(core, 8.0), tenant, changed(code=code))
    assert error.step == step
    assert words in error.detail


def test_good_code_is_live_at_once(life: Life, tenant: Tenant):
    life.core.runtime.start()
    life.shelf.put(zipped(files()))
    change = life.cycle.install(
        tenant.owner(), InstallRequest(extension_id=HELLO, grant="requested")
    )
    assert change.live
    assert life.core.runtime.convergence.find(tenant.id, HELLO) is not None
    removed = life.cycle.uninstall(tenant.owner(), HELLO)
    assert removed.warning is None
    assert removed.live
    assert life.core.runtime.convergence.find(tenant.id, HELLO) is None


def test_the_made_up_manifest_is_good():
    assert manifest()["id"] == HELLO
