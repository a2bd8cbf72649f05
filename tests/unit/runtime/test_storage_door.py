"""`app.storage` inside of calls: whose documents, whose errors."""

from collections.abc import Callable
from typing import Any

import pytest

from extensions.sdk import errors as sdk
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.context import ExtensionContext
from geminicrm.runtime.models import Installation
from geminicrm.runtime.sdk_errors import NoCall
from tests.support.core import Tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage

Act = Callable[[ExtensionContext], Any]
Inside = Callable[..., Any]


@pytest.fixture
def inside(stage: Stage, tenant: Tenant) -> Inside:
    """Run a function inside a call of the sample, which has no permission at all."""
    stage.put(tenant, HEAD + QUIET, row={"granted": []})
    installed = stage.find(tenant)
    context: Any = installed.loaded.extension.app

    def run(function: Act, kind: str = "route") -> Any:
        call = CallContext(installed, tenant.owner(), kind, 5.0, passes=(sdk.SdkError,))
        return stage.runtime.calls.run(call, lambda: function(context))

    return run


def gone(stage: Stage, tenant: Tenant) -> None:
    with stage.core.works.write(tenant.system()) as work:
        work.session.delete(work.get(Installation, stage.find(tenant).id))


def test_documents_need_no_permission(inside: Inside):
    def act(app: ExtensionContext) -> Any:
        storage = app.storage
        made = storage.put("b", {"x": 1}, if_version=0)
        more = storage.put_many({"a": 1, "c": (2,)})
        found = storage.get("b"), storage.get("d"), list(storage.get_many(["c", "d", "a"]))
        page = storage.list(limit=2)
        rest = storage.list(cursor=page.next_cursor)
        gone = storage.delete("a", if_version=1), storage.delete("a")
        return made, more, found, page, rest, gone, storage.usage()

    made, more, found, page, rest, gone, usage = inside(act)
    assert (made.version, made.value) == (1, {"x": 1})
    assert [(one.key, one.value) for one in more] == [("a", 1), ("c", [2])]
    assert found == (made, None, ["c", "a"])
    assert [one.key for one in (*page.data, *rest.data)] == ["a", "b", "c"]
    assert rest.next_cursor is None
    assert gone == (True, False)
    assert (usage.documents, usage.size) == (2, len('b{"x":1}') + len("c[2]"))


def test_they_are_there_in_the_next_call(inside: Inside):
    inside(lambda app: app.storage.put("a", 1))
    assert inside(lambda app: app.storage.list("a")).data[0].value == 1


def test_nothing_to_store_is_no_work(inside: Inside):
    assert inside(lambda app: app.storage.put_many({})) == ()


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda app: app.storage.get(""), sdk.Invalid, "/key: "),
        (lambda app: app.storage.get_many("ab"), sdk.Invalid, "list of keys"),
        (lambda app: app.storage.put("a\n", 1), sdk.Invalid, "printable"),
        (lambda app: app.storage.put("a", {"x": {1}}), sdk.Invalid, "/value/x: A set"),
        (lambda app: app.storage.put("a", 1, if_version="1"), sdk.Invalid, "/if_version: "),
        (lambda app: app.storage.put_many({"a": 1, "b/c": {1}}), sdk.Invalid, "/b~1c: A set"),
        (lambda app: app.storage.delete(3), sdk.Invalid, "is no key"),
        (lambda app: app.storage.delete("a", if_version=-1), sdk.Invalid, "0 for none yet"),
        (lambda app: app.storage.list("\n"), sdk.Invalid, "/prefix: "),
        (lambda app: app.storage.list(limit=101), sdk.Invalid, "/limit: "),
        (lambda app: app.storage.list(cursor="x"), sdk.Invalid, "/cursor: "),
        (lambda app: app.storage.put("a", 1, if_version=1), sdk.Conflict, "is not there"),
        (
            lambda app: [
                app.storage.put_many({f"{b}{n}": "x" * 250_000 for n in range(8)}) for b in "abcdef"
            ],
            sdk.QuotaExceeded,
            "10 MiB",
        ),
    ],
)
def test_what_is_refused(inside: Inside, act: Act, error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        inside(act)


def test_the_quota_is_named(inside: Inside):
    def fill(app: ExtensionContext) -> None:
        for part in range(101):
            app.storage.put_many({f"{part}/{number}": 1 for number in range(100)})

    with pytest.raises(sdk.QuotaExceeded) as caught:
        inside(fill)
    assert caught.value.quota == "10,000 documents"


def test_a_call_that_outlives_its_installation_stores_nothing(
    inside: Inside, stage: Stage, tenant: Tenant
):
    gone(stage, tenant)
    with pytest.raises(sdk.NotFound, match="sample"):
        inside(lambda app: app.storage.put("a", 1))
    with pytest.raises(sdk.NotFound):
        inside(lambda app: app.storage.delete("a"))


def test_while_it_is_installed_there_is_no_row_yet(inside: Inside, stage: Stage, tenant: Tenant):
    gone(stage, tenant)
    assert inside(lambda app: app.storage.put("a", 1), kind="install").version == 1


def test_outside_of_a_call_there_is_no_storage(stage: Stage, tenant: Tenant):
    stage.put(tenant, HEAD + QUIET)
    context: Any = stage.find(tenant).loaded.extension.app
    for use in (lambda: context.storage.get("a"), lambda: context.storage.put("a", 1)):
        with pytest.raises(NoCall):
            use()
