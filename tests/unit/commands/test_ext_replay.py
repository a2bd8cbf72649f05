"""`geminicrm ext replay`."""

from tests.support.life import HELLO
from tests.support.replaying import FIRST


def test_a_dry_run_lists_what_it_would_do(terminal, hosted):
    hosted.install(FIRST)
    happened, _ = hosted.event()
    hosted.offer(f"{FIRST}\napp.log.info('a\\x1b', n=1)", "1.1.0")
    version = ("--version", "1.1.0", "--unsigned")
    ran = terminal("ext", "replay", HELLO, happened, "--dry-run", *version)
    assert ran.code == 0, ran.err
    head, action, line, outcome = ran.out.splitlines()
    assert head == f"{HELLO} 1.1.0, lead.created {happened}, dry run"
    told = '{"key": "first", "version": 2}'
    assert action == f'  1. storage.put  first  {{"value": 2}}  ->  {told}'
    assert line == "     info: a  n=1"
    assert outcome.startswith("it would have worked, ")


def test_a_dry_run_that_fails(terminal, inside):
    body = "if event.attempt > 1: app.leads.create({'last_name': ''})"
    inside.install(body)
    event_id, _ = inside.event()
    ran = terminal("ext", "replay", HELLO, event_id, "--dry-run")
    assert ran.code == 1
    assert "leads.create" in ran.out
    assert "refused, Invalid" in ran.out
    assert "it would have failed" in ran.out
    assert "extension.py:" in ran.out


def test_one_that_would_do_nothing(terminal, inside):
    inside.install("app.workspace")
    event_id, _ = inside.event()
    ran = terminal("ext", "replay", HELLO, event_id, "--dry-run")
    assert "It would have changed and sent nothing." in ran.out
    shown = terminal("ext", "replay", HELLO, event_id, "--dry-run", "--json").json()
    assert (shown["outcome"], shown["actions"]) == ("ok", [])


def test_for_real(terminal, inside):
    inside.install(FIRST)
    event_id, _ = inside.event()
    ran = terminal("ext", "replay", HELLO, event_id)
    assert ran.out == f"{event_id} is on its way to {HELLO} again, as attempt 2.\n"
    assert terminal("ext", "replay", HELLO, event_id, "--json").json()["attempt"] == 2


def test_a_version_is_for_dry_runs(terminal):
    ran = terminal("ext", "replay", HELLO, "evt_1", "--version", "1.0.0")
    assert ran.code == 2
    assert "--dry-run" in ran.err


def test_an_unknown_event(terminal, inside):
    inside.install(FIRST)
    ran = terminal("ext", "replay", HELLO, "evt_none", "--dry-run")
    assert ran.code == 1
    assert "evt_none" in ran.err
