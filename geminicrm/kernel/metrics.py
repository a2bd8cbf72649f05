"""Prometheus metrics of one process, added up over all processes where there are several.

prometheus_client reads PROMETHEUS_MULTIPROC_DIR when it is imported: whoever starts the processes
sets it in their environment, calls `clean_directory` first, and `forget_process` after each death.
"""

import threading
from bisect import bisect_left
from collections import Counter as Counted
from collections.abc import Sequence
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Summary,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from geminicrm.kernel.metrics_files import reserve

_REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_CALL_BUCKETS = (0.0001, 0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10.0, 30.0)
_OUTSIDE_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MOST_CONNECTIONS = 1_000
"""Connections with series of their own, in each process; further ones share one."""
OTHERS = "(others)"
_INSTALL_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_ANSWERED = ("ok", "refused")
# Anything else in the method is the caller's invention and would make a series of its own.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """All metrics of the core on one registry; `directory` is PROMETHEUS_MULTIPROC_DIR or None."""

    def __init__(self, registry: CollectorRegistry, directory: Path | None = None) -> None:
        self._registry = registry
        self._directory = directory
        if directory is not None:
            reserve()
        self._requests = Histogram(
            "geminicrm_request_seconds",
            "Requests by route template; its count is the number of requests.",
            ("route", "method", "status"),
            buckets=_REQUEST_BUCKETS,
            registry=registry,
        )
        self._calls = Histogram(
            "geminicrm_extension_call_seconds",
            "Calls into extensions: kind is hook, route, event or action.",
            ("extension", "kind", "outcome"),
            buckets=_CALL_BUCKETS,
            registry=registry,
        )
        self._outside = Histogram(
            "geminicrm_outside_call_seconds",
            "Calls of extensions to outside services: outcome is ok, refused, failed or unknown.",
            ("extension", "outcome"),
            buckets=_OUTSIDE_BUCKETS,
            registry=registry,
        )
        self._connections = Summary(
            "geminicrm_connection_call_seconds",
            "The same calls by connection: their number, and how long they took in all.",
            ("connection", "outcome"),
            registry=registry,
        )
        self._sent = Counter(
            "geminicrm_outside_sent",
            "Those of them that were sent: answered is yes where an answer below 500 came.",
            ("extension", "answered"),
            registry=registry,
        )
        self._named: set[str] = set()
        self._observed: dict[tuple[Histogram, tuple[str, ...]], list[float]] = {}
        self._lock = threading.Lock()
        self._handled = Counter(
            "geminicrm_jobs_handled",
            "Attempts at jobs that have ended.",
            ("kind", "outcome"),
            registry=registry,
        )
        self._lag = _gauge(registry, "geminicrm_jobs_lag_seconds", "Age of the oldest open job.")
        self._backlog = _gauge(registry, "geminicrm_jobs_backlog", "Open jobs.")
        self._installs = Histogram(
            "geminicrm_install_seconds",
            "Installs, upgrades and removals of extensions until live in every worker.",
            ("action", "outcome"),
            buckets=_INSTALL_BUCKETS,
            registry=registry,
        )

        self._webhooks = Counter(
            "geminicrm_webhooks_received",
            "Requests of outside services: outcome is taken, repeated, handshake, rejected, unknown"
            " or failed.",
            ("extension", "outcome"),
            registry=registry,
        )

    def webhook_received(self, extension_id: str, outcome: str) -> None:
        """Count one; `extension_id` is empty where nobody is known at the address."""
        self._webhooks.labels(extension_id, outcome).inc()

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request; `route` is the template (`/api/leads/<id>`), never the path."""
        known = method if method in _METHODS else "OTHER"
        self._requests.labels(route, known, str(status)).observe(seconds)

    def extension_call(self, extension_id: str, kind: str, outcome: str, seconds: float) -> None:
        """Count one call into an extension; outcome is ok, failed, refused, timeout or busy."""
        self._observe(self._calls, (extension_id, kind, outcome), seconds)

    def outside_call(
        self,
        extension_id: str,
        connection_id: str | None,
        outcome: str,
        seconds: float,
        *,
        sent: bool,
    ) -> None:
        """Count one call of an extension to an outside service, with its repetitions.

        `sent` is False where nothing left the machine, which says nothing of the service.
        """
        self._observe(self._outside, (extension_id, outcome), seconds)
        if sent:
            answered = "yes" if outcome in _ANSWERED else "no"
            self._sent.labels(extension_id, answered).inc()
        if connection_id is not None:
            self._connections.labels(self._label(connection_id), outcome).observe(seconds)

    def _label(self, connection_id: str) -> str:
        """Give the label of a connection; a series can't be taken back, so there is an end."""
        with self._lock:
            if len(self._named) < MOST_CONNECTIONS:
                self._named.add(connection_id)
            return connection_id if connection_id in self._named else OTHERS

    def flush(self) -> None:
        """Write down the calls into and out of extensions that were counted in memory.

        A request may make a hundred of them, and each one written alone costs as much as the call.
        """
        with self._lock:
            observed, self._observed = self._observed, {}
        for (series, labels), all_seconds in observed.items():
            _observe_all(series.labels(*labels), all_seconds)

    def _observe(self, series: Histogram, labels: tuple[str, ...], seconds: float) -> None:
        with self._lock:
            self._observed.setdefault((series, labels), []).append(seconds)

    def job_handled(self, kind: str, outcome: str, count: int = 1) -> None:
        """Count attempts at jobs of a kind; outcome is ok, retry, dead, postponed and so on."""
        self._handled.labels(kind, outcome).inc(count)

    def jobs_state(self, lag_seconds: float, backlog: int) -> None:
        """Set how far the workers are behind."""
        self._lag.set(lag_seconds)
        self._backlog.set(backlog)

    def install(self, action: str, outcome: str, seconds: float) -> None:
        """Count one install, upgrade or removal."""
        self._installs.labels(action, outcome).observe(seconds)

    def exposition(self) -> tuple[bytes, str]:
        """Give the text for Prometheus and its content type, over all processes."""
        self.flush()
        if self._directory is None:
            return generate_latest(self._registry), CONTENT_TYPE_LATEST
        together = CollectorRegistry()
        MultiProcessCollector(together, str(self._directory))  # type: ignore[no-untyped-call]  # upstream has no types here
        return generate_latest(together), CONTENT_TYPE_LATEST


def _observe_all(series: Histogram, all_seconds: Sequence[float]) -> None:
    """Do what `observe` does, for many at once; the library has no public way to."""
    series._sum.inc(sum(all_seconds))  # noqa: SLF001 - see above
    bounds = series._upper_bounds  # noqa: SLF001 - see above
    for bucket, count in Counted(bisect_left(bounds, each) for each in all_seconds).items():
        series._buckets[bucket].inc(count)  # noqa: SLF001 - see above


def _gauge(registry: CollectorRegistry, name: str, text: str) -> Gauge:
    # Only the process that runs the relay knows: its newest value counts, and dies with it.
    return Gauge(name, text, registry=registry, multiprocess_mode="livemostrecent")


def clean_directory(directory: Path) -> None:
    """Make the directory, empty of what an earlier run left; before the first process starts."""
    directory.mkdir(parents=True, exist_ok=True)
    for file in directory.glob("*.db"):
        file.unlink()


def forget_process(directory: Path, pid: int) -> None:
    """Drop the gauges of a dead process; its counters stay, since sums must never go down."""
    mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]  # upstream has no types here
