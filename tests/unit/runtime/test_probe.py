import json
import os
from pathlib import Path

import pytest

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.host.parts import Route
from geminicrm.runtime.probe import ProbeResult, examine, probe
from tests.support.sample_extensions import HEAD, QUIET, with_method, with_routes, write_package

GOOD = with_routes("@routes.get('/x')\ndef x():\n    return 'x'") + (
    "    @hookimpl\n    def collect_widget(self):\n        return None\n"
)


def test_a_good_extension_has_routes_hooks_and_no_findings(tmp_path: Path):
    noisy = "import os\nprint('{rubbish')\nos.write(1, b'more')\n" + GOOD
    result = probe(write_package(tmp_path, noisy).folder)

    route = Route("/api/extensions/sample/x", ("GET", "HEAD", "OPTIONS"))
    assert result == ProbeResult((route,), ("collect_widget",), ())


def test_the_child_has_none_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GEMINICRM_ENCRYPTION_KEYS", "secret")
    source = "import os\nraise ValueError(sorted(os.environ))\n"
    (finding,) = probe(write_package(tmp_path, source).folder).findings

    assert "PYTHONPATH" in finding.message
    assert "GEMINICRM" not in finding.message


def test_a_failure_has_its_place(tmp_path: Path):
    (finding,) = probe(
        write_package(tmp_path, "x = 1\nraise ValueError('no luck')").folder
    ).findings

    assert finding.pointer == "extension.py:2 in <module>"
    assert finding.message == "import: ValueError: no luck"


def test_an_import_that_never_returns_is_killed_with_its_children(tmp_path: Path):
    source = (
        "import subprocess, sys, pathlib, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "pathlib.Path(__file__).with_name('pid').write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    package = write_package(tmp_path, source)
    result = probe(package.folder, 10.0)

    assert result.findings == (Finding("", "timeout", "Loading it did not end within 10 s."),)
    pid = int((package.folder / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        gone(pid)


def gone(pid: int) -> None:
    """Raise ProcessLookupError for a process that is no more, or waits to be buried."""
    os.kill(pid, 0)
    if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
        raise ProcessLookupError


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("import os\nos._exit(3)", "exit code 3"),
        ("import os\nos.kill(os.getpid(), 11)", "signal 11"),
    ],
)
def test_a_process_that_ends_itself_is_said_so(tmp_path: Path, source: str, how: str):
    (finding,) = probe(write_package(tmp_path, source).folder).findings

    assert finding.code == "died"
    assert how in finding.message


def test_more_than_an_answer_is_none(tmp_path: Path):
    source = (
        "import os\n"
        "for fd in range(3, 20):\n"
        "    try:\n"
        "        os.write(fd, b'x' * 3_000_000)\n"
        "    except OSError:\n"
        "        pass\n"
    )
    (finding,) = probe(write_package(tmp_path, source).folder).findings

    assert finding.code in {"timeout", "died"}


@pytest.mark.parametrize(
    ("source", "pointer", "text"),
    [
        (HEAD + QUIET, None, None),
        ("1 / 0", "extension.py:1 in <module>", "import: ZeroDivisionError: division by zero"),
        (
            with_method("def __init__(self, app):\n    app.settings['x']"),
            "extension.py:19 in __init__",
            "__init__(): NoCall: sample: self.app finds",
        ),
    ],
)
def test_the_child_examines(tmp_path: Path, source: str, pointer: str | None, text: str | None):
    answer = examine(write_package(tmp_path, source).folder)

    found = [(one["pointer"], one["message"][: len(text or "")]) for one in answer["findings"]]
    assert found == [one for one in [(pointer, text)] if one[0]]
    assert json.dumps(answer)


@pytest.mark.parametrize("text", [None, "{", "{}"])
def test_a_manifest_that_cannot_be_read_is_a_finding(tmp_path: Path, text: str | None):
    [path.write_text(text) for path in [tmp_path / "manifest.json"] if text is not None]

    (finding,) = examine(tmp_path)["findings"]
    assert finding["code"] == "manifest_invalid"
