"""What people call installations, and where that is told."""

from geminicrm.runtime.labels import labels, names
from tests.support.core import Tenant, make_tenant
from tests.support.jobs import install, job_of, put
from tests.support.life import Life
from tests.support.notices import notifications
from tests.support.working import Hands


class Jammed:
    """Code of jobs that always fails."""

    name = "extension.job"

    def ready(self):
        return True

    def run(self, job, run):
        raise RuntimeError("jammed")


def test_labels_are_those_of_the_workspace(life: Life, tenant: Tenant):
    mill = install(life, tenant, "Lead Mill")
    south = make_tenant(life.core, "south")
    with life.core.works.read(tenant.system()) as work:
        found = labels(work, {mill, "inst_gone"})
        assert labels(work, set()) == {}
    assert [(key, one.name, one.url) for key, one in found.items()] == [
        (mill, "Lead Mill", "/installed/hello-world")
    ]
    with life.core.works.read(south.system()) as work:
        assert names(work, {mill}) == {}


def test_a_job_that_is_given_up_is_told_to_admins_by_the_name(life: Life, tenant: Tenant):
    mill = install(life, tenant, "Lead Mill")
    (job,) = put(life.core, tenant.id, target=mill, max_attempts=1)
    hands = Hands(life.core, kinds=(Jammed(),), watchers=life.core.watchers())
    hands.work()
    hands.close()
    assert job_of(life.core, job).state == "dead"
    (told,) = notifications(life.core, tenant)
    assert (told.title, told.link) == (
        "1 job was given up: Lead Mill",
        f"/jobs?state=dead&target={mill}",
    )
