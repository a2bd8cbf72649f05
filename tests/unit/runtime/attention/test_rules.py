"""Each rule finds its trouble, says what mends it, and finds nothing where all is well."""

from datetime import timedelta

import pytest

from geminicrm.runtime.attention.notices import Notice, RegistryTrouble
from geminicrm.runtime.attention.rulebook import RULES, problems_of
from geminicrm.runtime.attention.rules import (
    advisories,
    breakers,
    dependencies,
    failed,
    locks,
    missing_settings,
    packages,
    python_packages,
    quarantined,
    registries,
    returned,
    safe_mode,
    unended_runs,
    unreadable_manifest,
    unreadable_secrets,
    updates,
    workers,
    yanked,
)
from geminicrm.runtime.calls import Trouble
from geminicrm.runtime.history.models import InstalledVersion, Run
from geminicrm.runtime.leases import WorkerState
from geminicrm.runtime.safe_mode import SafeState
from tests.support.attention import SECRET, Operator, codes, look, manifest, seen, senses
from tests.support.core import START

ON = {"landlock": "on (ABI 7)", "seccomp": "on"}
STRANGER = Operator("operate:instance")
UPDATE = {"extension_id": "hello-world", "name": "Hello", "version": "1.0.0", "latest": "2.0.0"}


def only(rule, *installed, **facts):
    (found,) = rule.find(look(*installed, **facts))
    return found


def version(**facts):
    return InstalledVersion(id="ver_1", extension_id="hello-world", version="2.0.0", **facts)


def run(**facts):
    return Run(
        **{
            "id": "run_1",
            "extension_id": "hello-world",
            "kind": "upgrade",
            "state": "running",
            "step": "load",
            "started_at": START,
            **facts,
        }
    )


def worker(**facts):
    return WorkerState(
        **{
            "id": "wrk_1",
            "machine": "box:/var",
            "kind": "web",
            "pid": 7,
            "generation": 3,
            "content_hash": "00",
            "seen_at": START,
            "not_loaded": {},
            **facts,
        }
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__module__.rpartition(".")[2])
def test_where_all_is_well_no_rule_finds_anything(rule):
    assert list(rule(look(seen()))) == []


def test_failed_has_the_error_and_the_last_lines_of_the_log():
    lines = [{"message": f"line {number}"} for number in range(5)]
    broken = seen(status="failed", error="ValueError: no luck\nmore")

    found = only(failed, broken, senses=senses(log=lines))

    assert (found.code, found.severity) == ("failed", "danger")
    assert found.detail == "ValueError: no luck Its log says: line 2 / line 3 / line 4"
    assert (found.fix_method, found.fix_url) == ("POST", "/installed/hello-world/enable")


def test_a_crash_loop_is_told_apart():
    found = only(failed, seen(status="failed", enabled=False))
    assert (found.code, found.fix_label) == ("crash_loop", "Switch it on again")


def test_what_was_stopped_can_be_uninstalled():
    found = only(quarantined, seen(status="quarantined", error="It steals."))
    assert (found.detail, found.fix_url) == ("It steals.", "/installed/hello-world/uninstall")


def test_a_return_is_told_until_the_next_change():
    left = version(outcome="returned", reason="7 of 9 calls failed.")
    replaced = version(outcome="replaced")

    found = only(returned, seen(past=[left, replaced]))

    assert found.title == "Hello World returned from 2.0.0 to 1.0.0"
    assert found.detail == "7 of 9 calls failed."
    assert list(returned.find(look(seen(past=[replaced, left])))) == []


def test_missing_settings_are_named_as_people_know_them():
    needs = seen(manifest=manifest(settings=[SECRET]))

    found = only(missing_settings, needs)

    assert found.detail == "It needs a value for API key."
    assert found.fix_url == "/installed/hello-world/settings"
    filled = look(needs, senses=senses(secrets=frozenset({"key"})))
    assert list(missing_settings.find(filled)) == []


def test_secrets_without_their_key_are_one_problem_not_two():
    lost = look(seen(manifest=manifest(settings=[SECRET])), senses=senses(secrets=None))

    assert codes(unreadable_secrets.find(lost)) == ["unreadable_secrets"]
    assert list(missing_settings.find(lost)) == []


def test_a_manifest_that_can_not_be_read():
    assert only(unreadable_manifest, seen(manifest={"id": "x"})).extension_id == "hello-world"


@pytest.mark.parametrize("state", ["missing", "changed"])
def test_a_package_is_fetched_again(state):
    found = only(packages, seen(), senses=senses(package=state))

    assert found.code == f"package_{state}"
    assert (found.fix_method, found.fix_url) == ("POST", "/installed/hello-world/repair")


def test_a_package_that_can_not_be_compared_is_no_problem():
    assert list(packages.find(look(seen(), senses=senses(package="unknown")))) == []


def test_python_packages_are_fetched():
    lacking = senses(lacks_python=True)
    assert only(python_packages, seen(), senses=lacking).fix_url == "/installed/hello-world/repair"


@pytest.mark.parametrize(
    ("others", "code", "fix"),
    [
        ([], "dependency_missing", ("GET", "/marketplace/base-kit")),
        ([{"enabled": False}], "dependency_disabled", ("POST", "/installed/base-kit/enable")),
        ([{"version": "3.0.0"}], "dependency_version", ("GET", "/marketplace/base-kit")),
    ],
)
def test_a_need_that_is_not_met(others, code, fix):
    needs = manifest(requires={"extensions": {"base-kit": "^1.0.0"}})
    base = [seen("base-kit", **facts) for facts in others]

    found = only(dependencies, seen(manifest=needs), *base)

    assert found.code == code
    assert (found.fix_method, found.fix_url) == fix


def test_locks_that_were_on_and_are_off():
    weaker = seen(level={**ON, "landlock": "off: no kernel"}, current=version(level=ON))

    found = only(locks, weaker)

    assert found.detail.endswith("are off now: Landlock.")


def test_a_machine_without_locks():
    assert only(locks, seen(), confines=False).code == "locks_missing"
    assert list(locks.find(look(seen(trusted=True), confines=False))) == []


def test_advisories_and_kills_are_as_bad_as_they_say():
    said = {"extension_id": "hello-world", "version": "1.0.0", "title": "T", "detail": "D."}
    notices = [
        Notice(kind="advisory", severity="critical", fixed_in="1.0.1", **said),
        Notice(kind="advisory", severity="low", **said),
        Notice(kind="kill", **said),
        Notice(kind="yanked", **said),
    ]

    found = list(advisories.find(look(notices=notices)))

    assert [(one.code, one.severity) for one in found] == [
        ("advisory", "danger"),
        ("advisory", "warning"),
        ("killed", "danger"),
    ]
    assert found[0].fix_label == "Look at 1.0.1"


def test_a_yanked_version_points_to_a_better_one():
    notice = Notice(
        kind="yanked",
        extension_id="hello-world",
        version="1.0.0",
        title="T",
        detail="D",
        fixed_in="1.0.1",
    )

    found = only(yanked, notices=[notice])

    assert (found.fix_label, found.fix_url) == (
        "Look at 1.0.1",
        "/installed/hello-world/upgrade?version=1.0.1",
    )


def test_an_update_that_waits_for_consent():
    found = only(updates, updates=[{**UPDATE, "needs_consent": True}])

    assert (found.severity, found.title) == ("info", "Hello 2.0.0 waits for your consent")
    others = [{**UPDATE, "needs_consent": False}, {**UPDATE, "needs_consent": True, "held_back": 1}]
    assert list(updates.find(look(updates=others))) == []


def test_calls_that_are_left_out_now():
    at = {"at": START, "where": "a.py:1", "reason": "ValueError"}
    troubles = [Trouble("route", paused=True, **at), Trouble("on_event", paused=False, **at)]

    found = only(breakers, seen(), senses=senses(troubles=troubles))

    assert found.detail.startswith("Left out for a while: route. The last failure at a.py:1")


def test_a_run_that_nobody_ended():
    late = START + timedelta(minutes=11)

    found = only(unended_runs, now=late, runs=[run(), run(state="failed")])

    assert found.title == "The upgrade of hello-world did not end"
    assert found.fix_url == "/marketplace/hello-world"
    assert list(unended_runs.find(look(runs=[run()]))) == [], "it may still be at work"
    assert only(unended_runs, seen(), runs=[run(state="failed", error="Disk full.")]).detail == (
        "Disk full."
    )


@pytest.mark.parametrize(
    ("kind", "severity"), [("unreachable", "warning"), ("key_changed", "danger")]
)
def test_a_registry_is_for_operators_to_mend(kind, severity):
    trouble = RegistryTrouble(kind=kind, registry_id="reg_1", name="ours", detail="No answer.")

    found = only(registries, registries=[trouble])

    assert (found.severity, found.fix_url) == (severity, "/operations/registries")
    assert only(registries, registries=[trouble], actor=STRANGER).fix_url is None


def test_workers_behind_and_what_they_could_not_load():
    lame = worker(not_loaded={"inst_hello-world": "no file", "inst_other": "of somebody else"})

    found = list(workers.find(look(seen(), workers=[lame], behind=[worker()], generation=4)))

    assert codes(found) == ["worker_behind", "not_loaded"]
    assert "serves generation 3, and 4 is the latest" in found[0].detail
    assert found[1].detail == "box:/var: no file"


def test_safe_mode_says_why():
    state = SafeState(on=True, by="start", reason="3 starts failed.")

    assert only(safe_mode, safe=state).detail == "3 starts failed."
    assert only(safe_mode, safe=state, actor=STRANGER).fix_url is None


def test_the_worst_comes_first_and_a_cause_hides_its_symptoms():
    broken = seen(status="failed", error="the file is missing")
    everything = look(
        broken,
        senses=senses(package="missing"),
        updates=[{**UPDATE, "needs_consent": True}],
        safe=SafeState(on=True),
    )

    assert codes(problems_of(everything)) == ["safe_mode", "package_missing", "update_waits"]


def test_a_rule_that_fails_does_not_hide_the_others():
    senseless = look(seen(status="failed"), senses=senses(log=None))

    assert "locks_missing" in codes(problems_of(look(seen(), confines=False, updates=[{}])))
    assert codes(problems_of(senseless)) == []
