"""What becomes of an installation: settings, switches, the way out."""

from typing import Any

import pytest
from sqlalchemy import select

from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.crypto import DecryptionFailed
from geminicrm.kernel.errors import Conflict, ValidationFailed
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.install.drafting import Draft, Outcome
from geminicrm.runtime.models import Installation, KeptSettings
from geminicrm.runtime.problems import (
    StillNeeded,
)
from tests.support.core import Tenant, make_tenant
from tests.support.life import (
    ALL,
    HELLO,
    FakeRunner,
    Life,
    files,
    forget_removed,
    offer,
    rows,
    wanted,
    zipped,
)

SETTINGS = [
    {"id": "greeting", "type": "text", "label": "Greeting", "default": "Hi"},
    {"id": "api_key", "type": "password", "label": "API key", "required": True},
    {"id": "pin", "type": "password", "label": "PIN"},
]


def audited(life: Life, tenant: Tenant) -> list[str]:
    return [
        row.action for row in rows(life, tenant, AuditEntry) if row.action.startswith("extension.")
    ]


def test_settings_are_checked_and_secrets_never_come_back(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    change = life.cycle.install(tenant.owner(), ALL)
    assert change.installation["missing_settings"] == ["api_key"]
    saved = life.cycle.configure(tenant.owner(), HELLO, {"api_key": "s3cret", "greeting": "Ho"})
    assert saved.installation["settings"] == {"greeting": "Ho", "api_key": None, "pin": None}
    assert saved.installation["secrets_set"] == ["api_key"]
    assert saved.installation["missing_settings"] == []
    assert saved.installation["revision"] == 2
    (row,) = rows(life, tenant)
    assert "s3cret" not in row.secrets
    (entry,) = (
        one for one in rows(life, tenant, AuditEntry) if one.action == "extension.configured"
    )
    assert entry.changes == {"settings": ["api_key", "greeting"]}


def test_an_empty_secret_keeps_the_old_and_null_clears(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.configure(tenant.owner(), HELLO, {"api_key": "one", "pin": "two"})
    kept = life.cycle.configure(tenant.owner(), HELLO, {"api_key": "", "pin": None})
    assert kept.installation["secrets_set"] == ["api_key"]
    reset = life.cycle.configure(tenant.owner(), HELLO, {"greeting": None})
    assert reset.installation["settings"]["greeting"] == "Hi"


def test_every_wrong_setting_is_named(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    with pytest.raises(ValidationFailed) as caught:
        life.cycle.configure(tenant.owner(), HELLO, {"greeting": 3, "colour": "red"})
    assert {found.pointer for found in caught.value.findings} == {"/greeting", "/colour"}
    with pytest.raises(ValidationFailed) as caught:
        life.cycle.configure(tenant.owner(), HELLO, {"api_key": None})
    assert caught.value.findings[0].code == "missing_setting"
    assert rows(life, tenant)[0].revision == 1


def test_an_extension_saves_its_own_settings(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.save_settings(tenant.owner("read:leads"), HELLO, {"greeting": "Yo"})
    assert life.cycle.get(tenant.owner(), HELLO)["settings"]["greeting"] == "Yo"


def test_secrets_that_no_key_reads_count_as_missing(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    with life.core.works.write(tenant.system()) as work:
        work.session.scalars(select(Installation)).one().secrets = "not a token"
    assert life.cycle.get(tenant.owner(), HELLO)["missing_settings"] == ["api_key"]
    with pytest.raises(DecryptionFailed):
        life.cycle.configure(tenant.owner(), HELLO, {"pin": "1"})
    assert life.cycle.uninstall(tenant.owner(), HELLO).kept
    assert life.cycle.install(tenant.owner(), ALL).installation["secrets_set"] == []


def test_settings_made_by_install_are_stored(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)

    def install(_actor: object, draft: Draft) -> Outcome:
        draft.settings.plain["greeting"] = "Salut"
        draft.settings.secrets["api_key"] = "made"
        return Outcome()

    life.runner.installing = install
    change = life.cycle.install(tenant.owner(), ALL)
    assert change.installation["settings"]["greeting"] == "Salut"
    assert change.installation["secrets_set"] == ["api_key"]


def test_enabling_and_disabling(life: Life, tenant: Tenant):
    life.cycle.install(tenant.owner(), ALL)
    paused = life.cycle.disable(tenant.owner(), HELLO)
    assert (paused.installation["enabled"], paused.installation["status"]) == (False, "disabled")
    again = life.cycle.enable(tenant.owner(), HELLO)
    assert (again.installation["enabled"], again.installation["status"]) == (True, "enabled")
    assert again.generation == paused.generation + 1
    assert audited(life, tenant) == [
        "extension.installed", "extension.disabled", "extension.enabled",
    ]  # fmt: skip


def test_settings_come_back_after_an_uninstall_that_kept_them(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.configure(tenant.owner(), HELLO, {"api_key": "k", "pin": "1", "greeting": "Yo"})
    removed = life.cycle.uninstall(tenant.owner(), HELLO)
    assert removed.kept
    assert removed.warning is None
    assert rows(life, tenant) == []
    life.shelf.put(zipped(files(version="1.1.0", settings=[SETTINGS[1]])), version="1.1.0")
    back = life.cycle.install(tenant.owner(), ALL)
    assert back.installation["secrets_set"] == ["api_key"]
    assert back.installation["settings"] == {"api_key": None}
    assert rows(life, tenant, KeptSettings) == []


def test_a_purge_leaves_nothing(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.configure(tenant.owner(), HELLO, {"api_key": "k"})
    assert not life.cycle.uninstall(tenant.owner(), HELLO, "purge").kept
    assert rows(life, tenant, KeptSettings) == []
    assert life.cycle.install(tenant.owner(), ALL).installation["secrets_set"] == []


def raising(_actor: object, draft: Draft) -> Outcome:
    raise ExtensionFailed(draft.extension_id, "uninstall()", "extension.py:9", "ValueError: no")


@pytest.mark.parametrize(
    ("answer", "warning"),
    [
        (raising, "hello-world failed in uninstall() at extension.py:9: ValueError: no"),
        (
            lambda _actor, _draft: Outcome(success=False, message="the vendor is down"),
            "the vendor is down",
        ),
        (lambda _actor, _draft: Outcome(success=False), "It answered that it failed."),
    ],
)
def test_a_failing_uninstall_does_not_keep_it(
    life: Life, tenant: Tenant, answer: Any, warning: str
):
    life.cycle.install(tenant.owner(), ALL)
    life.runner.uninstalling = answer
    removed = life.cycle.uninstall(tenant.owner(), HELLO)
    assert removed.warning == warning
    assert rows(life, tenant) == []
    (entry,) = (
        one for one in rows(life, tenant, AuditEntry) if one.action == "extension.uninstalled"
    )
    assert entry.changes["warning"] == warning


def test_what_others_need_stays(life: Life, tenant: Tenant):
    life.shelf.put(
        zipped(files(id="needs-hello", requires={"extensions": {HELLO: ">=1.0.0"}})), "needs-hello"
    )
    second = wanted(extension_id="needs-hello")
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.install(tenant.owner(), second)
    for change in (life.cycle.disable, life.cycle.uninstall):
        with pytest.raises(StillNeeded, match="needs-hello"):
            change(tenant.owner(), HELLO)
    life.cycle.disable(tenant.owner(), "needs-hello")
    life.cycle.disable(tenant.owner(), HELLO)
    with pytest.raises(Conflict, match="enable it"):
        life.cycle.enable(tenant.owner(), "needs-hello")


def test_packages_that_nobody_has_are_collected(life: Life, tenant: Tenant):
    life.cycle.install(tenant.owner(), ALL)
    assert life.cycle.collect(-1) == []
    life.cycle.uninstall(tenant.owner(), HELLO)
    assert life.cycle.collect(-1) == []
    forget_removed(life, tenant)
    assert life.cycle.collect() == []
    assert len(life.cycle.collect(-1)) == 1
    assert life.folders() == []


def test_the_list_is_by_id(life: Life, tenant: Tenant):
    life.shelf.put(zipped(files(id="a-first")), "a-first")
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.install(tenant.owner(), wanted(extension_id="a-first"))
    assert [one["extension_id"] for one in life.cycle.list(tenant.owner())] == ["a-first", HELLO]
    assert life.cycle.inventory.manifest(tenant.owner(), HELLO).name == "Hello World"


def test_an_icon_inside_static_is_shown(life: Life, tenant: Tenant):
    shown = life.cycle.install(tenant.owner(), ALL).installation
    assert shown["icon"] == f"/ext-assets/{life.folders()[0]}/icon.svg"
    offer(life, id="bare", icon=None)
    life.shelf.put(zipped(files(id="bare", icon=None)), "bare")
    bare = life.cycle.install(tenant.owner(), wanted(extension_id="bare"))
    assert bare.installation["icon"] is None


def test_the_whole_life_on_both_engines(both_lives: Life):
    tenant = make_tenant(both_lives.core, "north")
    offer(both_lives, settings=SETTINGS)
    both_lives.cycle.install(tenant.owner(), ALL)
    both_lives.cycle.configure(tenant.owner(), HELLO, {"api_key": "k"})
    both_lives.cycle.disable(tenant.owner(), HELLO)
    both_lives.cycle.enable(tenant.owner(), HELLO)
    both_lives.cycle.uninstall(tenant.owner(), HELLO)
    assert both_lives.cycle.install(tenant.owner(), ALL).installation["secrets_set"] == ["api_key"]
    assert isinstance(both_lives.runner, FakeRunner)
