"""`geminicrm jobs list | show | retry | cancel`."""

import pytest

from tests.support.jobs import EVENTS, OWN_JOB, count_in, job_of, put, put_dead


def test_an_empty_list_counts_nothing(terminal, tenant):
    told = terminal("jobs", "list")
    assert told.out == "0 queued, 0 running, 0 done, 0 failed, 0 cancelled\n"


def test_the_list_is_a_table(core, terminal, tenant):
    put(core, tenant.id)
    put_dead(core, tenant.id, kind=EVENTS, last_error="Error:\x1b[31m no\nroute")
    figures, head, dead, queued = terminal("jobs", "list").out.splitlines()
    assert figures.startswith("1 queued, 0 running, 0 done, 1 failed")
    assert head.split() == ["JOB", "WHAT", "FOR", "STATE", "TRIES"]
    assert queued.split()[1:] == [OWN_JOB, "ins_mill", "queued", "0/6"]
    assert dead.split()[1:] == [EVENTS, "ins_mill", "dead", "6/6", "Error:", "[31m", "no", "route"]
    assert "\x1b" not in dead


def test_what_is_listed_can_be_chosen(core, terminal, tenant):
    put(core, tenant.id, 3)
    (other,) = put(core, tenant.id, target="ins_forge")
    put_dead(core, tenant.id)
    found = terminal("jobs", "list", "--state", "queued", "--target", "ins_forge", "--json").json()
    assert [one["id"] for one in found["data"]] == [other]
    assert (found["states"]["queued"], found["next_cursor"]) == (4, None)
    told = terminal("jobs", "list", "--state", "queued", "--limit", "2").out
    assert told.endswith("There are more.\n")


def test_the_crm_has_jobs_of_its_own(core, terminal, tenant):
    (own,) = put_dead(core, "", target="")
    assert terminal("jobs", "list", "--json").json()["data"] == []
    (listed,) = terminal("jobs", "list", "--own", "--json").json()["data"]
    assert listed["id"] == own
    assert terminal("jobs", "retry", own, "--own").code == 0
    assert job_of(core, own).state == "queued"


def test_one_job_whole(core, terminal, tenant):
    (job,) = put_dead(core, tenant.id, payload={"page": 2})
    told = terminal("jobs", "show", job).out
    assert 'payload       {"page": 2}' in told
    assert "last_error    ConnectionError: nobody home" in told
    assert "progress" not in told
    assert terminal("jobs", "show", job, "--json").json()["payload"] == {"page": 2}


def test_a_job_that_is_not_there_is_told(terminal, tenant):
    for words in (("show",), ("retry",), ("cancel",)):
        refused = terminal("jobs", *words, "job_none")
        assert (refused.code, "'job_none'" in refused.err) == (1, True)


def test_retry_of_one(core, terminal, tenant):
    (job,) = put_dead(core, tenant.id)
    assert terminal("jobs", "retry", job).out == f"{job} is queued again.\n"
    assert "The job is queued" in terminal("jobs", "retry", job).err


def test_retry_of_all_goes_on_to_the_end(core, terminal, tenant, monkeypatch):
    monkeypatch.setattr("geminicrm.jobs.service._BATCH", 2)
    monkeypatch.setattr("geminicrm.jobs.service.MOST_AT_ONCE", 2)
    put_dead(core, tenant.id, 5)
    put_dead(core, tenant.id, kind=EVENTS)
    put_dead(core, tenant.id, target="ins_forge")
    told = terminal("jobs", "retry", "--all", "--target", "ins_mill")
    assert told.out == "6 jobs are queued again.\n"
    assert (count_in(core, "queued"), count_in(core, "dead")) == (6, 1)


@pytest.mark.parametrize(
    "words", [(), ("--all",), ("--target", "ins_mill"), ("job_1", "--all", "--target", "x")]
)
def test_what_is_to_be_retried_has_to_be_said(terminal, tenant, words):
    refused = terminal("jobs", "retry", *words)
    assert (refused.code, "Name a job, or give --all" in refused.err) == (2, True)


def test_cancel(core, terminal, tenant):
    (waiting,) = put(core, tenant.id)
    (running,) = put(core, tenant.id, state="running", leased_by="somebody")
    assert terminal("jobs", "cancel", waiting).out == f"{waiting} is cancelled.\n"
    assert terminal("jobs", "cancel", running).out == f"{running} was asked to end.\n"


def test_a_count_that_ended_early_says_so(core, terminal, tenant, monkeypatch):
    monkeypatch.setattr("geminicrm.jobs.counts.MOST", 1)
    put(core, tenant.id, 3)
    assert terminal("jobs", "list").out.startswith("1+ queued, 0 running")


def test_the_attempts_of_one_job_that_failed(core, terminal, tenant):
    tried = {"at": "2026-11-21T08:59:30Z", "seconds": 1.25, "error": "no\x1b route",
             "worker": {"host": "mill-7", "pid": 4711}}  # fmt: skip
    (job,) = put_dead(core, tenant.id, tries=[tried])
    *_, head, line = terminal("jobs", "show", job).out.splitlines()
    assert head.split() == ["FAILED", "AT", "TOOK", "WORKER", "ERROR"]
    assert line.split() == ["2026-11-21T08:59:30Z", "1.2", "s", "mill-7:4711", "no", "route"]
    assert terminal("jobs", "show", job, "--json").json()["tries"] == [tried]
