"""`python -m bench [--only NAME] [--rounds N] [--quick]`: every workload against its baseline."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.lab import Lab, Options, opened
from bench.report import Outcome, Row, failed, table, write
from bench.workloads import (
    backlog,
    ceiling,
    create,
    event_latency,
    events,
    first_mails,
    first_sync,
    hooks,
    host_memory,
    host_record,
    host_request,
    host_start,
    host_throughput,
    http_client,
    hundred_installed,
    incoming,
    install_live,
    large,
    memory,
    read,
    rollback,
    rolling_upgrade,
    route,
    rq_jobs,
    search,
    servers,
    start,
    subscribed,
    two_homes,
    upgrade_under_load,
    webhook_fanout,
    webhook_latency,
    webhooks,
)
from bench.workloads import list as list_fifty

RESULTS = Path(__file__).resolve().parent / "results.json"
WORKLOADS: dict[str, Callable[[Lab], list[Row]]] = {
    one.NAME: one.run
    for one in (
        ceiling, read, list_fifty, create, large, route, hooks, memory, start, servers,
        host_request, host_record, host_throughput, host_start, host_memory, rolling_upgrade,
        hundred_installed, install_live, upgrade_under_load, rollback, two_homes,
        search, events, event_latency, subscribed, backlog, rq_jobs, http_client, first_sync,
        first_mails,
        incoming,
        webhooks, webhook_latency, webhook_fanout,
    )
}  # fmt: skip


def run(name: str, options: Options) -> Outcome:
    """Run one workload in a lab of its own."""
    started = time.monotonic()
    with opened(options) as lab:
        rows = WORKLOADS[name](lab)
        missing = "; ".join(lab.missing)
    seconds = time.monotonic() - started
    return Outcome(
        workload=name, rows=rows, load=os.getloadavg(), seconds=seconds, not_measured=missing
    )


def machine() -> dict[str, object]:
    """Describe what was measured on, and when."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def main(arguments: Sequence[str]) -> int:
    """Measure; 0 when nothing was wrong or missed by more than the slack, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(WORKLOADS), metavar="NAME",
                        help=f"one of {', '.join(WORKLOADS)}; may be repeated")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="only see whether everything works")
    asked = parser.parse_args(arguments)
    options = Options.quick(asked.rounds) if asked.quick else Options(rounds=asked.rounds)
    outcomes = [run(name, options) for name in WORKLOADS if name in (asked.only or WORKLOADS)]
    print("\n" + table(outcomes), flush=True)
    write(outcomes, machine(), RESULTS)
    return int(failed(outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
