from typing import Any

import pytest
from structlog.testing import capture_logs

from geminicrm.runtime.failures import ExtensionFailed, ExtensionTimeout, LoadFailed
from geminicrm.runtime.install.drafting import Draft, DraftSettings, Examined, Outcome
from geminicrm.runtime.runner import outcome_of
from tests.support.core import Tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage, with_method, write_package

SETTINGS = [
    {"id": "word", "type": "text", "label": "Word", "description": "A word."},
    {"id": "key", "type": "password", "label": "Key", "description": "A key."},
]


def draft(stage: Stage, tenant: Tenant, source: str, **settings: Any) -> Draft:
    package = write_package(stage.packages, source, settings=SETTINGS)
    return Draft(
        installation_id="inst_1",
        workspace_id=tenant.id,
        extension_id=package.manifest.id,
        version=package.manifest.version,
        digest=package.digest,
        manifest=package.manifest,
        folder=package.folder,
        granted=("read:leads", "write:leads"),
        settings=DraftSettings(**settings),
        trusted=False,
        built_in=True,
    )


def test_install_runs_for_the_workspace_before_anything_is_stored(stage: Stage, tenant: Tenant):
    source = with_method(
        """
        def install(self):
            self.app.leads.create({"last_name": self.app.secrets["key"]})
            self.app.settings.save({"word": "new", "key": None})
            return {"success": True, "message": f"now {self.app.settings['word']}"}

        def uninstall(self):
            return {"success": False, "message": "still there"}
        """
    )
    made = draft(stage, tenant, source, plain={"word": "old"}, secrets={"key": "s3cret"})
    runner = stage.runtime.runner
    assert runner.probe(made) == Examined()
    runner.load(made)

    assert runner.install(tenant.owner(), made) == Outcome(success=True, message="now new")
    assert made.settings == DraftSettings({"word": "new"}, {})
    (lead,) = stage.crm.leads.list(tenant.owner()).data
    assert lead["last_name"] == "s3cret"
    assert runner.uninstall(tenant.owner(), made) == Outcome(success=False, message="still there")
    runner.unload(made)


def test_a_wrong_setting_is_refused_in_install(stage: Stage, tenant: Tenant):
    source = with_method("def install(self):\n    self.app.settings.save({'unknown': 1})")
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        stage.runtime.runner.install(tenant.owner(), draft(stage, tenant, source))

    assert caught.value.reason.startswith("Invalid: /unknown")


@pytest.mark.parametrize(
    ("body", "where", "reason"),
    [
        ("raise ValueError('no luck')", "extension.py:19 in install", "ValueError: no luck"),
        ("raise SystemExit", "extension.py:19 in install", "SystemExit"),
        ("return 'done'", "", "TypeError: it must return None or"),
    ],
)
def test_a_failing_install_names_its_place(
    stage: Stage, tenant: Tenant, body: str, where: str, reason: str
):
    source = with_method(f"def install(self):\n    {body}")
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        stage.runtime.runner.install(tenant.owner(), draft(stage, tenant, source))

    assert (caught.value.doing, caught.value.where) == ("install", where)
    assert caught.value.reason.startswith(reason)


def test_an_install_that_does_not_return_is_given_up(stage: Stage, tenant: Tenant, stage_of: Any):
    quick = stage_of(stage.core, seconds=0.02)
    source = "import threading\n" + with_method(
        "def install(self):\n    threading.Event().wait(0.3)"
    )
    with capture_logs(), pytest.raises(ExtensionTimeout, match="install"):
        quick.runtime.runner.install(tenant.owner(), draft(quick, tenant, source))


def test_a_version_that_cannot_be_loaded_says_so(stage: Stage, tenant: Tenant):
    made = draft(stage, tenant, "1 / 0")

    (finding,) = stage.runtime.runner.probe(made).findings
    assert finding.pointer == "extension.py:1 in <module>"
    with pytest.raises(LoadFailed):
        stage.runtime.runner.load(made)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (None, Outcome()),
        ({}, Outcome()),
        ({"success": 0}, Outcome(success=False)),
        ({"message": "x" * 900}, Outcome(message="x" * 500)),
    ],
)
def test_what_install_returns_is_read_kindly(answer: object, outcome: Outcome):
    assert outcome_of(answer) == outcome


def test_no_settings_need_none(stage: Stage, tenant: Tenant):
    assert stage.runtime.runner.install(tenant.owner(), draft(stage, tenant, HEAD + QUIET)).success
