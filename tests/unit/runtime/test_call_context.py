import contextvars
import threading
from typing import Any

import pytest

from extensions.sdk import errors as sdk
from geminicrm.app import Core
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.failures import ExtensionTimeout
from geminicrm.runtime.parts import RuntimeParts
from geminicrm.runtime.runtime import ExtensionRuntime, NotConnected
from geminicrm.runtime.sdk_errors import NoCall
from tests.support.core import Tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage, with_method


def test_outside_of_a_call_every_door_is_shut(stage: Stage, tenant: Tenant):
    stage.put(tenant, HEAD + QUIET)
    app: Any = stage.find(tenant).loaded.extension.app

    for use in (
        app.leads.list,
        lambda: app.settings["x"],
        lambda: dict(app.secrets),
        lambda: app.log.info("x"),
        lambda: app.http.request("GET", "https://api.example.com"),
        lambda: app.actor,
        lambda: app.workspace,
    ):
        with pytest.raises(NoCall, match="finds its workspace"):
            use()


def test_what_outlives_its_call_reaches_nothing(stage: Stage, tenant: Tenant):
    source = with_method(
        """
        def install(self):
            self.gate.wait(5)
            try:
                self.app.leads.create({"last_name": "Late"})
            except Exception as error:
                self.result.append(error)
        """
    )
    stage.put(tenant, source)
    installed = stage.find(tenant)
    extension: Any = installed.loaded.extension
    extension.gate, extension.result = threading.Event(), []
    call = CallContext(installed, tenant.owner(), "install", 0.02)
    with pytest.raises(ExtensionTimeout):
        stage.runtime.calls.run_with_deadline(call, extension.install)
    extension.gate.set()
    [thread.join() for thread in threading.enumerate() if thread.name.startswith("extension sam")]

    assert [type(error) for error in extension.result] == [NoCall]
    assert stage.crm.leads.list(tenant.owner()).data == []


def test_threads_of_its_own_and_other_extensions_have_no_call(stage: Stage, tenant: Tenant):
    stage.put(tenant, HEAD + QUIET)
    stage.put(tenant, HEAD + QUIET, id="other")
    mine: Any = stage.find(tenant)
    other: Any = stage.find(tenant, "other").loaded.extension.app
    call = CallContext(mine, tenant.owner(), "route", 5.0, passes=(sdk.SdkError,))
    with pytest.raises(NoCall, match=r"^other"):
        stage.runtime.calls.run(call, lambda: other.workspace)

    again = CallContext(mine, tenant.owner(), "route", 5.0, passes=(sdk.SdkError,))
    with pytest.raises(NoCall):
        stage.runtime.calls.run(
            again, lambda: contextvars.Context().run(lambda: mine.loaded.extension.app.workspace)
        )


def test_settings_cannot_be_saved_before_the_core_is_connected(
    core: Core, stage: Stage, tenant: Tenant
):
    runtime = ExtensionRuntime(stage.runtime.options, stage_parts(core, stage))
    stage.put(tenant, HEAD + QUIET)
    installed = runtime.convergence.find(tenant.id, "sample")
    assert installed is not None
    call = CallContext(installed, tenant.owner(), "route", 5.0, passes=(NotConnected,))
    with pytest.raises(NotConnected):
        runtime.calls.run(call, lambda: installed.loaded.extension.app.settings.save({"a": 1}))
    runtime.stop()


def stage_parts(core: Core, stage: Stage) -> Any:
    return RuntimeParts(
        works=core.works,
        generations=core.generations,
        cipher=core.cipher,
        metrics=stage.metrics,
        http=core.http,
        workspace=lambda _: pytest.fail("not asked"),
        own=lambda _digest: True,
    )
