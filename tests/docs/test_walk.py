"""The commands of the pages, run as they are written against a server that really runs.

A folder stands in for the checkout: its `.venv` is this interpreter, its `var/` the home. Only the
port differs from the pages.
"""

import json
import shutil
import subprocess
import sys

import pytest
import requests

from tests.support.pages import ROOT, page, samples, section
from tests.support.ports import free_port
from tests.support.process import Tree, clean_environ
from tests.support.waiting import eventually
from tools import screenshots

SECONDS = 240
WALK = section(page("README.md"), "Your first extension in five minutes")
MARK = "@@@@"
PORT = "127.0.0.1:8000"


class Served:
    """A started demo in a folder of its own, and a shell in it."""

    def __init__(self, folder):
        self.folder = folder
        self.place = f"127.0.0.1:{free_port()}"
        self.address = f"http://{self.place}"
        self.tree = Tree(
            [str(make_venv(folder) / "geminicrm"), "serve", "--demo"],
            folder / "serve.log",
            clean_environ(GEMINICRM_ENV="development", PORT=self.place[10:], **importable()),
            folder,
        )
        self.tree.wait_for_line("sign in with", SECONDS)
        self.demo = json.loads((folder / "var" / "demo.json").read_bytes())

    def run(self, *texts):
        """Run texts of a shell one after the other; give what each printed."""
        own = [text.replace(PORT, self.place) for text in texts]
        return run_shell(own, self.folder, ADMIN=self.demo["api_token"])

    def get(self, path):
        answer = self.ask("GET", path)
        assert answer.ok, answer.text
        return answer

    def post(self, path, **more):
        return self.ask("POST", path, **more)

    def ask(self, method, path, headers=(), **more):
        sent = {"Authorization": f"Bearer {self.demo['api_token']}", **dict(headers)}
        url = f"{self.address}{path}"
        return requests.request(method, url, headers=sent, timeout=10, **more)


def run_shell(texts, folder, **environ):
    done = subprocess.run(
        [
            shutil.which("bash"),
            "-euo",
            "pipefail",
            "-c",
            "\n".join(f"echo {MARK}\n{text}" for text in texts),
        ],
        cwd=folder,
        env=clean_environ(**environ, **importable()),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [part.strip() for part in done.stdout.split(MARK)[1:]]


def make_venv(folder):
    """Make what `. .venv/bin/activate` puts on the path."""
    place = folder / ".venv" / "bin"
    place.mkdir(parents=True)
    script(place / "geminicrm", f'exec "{sys.executable}" -m geminicrm "$@"')
    script(place / "python", f'exec "{sys.executable}" "$@"')
    (place / "activate").write_text(f'PATH="{place}:$PATH"\n')
    return place


def importable():
    return {"PYTHONPATH": str(ROOT)}


def script(path, line):
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    missing = [name for name in ("bash", "curl") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    started = Served(tmp_path_factory.mktemp("checkout"))
    yield started
    started.tree.stop()


def shell(text):
    return [one.text for one in samples(text) if one.language == "sh"]


def expected(text):
    """What the pages show below a shell sample, by the place of that sample."""
    found, at = {}, -1
    for one in samples(text):
        at += one.language == "sh"
        found[at] = one
    return {at: one for at, one in found.items() if one.language in {"text", "json"}}


def plain(language, text):
    return json.loads(text) if language == "json" else text.strip()


def test_make_run_is_what_the_walk_starts():
    makefile = (ROOT / "Makefile").read_text()
    assert "exec .venv/bin/geminicrm serve --demo" in makefile
    assert "make run\n" in shell(section(page("README.md"), "Run it"))


def test_the_walk_of_the_readme(served):
    ada = {"first_name": "Ada", "last_name": "Byron"}
    lead = served.post("/api/leads", json=ada).json()
    panels = f"/apps/panels/lead/{lead['id']}"
    before, after = shell(WALK)[:-1], shell(WALK)[-1]
    shown = served.run(*before)
    assert "Hello, Ada!" in served.get(panels).text
    shown += served.run(". .venv/bin/activate", after)[1:]
    assert "Welcome, Ada!" in served.get(panels).text
    wanted = expected(WALK)
    assert len(wanted) == 4
    for at, one in wanted.items():
        assert plain(one.language, shown[at]) == plain(one.language, one.text)


def told(served):
    return len(served.get("/api/events?types=lead.*").json()["data"])


def test_the_rest_samples_answer(served):
    for name in ("Byron", "Babbage"):
        assert served.post("/api/leads", json={"last_name": name}).ok
    eventually(lambda: told(served) >= 2, SECONDS)
    token = 'TOKEN="$ADMIN"'
    texts = [*shell(section(page("README.md"), "REST")), *shell(page("docs/rest.md"))]
    _, *answers = served.run(token, *texts)
    first, made, listed, followed, installed, trimmed, wrong, jobs, failing = map(
        json.loads, answers
    )
    assert len(first["data"]) == 1
    assert (made["amount"], made["currency"], made["version"]) == ("1250.50", "EUR", 1)
    assert len(listed["data"]) == 2
    assert {lead["status"] for lead in listed["data"]} <= {"new", "contacted"}
    assert [one["type"].partition(".")[0] for one in followed["data"]] == ["lead", "lead"]
    assert followed["next_after"] == followed["data"][-1]["position"]
    assert installed["status"] == "enabled"
    assert (installed["granted"], trimmed["granted"]) == (
        ["read:leads", "write:leads"],
        ["read:leads"],
    )
    assert wrong == {"data": [], "next_cursor": None}
    assert jobs["next_cursor"] is None
    assert failing == {"data": [], "next_cursor": None}


def test_the_problem_of_the_page_is_the_one_that_comes(served):
    every = samples(page("docs/rest.md"))
    (wanted,) = [json.loads(one.text) for one in every if one.language == "json"]
    answer = served.post("/api/leads", json={"last_name": "Byron", "email": "ada"})
    assert {**answer.json(), "instance": wanted["instance"]} == wanted


def test_a_lead_created_has_the_members_that_the_page_shows(served):
    (shown,) = [json.loads(one.text) for one in samples(page("docs/events.md"))]
    lead = served.get("/api/leads?limit=1").json()["data"][0]
    assert list(shown) == list(lead)


def written(text, folder):
    """Write the samples of a page that say which file they are."""
    for one in samples(text):
        if one.title:
            path = folder / one.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(one.text)


def planned(served, lead_id):
    found = served.get(f"/api/activities?related_type=lead&related_id={lead_id}").json()["data"]
    return [one["subject"] for one in found]


def due(served):
    return served.get("/api/extensions/follow-up/planned").json()["due"]


def test_the_extension_of_the_guide_works(served):
    text = page("docs/extensions.md")
    written(text, served.folder)
    for folder in ("follow_up", "follow_up/tests"):
        (served.folder / folder / "__init__.py").write_text('"""Follow up."""\n')
    _, tested, installed, published = served.run(". .venv/bin/activate", *shell(text))
    assert "2 passed" in tested
    assert "0 errors" in installed
    assert "follow-up 1.0.0 is installed and every worker serves it so." in installed
    assert json.loads(published)["version"] == "1.0.0"
    lead = served.post("/api/leads", json={"last_name": "Byron"}).json()
    eventually(lambda: planned(served, lead["id"]) == ["First call"], SECONDS)
    assert "First call" in served.get(f"/apps/panels/lead/{lead['id']}").text
    assert "First call" in served.get("/api/extensions/follow-up/calls").json()["calls"]
    # What the handler writes last may come a moment after the call that it plans.
    eventually(lambda: f"planned/{lead['id']}" in due(served), SECONDS)
    announced = served.get("/api/events?types=follow_up.call_planned").json()["data"]
    assert lead["id"] in [one["data"]["lead_id"] for one in announced]
    place = f"panel=calls&record_type=lead&record_id={lead['id']}"
    said = served.post(f"/apps/follow-up/actions/call?{place}", headers={"HX-Request": "true"})
    assert "Fill in the address of the phone system first." in said.headers["HX-Trigger"]


def test_the_first_steps_of_an_operator(tmp_path, served):
    make_venv(tmp_path)
    texts = [". .venv/bin/activate", *shell(page("docs/operations.md"))]
    _, told = run_shell(texts, tmp_path, PORT=str(free_port()))
    assert "role: owner" in told
    assert "MEND" not in told


@pytest.fixture
def chromium():
    if shutil.which("chromium") is None:
        pytest.skip("no browser: chromium is not installed")


def test_the_pictures_can_be_made_again(served, chromium, tmp_path):
    demo = str(served.folder / "var" / "demo.json")
    command = [sys.executable, "-m", "tools.screenshots", served.address, demo, str(tmp_path)]
    subprocess.run(command, env=clean_environ(**importable()), timeout=SECONDS, check=True)
    made = {path.name for path in tmp_path.glob("*.png")}
    assert made == {path.name for path in screenshots.IMAGES.glob("*.png")}


def test_without_a_browser_there_are_no_pictures(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(screenshots.NoBrowser):
        screenshots.main(["http://127.0.0.1:1", str(tmp_path / "demo.json")])
