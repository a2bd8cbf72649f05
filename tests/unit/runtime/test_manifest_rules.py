"""What the schema can't say of a manifest."""

import pytest

from geminicrm.runtime.manifest_rules import rule_findings

SCOPES = ["read:leads", "write:leads"]
ONE = {"id": "a", "title": "A"}


def findings_of(data):
    return [(found.pointer, found.code) for found in rule_findings(data, SCOPES)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"permissions": ["read:leds"]}, [("/permissions/0", "unknown_permission")]),
        ({"optional_permissions": ["x:y"]}, [("/optional_permissions/0", "unknown_permission")]),
        (
            {"permissions": ["read:leads"], "optional_permissions": ["read:leads"]},
            [("/optional_permissions/0", "repeated")],
        ),
        (
            {"permission_reasons": {"read:leads": "x"}},
            [("/permission_reasons/read:leads", "not_declared")],
        ),
        ({"hooks": ["on_event", "on_events"]}, [("/hooks/1", "unknown_hook")]),
        ({"requires": {"geminicrm": "latest"}}, [("/requires/geminicrm", "wrong_range")]),
        ({"requires": {"extensions": {"a": "x"}}}, [("/requires/extensions/a", "wrong_range")]),
        (
            {"id": "a", "requires": {"extensions": {"a": "*"}}},
            [("/requires/extensions/a", "requires_itself")],
        ),
        ({"requires": {"python": ["a b"]}}, [("/requires/python/0", "wrong_requirement")]),
        (
            {"requires": {"python": ["a", "b @ https://e.example/b.whl"]}},
            [("/requires/python/1", "wrong_requirement")],
        ),
        ({"icon": "../icon.png"}, [("/icon", "path_outside")]),
        ({"icon": "/icon.png"}, [("/icon", "path_outside")]),
        ({"icon": "C:icon.png"}, [("/icon", "path_outside")]),
        ({"icon": "static\\icon.png"}, [("/icon", "path_outside")]),
        ({"entry_point": "x/../../y.py"}, [("/entry_point", "path_outside")]),
        ({"entry_point": "my-extension.py"}, [("/entry_point", "wrong_form")]),
        ({"entry_point": "extension"}, [("/entry_point", "wrong_form")]),
        ({"screenshots": [{"path": "../x.png"}]}, [("/screenshots/0/path", "path_outside")]),
        ({"settings": [{"id": "a"}, {"id": "a"}]}, [("/settings/1/id", "repeated")]),
        ({"ui": {"pages": [ONE, ONE]}}, [("/ui/pages/1/id", "repeated")]),
        ({"network": [{"setting": "url"}]}, [("/network/0/setting", "unknown_setting")]),
        (
            {"authentication": [{"type": "bearer", "settings": ["key"]}]},
            [("/authentication/0/settings/0", "unknown_setting")],
        ),
        (
            {"authentication": [{"type": "oauth2", "token_url": "https://a.example"}]},
            [("/authentication/0/authorization_url", "missing_property")],
        ),
        ({"ui": {"navigation": [{"page": "a"}]}}, [("/ui/navigation/0/page", "unknown_page")]),
        ({"schedules": [{"cron": "0 25 * * *"}]}, [("/schedules/0/cron", "wrong_cron")]),
        ({"schedules": [{"cron": "0 0 30 2 *"}]}, [("/schedules/0/cron", "wrong_cron")]),
        ({"schedules": [{"cron": "a b c d e"}]}, [("/schedules/0/cron", "wrong_cron")]),
    ],
)
def test_what_is_wrong(data, expected):
    assert findings_of(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"permissions": ["read:leads"], "permission_reasons": {"read:leads": "x"}},
        {"entry_point": "sub/extension.py", "icon": "static/a.png"},
        {"settings": [{"id": "url"}], "network": [{"setting": "url"}, {"host": "a"}]},
        {"ui": {"pages": [ONE], "navigation": [{"id": "x", "page": "a"}]}},
        {"authentication": [{"type": "api_key"}]},
        {"schedules": [{"cron": "*/5 8-18 * * mon-fri"}, {"cron": "0 0 29 2 *"}]},
    ],
)
def test_what_is_right(data):
    assert findings_of(data) == []


@pytest.mark.parametrize(
    "wrong", [None, 3, "x", [3, None, []], {"a": 3}, [{"id": 3}, {"page": []}]]
)
@pytest.mark.parametrize(
    "name",
    ["permissions", "requires", "ui", "network", "settings", "screenshots", "icon", "schedules"],
)
def test_wrong_types_are_left_to_the_schema(name, wrong):
    assert {code for _, code in findings_of({name: wrong})} <= {"unknown_permission", "wrong_form"}
    assert isinstance(findings_of({"ui": {"navigation": wrong, "pages": wrong}}), list)


def test_the_nearest_name_is_suggested():
    [found] = rule_findings({"permissions": ["read:leeds"]}, SCOPES)
    assert found.message.endswith('Did you mean "read:leads"?')


def test_without_a_near_name_all_are_listed():
    [found] = rule_findings({"permissions": ["zzz"]}, SCOPES)
    assert found.message.endswith("Known are: read:leads, write:leads.")
