from typing import Any

from geminicrm.runtime.manifest import Manifest, build_manifest
from marketplace import abilities


def manifest(**members: Any) -> Manifest:
    base = {
        "id": "a",
        "name": "A",
        "version": "1.0.0",
        "description": "D",
        "author": "B",
        "license": "MIT",
        "entry_point": "extension.py",
        **members,
    }
    return build_manifest(base)


def sentences(found: list[abilities.Ability]) -> list[str]:
    return [ability.sentence for ability in found]


def test_permissions_hosts_and_own_work_are_named():
    found = abilities.required(
        manifest(
            permissions=["read:leads", "write:deals"],
            permission_reasons={"write:deals": "To move them."},
            settings=[{"id": "base_url", "type": "url", "label": "Server"}],
            network=[
                {"host": "api.example.com", "reason": "Sends mail."},
                {"setting": "base_url"},
            ],
            events=["deal.won", "deal.lost", "lead.*"],
            hooks=["before_record_save"],
            schedules=[
                {"id": "hourly", "cron": "0 * * * *", "description": "Fetches mail."},
                {"id": "daily", "cron": "0 0 * * *"},
            ],
        )
    )

    assert sentences(found) == [
        "View leads",
        "Create, edit and delete deals",
        "Connect to api.example.com",
        "Connect to the address in “Server”",
        "React to what happens",
        "Check changes before they are saved",
        "Run on a schedule",
        "Run on a schedule",
    ]
    assert found[1].reason == "To move them."
    assert found[1].sensitive
    assert found[4].explanation == "Runs after deal.won, deal.lost and lead.*."
    assert found[7].explanation == "Even when nobody is signed in."


def test_a_side_card_draws_permissions_of_one_kind_together():
    found = abilities.summary(
        manifest(
            permissions=["write:leads", "read:leads", "read:users", "read:deals", "read:contacts"]
        )
    )

    assert sentences(found) == [
        "View leads",
        "See who works here",
        "View deals and contacts",
        "Create, edit and delete leads",
    ]


def test_optional_permissions_stand_apart():
    found = abilities.optional(manifest(optional_permissions=["write:leads"]))

    assert sentences(found) == ["Create, edit and delete leads"]


def test_kinds_stand_under_their_headings():
    found = abilities.grouped(
        abilities.required(manifest(permissions=["write:leads", "read:leads"]))
    )

    assert [title for title, _ in found] == ["View", "Change"]


def test_what_is_not_asked_for_is_withheld():
    assert abilities.withheld(manifest()) == [
        "View any record",
        "Change any record",
        "Send data to other services",
        "Manage members, or see passwords and API tokens",
    ]


def test_optional_permissions_are_not_withheld():
    found = abilities.withheld(
        manifest(
            permissions=[f"read:{noun}" for noun in abilities.NOUNS],
            optional_permissions=["write:leads", "write:contacts", "write:companies"],
            network=[{"host": "a.example", "reason": "R"}],
        )
    )

    assert found == [
        "Change deals or activities",
        "Manage members, or see passwords and API tokens",
    ]


def test_what_appears_is_counted():
    panel = {"title": "T", "record": "deal"}
    found = abilities.additions(
        manifest(
            settings=[{"id": "a", "type": "text", "label": "A"}],
            schedules=[{"id": "s", "cron": "* * * * *"}],
            inbound_webhooks=[{"id": "w"}],
            ui={
                "dashboard_widgets": [{"id": "w", "title": "W"}],
                "record_panels": [{"id": "p", **panel}, {"id": "q", **panel}],
                "record_actions": [{"id": "r", **panel}],
                "pages": [{"id": "g", "title": "G"}],
                "custom_fields": [{"id": "f", "label": "F", "record": "deal", "type": "text"}],
            },
        )
    )

    assert found == [
        "1 dashboard widget",
        "2 deal panels",
        "1 deal action",
        "1 page",
        "1 custom field",
        "1 schedule",
        "1 inbound webhook",
        "1 settings page",
    ]


def test_events_of_its_own_are_named():
    own = {"name": "a_b", "description": "It happened.", "schema": {}, "sample": {}}
    (found,) = abilities.required(manifest(event_types=[own]))
    assert (found.sentence, found.group) == ("Announce events of its own", "run")
    assert found.explanation == "Everybody in the workspace may read them: a.a_b."
