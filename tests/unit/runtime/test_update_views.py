"""The pages of other versions: the difference, forward, back, what has run."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from geminicrm.kernel.ids import new_id
from geminicrm.runtime.history.models import InstalledVersion, WatchCount
from geminicrm.runtime.install.drafting import Outcome
from geminicrm.runtime.install.state import Refused
from geminicrm.runtime.models import Installation
from tests.support.core import Tenant
from tests.support.crm_pages import said
from tests.support.life import HELLO, Life, files, zipped
from tests.support.life_app import CONSENT, PAGE, Browser, life_app, member, owner

LOG = b"# Changelog\n\n## 2.0.0\n\n- Greets <b>deals</b> too.\n"
MORE: dict[str, Any] = {
    "permissions": ["read:leads", "write:deals"],
    "permission_reasons": {"write:deals": "To close them."},
    "optional_permissions": ["read:users"],
    "network": [{"host": "api.example.com", "reason": "Sends."}],
    "events": ["deal.won"],
    "ui": {"record_panels": [{"id": "p", "title": "Greet", "record": "lead"}]},
}


@pytest.fixture
def app(life: Life) -> Flask:
    return life_app(life)


@pytest.fixture
def browser(app: Flask, tenant: Tenant) -> Browser:
    """Version 1 of an extension that may read companies is installed."""
    made = Browser(app.test_client(), tenant)
    made.post(CONSENT)
    return made


def put(life: Life, version: str = "2.0.0", **changes: Any) -> None:
    content = {**files(version=version, **changes), "CHANGELOG.md": LOG}
    life.shelf.put(zipped(content), version=version)


def version(life: Life) -> str:
    return str(life.cycle.get(owner(life), HELLO)["version"])


def test_the_difference_is_shown_in_words_and_colour(browser: Browser, life: Life):
    put(life, **MORE)
    page = browser.get(f"{PAGE}/upgrade")
    for words in (
        "1.0.0 → 2.0.0", "+ Added", "To close them.", "Connect to api.example.com",
        "Is told of deal.won.", "Unchanged (1)", "Approve and update", "Nothing stops meanwhile",
        "Greets &lt;b&gt;deals&lt;/b&gt; too.", "+ Added:", "Greet",
    ):  # fmt: skip
        assert words in page, words
    assert 'name="optional_scope" value="read:users">' in page
    assert "diff-added" in page
    assert "diff-removed" not in page


def test_approving_gives_what_was_shown(browser: Browser, life: Life):
    put(life, **MORE)
    answer = browser.post(f"{PAGE}/upgrade", version="2.0.0", optional_scope=["read:users"])
    assert answer.headers["Location"] == PAGE
    assert "Hello World is updated to 2.0.0." in browser.get(PAGE)
    granted = life.cycle.get(owner(life), HELLO)["granted"]
    assert granted == ["read:leads", "read:users", "write:deals"]


def test_less_is_shown_as_removed_and_needs_no_approval(browser: Browser, life: Life):
    put(life, permissions=[])
    page = browser.get(f"{PAGE}/upgrade")
    assert "Removed</span>" in page
    assert "Approve and update" not in page
    assert "it may no longer" in page
    browser.post(f"{PAGE}/upgrade", version="2.0.0")
    assert version(life) == "2.0.0"


def test_what_comes_with_it_is_shown_and_comes(browser: Browser, life: Life):
    put(life, requires={"extensions": {"base": "*"}})
    base = files(id="base", name="Base", permissions=["read:deals"])
    life.shelf.put(zipped(base), "base")
    page = browser.get(f"{PAGE}/upgrade")
    assert "Base is installed with it" in page
    assert "read:deals" in page
    browser.post(f"{PAGE}/upgrade", version="2.0.0")
    assert life.cycle.get(owner(life), "base")["granted"] == ["read:deals"]


def test_an_install_shows_what_comes_with_it(browser: Browser, life: Life):
    life.shelf.put(zipped(files(id="base", name="Base", permissions=["read:deals"])), "base")
    needing = files(id="top", name="Top", requires={"extensions": {"base": "*"}})
    life.shelf.put(zipped(needing), "top")
    page = browser.get("/marketplace/top/install")
    for words in ("Install Top and 1 more?", "Base is installed with it", "read:deals",
                  "Allow and install all 2"):  # fmt: skip
        assert words in page, words
    browser.post("/marketplace/top/install", version="1.0.0")
    assert life.cycle.get(owner(life), "base")["granted"] == ["read:deals"]


def test_a_failure_says_that_the_old_one_runs_on(browser: Browser, life: Life):
    put(life)
    life.runner.installing = lambda _actor, _draft: Outcome(success=False, message="No licence.")
    life.runner.loading = refuse
    page = browser.post(f"{PAGE}/upgrade", status=422, version="2.0.0").text
    assert "It was not changed: version 1.0.0 runs on as before" in page
    assert "Try again" in page
    assert version(life) == "1.0.0"


def refuse(_draft: Any) -> None:
    from_the_step = "It can't be loaded."
    raise Refused(from_the_step)


def test_what_can_not_be_is_explained(browser: Browser, life: Life):
    put(life, requires={"extensions": {"ghost": "*"}})
    page = browser.get(f"{PAGE}/upgrade", status=422)
    assert "Hello World stays at 1.0.0" in page
    assert "no registry offers ghost" in page
    old = browser.get(f"{PAGE}/upgrade?version=1.0.0", status=409)
    assert "is what is installed" in old


def test_versions_and_the_way_back(browser: Browser, life: Life):
    put(life)
    page = browser.get(f"{PAGE}/versions")
    assert "Hello World 2.0.0 is available" in page
    assert "Runs now" in page
    browser.post(f"{PAGE}/upgrade", version="2.0.0")
    page = browser.get(f"{PAGE}/versions")
    assert "Replaced" in page
    assert f"{PAGE}/rollback?version=1.0.0" in page
    plan = browser.get(f"{PAGE}/rollback?version=1.0.0")
    assert "2.0.0 → 1.0.0" in plan
    assert "Roll back to 1.0.0" in plan
    answer = browser.post(f"{PAGE}/rollback", version="1.0.0")
    assert answer.headers["Location"] == f"{PAGE}/versions"
    assert "Hello World is back at 1.0.0." in browser.get(f"{PAGE}/versions")
    assert version(life) == "1.0.0"


def test_a_way_back_that_is_barred_is_explained(browser: Browser, life: Life):
    put(life)
    browser.post(f"{PAGE}/upgrade", version="2.0.0")
    needing = files(id="other", name="Other", requires={"extensions": {HELLO: ">=2"}})
    life.shelf.put(zipped(needing), "other")
    browser.post("/marketplace/other/install")
    page = browser.post(f"{PAGE}/rollback", status=422, version="1.0.0").text
    assert "needs hello-world" in page
    assert version(life) == "2.0.0"
    assert browser.client.get(f"{PAGE}/rollback?version=0.1.0").status_code == 404


def test_the_list_marks_updates_and_updates_what_asks_for_nothing(browser: Browser, life: Life):
    life.shelf.put(zipped(files(id="greedy", name="Greedy")), "greedy")
    browser.post("/marketplace/greedy/install")
    put(life)
    greedy = files(id="greedy", name="Greedy", version="2.0.0", permissions=["write:deals"])
    life.shelf.put(zipped(greedy), "greedy", "2.0.0")
    page = browser.get("/installed")
    assert "Update all (1)" in page
    assert "Needs approval: 2.0.0" in page
    browser.post("/installed/updates")
    page = browser.get("/installed")
    assert "Hello World is updated to 2.0.0." in page
    assert "Update all" not in page
    assert life.cycle.get(owner(life), "greedy")["version"] == "1.0.0"
    browser.post("/installed/updates")
    assert "nothing to update without asking you" in browser.get("/installed")


def test_one_that_fails_is_told_and_keeps_no_other(browser: Browser, life: Life):
    put(life)
    life.runner.loading = refuse
    browser.post("/installed/updates")
    assert "Hello World was not updated." in browser.get("/installed")


def test_what_is_watched_is_told(browser: Browser, life: Life, tenant: Tenant):
    with life.core.works.write(tenant.system()) as work:
        row = work.session.scalars(select(Installation)).one()
        until = (work.now + timedelta(minutes=10)).isoformat()
        row.watch = {"until": until, "digest": row.digest, "version": "0.9.0"}
        work.session.add(
            WatchCount(
                id=new_id("wat"),
                installation_id=row.id,
                digest=row.digest,
                worker_id="w",
                calls=312,
                failures=0,
                updated_at=work.now,
            )
        )
    assert "Watched until 09:10: 312 calls, 0 failures." in said(browser.get("/installed"))
    assert "Version 1.0.0 is new here" in browser.get(PAGE)


def test_a_return_is_told_with_its_reason(browser: Browser, life: Life, tenant: Tenant):
    with life.core.works.write(tenant.system()) as work:
        present = work.session.scalars(select(InstalledVersion)).one()
        facts = {
            column.key: getattr(present, column.key)
            for column in InstalledVersion.__table__.columns
        }
        changed = {
            "id": new_id("ver"), "version": "2.0.0", "until": present.since,
            "outcome": "returned", "reason": "5 of 9 calls failed.",
        }  # fmt: skip
        work.session.add(InstalledVersion(**{**facts, **changed}))
    assert "Back from 2.0.0, which failed" in browser.get("/installed")
    page = browser.get(PAGE)
    assert "Version 2.0.0 failed, and 1.0.0 is back" in page
    assert "5 of 9 calls failed." in page


def test_unsigned_and_unconfined_updates_ask_for_both(browser: Browser, life: Life):
    life.shelf.put(zipped(files(version="2.0.0")), version="2.0.0", built_in=False)
    page = browser.get(f"{PAGE}/upgrade")
    assert 'name="allow_unsigned"' in page
    assert 'name="trust"' in page
    again = browser.post(f"{PAGE}/upgrade", status=422, version="2.0.0", allow_unsigned="true")
    assert "Type hello-world exactly" in again.text
    browser.post(f"{PAGE}/upgrade", version="2.0.0", allow_unsigned="true", trust=HELLO)
    assert version(life) == "2.0.0"


def test_members_look_and_change_nothing(browser: Browser, app: Flask, life: Life, tenant: Tenant):
    put(life)
    guest = member(life, app, tenant)
    assert "Newer: 2.0.0" in guest.get("/installed")
    assert "Runs now" in guest.get(f"{PAGE}/versions")
    for path in (f"{PAGE}/upgrade", f"{PAGE}/rollback"):
        guest.get(path, status=403)
        guest.post(path, status=403)
    guest.post("/installed/updates", status=403)


def test_the_consent_page_of_what_is_installed_leads_to_the_difference(browser: Browser):
    answer = browser.client.get(f"{CONSENT}?version=2.0.0")
    assert answer.headers["Location"] == f"{PAGE}/upgrade?version=2.0.0"
    assert browser.client.get("/installed/nobody/upgrade").status_code == 404
    assert browser.client.get("/installed/nobody/versions").status_code == 404
