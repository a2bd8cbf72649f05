"""What an operator reads before agreeing, where nobody can be asked."""

import io

import click
import pytest

from geminicrm.commands.consent import ask_consent
from geminicrm.commands.plan_words import plan_words
from geminicrm.runtime.enforcement import ENFORCED_WORDS, ISOLATION_WORDS
from geminicrm.runtime.plan import Plan
from geminicrm.runtime.plan_changes import Changes
from geminicrm.runtime.plan_lines import Addition, HostLine, OwnEventLine, ScopeLine


def plan(**changes):
    known = {
        "extension_id": "shout",
        "version": "1.0.0",
        "name": "Shout",
        "description": "Shouts at each new lead.",
        "author": "Ada",
        "built_in": False,
        "signed": False,
        "size": 1000,
        "isolation": "unsandboxed",
        "trust_required": True,
        "scopes": (ScopeLine("read:leads", "View leads", "Names.", "view", False, "Needs names."),),  # noqa: FBT003 - the last fields of a line, in their order
        "optional_scopes": (),
        "network": (HostLine("api.example.com", None, "Shouts there."),),
        "routes": "/api/extensions/shout/",
        "hooks": ("before_record_save", "collect_panel", "on_event"),
        "events": ("lead.created",),
        "ui": (Addition("record panel", "shouts", "Shouts", "lead"),),
        "required_settings": ("Key",),
        "python": ("phonenumbers>=9",),
        "kept_documents": 3,
        "warnings": (),
    }
    return Plan(**{**known, **changes})


def refused(given, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(click.ClickException, match="--yes"):
        ask_consent(given)
    return capsys.readouterr().err.splitlines()


def test_everything_that_it_does_is_told(monkeypatch, capsys):
    told = refused(plan(), monkeypatch, capsys)
    assert told == [
        "Shout 1.0.0 by Ada; is not part of the CRM.",
        "Shouts at each new lead.",
        "It may:",
        "  - View leads: Names. Why: Needs names.",
        "It may call:",
        "  - api.example.com: Shouts there.",
        "Who enforces this:",
        f"  - {ISOLATION_WORDS['unsandboxed']}",
        f"  - {ENFORCED_WORDS['nobody']}",
        "Unseen:",
        "  - Run when something happens. Is told of: lead.created.",
        "  - Check changes before they are saved. It may refuse a change.",
        "It adds:",
        "  - record panel 'Shouts'",
        "  - routes below /api/extensions/shout/",
        "It brings Python packages:",
        "  - phonenumbers>=9",
        "To be filled in afterwards:",
        "  - Key",
        "It finds what it stored here before: 3 document(s).",
    ]


OWN = OwnEventLine("shout.shouted", "A lead was shouted at.")


def test_events_of_its_own_are_told(monkeypatch, capsys):
    told = refused(plan(own_events=(OWN,)), monkeypatch, capsys)
    assert (
        "  - Announce events of its own. shout.shouted: A lead was shouted at. "
        "Everybody in the workspace may read it."
    ) in told


def test_a_change_says_what_it_announces_now_and_no_more():
    more = plan(kind="upgrade", from_version="0.9.0", changes=Changes(own_events_added=(OWN,)))
    less = plan(kind="rollback", from_version="2.0.0", changes=Changes(own_events_removed=(OWN,)))
    gone = plan(kind="uninstall", changes=Changes(own_events_removed=(OWN,)))
    assert "  + Added: announces shout.shouted" in plan_words(more)
    assert "  - Removed: announces shout.shouted" in plan_words(less)
    assert "  - announcing shout.shouted" in plan_words(gone)


def test_an_extension_that_may_do_nothing_says_so(monkeypatch, capsys):
    told = refused(plan(scopes=(), events=(), hooks=()), monkeypatch, capsys)
    assert "  - (nothing)" in told
    assert "Unseen:" not in told
