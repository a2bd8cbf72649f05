from collections.abc import Callable

from geminicrm.app import Core
from geminicrm.runtime.levels import Levels
from tests.support.core import Tenant, make_tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage

FULL = {"landlock": "on (ABI 7)", "seccomp": "on"}
PLAIN = {"landlock": "off: trusted", "seccomp": "off: trusted"}
OTHER = {"landlock": "on (ABI 4)", "seccomp": "on"}


def test_what_hosts_report_is_stored(both_cores: Core, stage_of: Callable[..., Stage]):
    core, tenant = both_cores, make_tenant(both_cores, "north")
    stage = stage_of(core)
    one = stage.put(tenant, HEAD + QUIET, row={"level": OTHER})
    levels = Levels(core.works)
    levels.note(one, OTHER, locked=True)
    levels.note(one, FULL, locked=True)
    levels.note("inst_gone", FULL, locked=True)
    levels.flush()
    row = stage.row(tenant, one)
    assert (row.level, row.revision) == (FULL, 1)


def test_the_same_again_writes_nothing(core: Core, stage: Stage, tenant: Tenant):
    one = stage.put(tenant, HEAD + QUIET, row={"level": FULL})
    levels = Levels(core.works)
    levels.flush()
    levels.note(one, FULL, locked=True)
    levels.flush()
    assert stage.row(tenant, one).level == FULL


def test_a_host_of_before_the_trust_tells_nothing(core: Core, stage: Stage, tenant: Tenant):
    one = stage.put(tenant, HEAD + QUIET, row={"trusted": True})
    levels = Levels(core.works)
    levels.note(one, FULL, locked=True)
    levels.flush()
    assert stage.row(tenant, one).level is None
    levels.note(one, PLAIN, locked=False)
    levels.flush()
    assert stage.row(tenant, one).level == PLAIN
