import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from geminicrm.kernel.metrics import Metrics, clean_directory, forget_process


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_everything_counted_is_shown(registry: CollectorRegistry) -> None:
    metrics = Metrics(registry)
    metrics.request("/api/leads/<id>", "GET", 200, 0.02)
    metrics.request("/api/leads/<id>", "BREW", 405, 0.01)
    metrics.extension_call("a", "hook", "failed", 0.5)
    metrics.job_handled("webhooks", "ok", 3)
    metrics.jobs_state(1.5, 7)
    metrics.install("install", "ok", 0.3)
    body, content_type = metrics.exposition()
    lines = body.decode().splitlines()
    assert content_type.startswith("text/plain")
    for line in (
        'geminicrm_request_seconds_count{method="GET",route="/api/leads/<id>",status="200"} 1.0',
        'geminicrm_request_seconds_count{method="OTHER",route="/api/leads/<id>",status="405"} 1.0',
        'geminicrm_extension_call_seconds_sum{extension="a",kind="hook",outcome="failed"} 0.5',
        'geminicrm_jobs_handled_total{kind="webhooks",outcome="ok"} 3.0',
        "geminicrm_jobs_lag_seconds 1.5",
        "geminicrm_jobs_backlog 7.0",
        'geminicrm_install_seconds_count{action="install",outcome="ok"} 1.0',
    ):
        assert line in lines


def test_many_calls_fall_into_their_buckets(registry: CollectorRegistry) -> None:
    metrics = Metrics(registry)
    for seconds in (0.001, 0.002, 0.02, 0.02, 99.0):
        metrics.extension_call("a", "hook", "ok", seconds)
    metrics.flush()
    metrics.flush()
    lines = metrics.exposition()[0].decode().splitlines()
    named = (
        'geminicrm_extension_call_seconds_bucket{extension="a",kind="hook",le="%s",outcome="ok"} %s'
    )
    for bound, count in (("0.001", 1.0), ("0.005", 2.0), ("0.025", 4.0), ("+Inf", 5.0)):
        assert named % (bound, count) in lines


def test_two_applications_in_one_process_do_not_meet() -> None:
    first, second = Metrics(CollectorRegistry()), Metrics(CollectorRegistry())
    first.jobs_state(1, 1)
    assert b"geminicrm_jobs_backlog 1.0" in first.exposition()[0]
    assert b"geminicrm_jobs_backlog 0.0" in second.exposition()[0]


WORKER = """
import os
from prometheus_client import CollectorRegistry
from geminicrm.kernel.metrics import Metrics
metrics = Metrics(CollectorRegistry())
metrics.request("/x", "GET", 200, 0.5)
metrics.jobs_state(2.0, 9)
print(os.getpid())
"""


def run_worker(directory: Path) -> int:
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(directory)}
    done = subprocess.run(
        [sys.executable, "-c", WORKER], env=environment, capture_output=True, check=True, text=True
    )
    return int(done.stdout)


def test_workers_are_added_up_and_the_dead_forgotten(
    registry: CollectorRegistry, tmp_path: Path
) -> None:
    pids = [run_worker(tmp_path), run_worker(tmp_path)]
    metrics = Metrics(registry, tmp_path)
    count = 'geminicrm_request_seconds_count{method="GET",route="/x",status="200"} 2.0'
    body = metrics.exposition()[0].decode()
    assert count in body
    assert "geminicrm_jobs_backlog 9.0" in body
    for pid in pids:
        forget_process(tmp_path, pid)
    body = metrics.exposition()[0].decode()
    assert count in body
    assert "geminicrm_jobs_backlog 9.0" not in body


def test_a_new_run_starts_with_an_empty_directory(tmp_path: Path) -> None:
    directory = tmp_path / "metrics"
    clean_directory(directory)
    (directory / "counter_1.db").touch()
    (directory / "note.txt").touch()
    clean_directory(directory)
    assert [file.name for file in directory.iterdir()] == ["note.txt"]


def test_outside_calls_tell_whether_the_service_answers(registry: CollectorRegistry) -> None:
    metrics = Metrics(registry)
    for outcome, sent in (
        ("ok", True), ("refused", True), ("refused", False), ("failed", True), ("unknown", True),
    ):  # fmt: skip
        metrics.outside_call("a", "conn_1", outcome, 0.5, sent=sent)
    lines = metrics.exposition()[0].decode().splitlines()
    assert 'geminicrm_outside_sent_total{answered="yes",extension="a"} 2.0' in lines
    assert 'geminicrm_outside_sent_total{answered="no",extension="a"} 2.0' in lines


def test_connections_past_so_many_share_a_series(
    registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geminicrm.kernel.metrics.MOST_CONNECTIONS", 2)
    metrics = Metrics(registry)
    for number in (1, 2, 3, 4, 1):
        metrics.outside_call("a", f"conn_{number}", "ok", 0.5, sent=True)
    found = metrics.exposition()[0].decode().splitlines()
    name = "geminicrm_connection_call_seconds_count"
    assert sorted(line for line in found if line.startswith(name)) == [
        f'{name}{{connection="(others)",outcome="ok"}} 2.0',
        f'{name}{{connection="conn_1",outcome="ok"}} 2.0',
        f'{name}{{connection="conn_2",outcome="ok"}} 1.0',
    ]
