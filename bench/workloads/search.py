"""Search in a large marketplace, counts of every filter included, against the bare full-text query.

The baseline is plain Flask that asks SQLite's own index for the best 24 by bm25 and nothing else:
no permission, no filter, no count, no description of what was found.
"""

import json
import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from urllib.parse import quote

from flask import Flask, Response, request

from bench import ours
from bench.catalogue import fill
from bench.compare import CONNECTIONS
from bench.exchanges import request as wire
from bench.lab import Lab
from bench.load import Exchange, Source, Tally, drive
from bench.report import Row, Target
from bench.services import Service, answers
from bench.serving import command
from bench.stats import ratio, rotated
from bench.trees import free_port

NAME = "search"
PAGE = 24
_QUERIES = 2_000
_MANY, _FEW = 100_000, 2_000
_WHOLE = 10_000  # rows of the other workloads; fewer mean a quick look
_DATABASE = "BENCH_SEARCH_DATABASE"
_RAW = (
    "SELECT s.extension_id FROM registry_words JOIN registry_search AS s ON s.number = "
    "registry_words.rowid WHERE registry_words MATCH ? ORDER BY rank LIMIT 24"
)
_OK = 200


def run(lab: Lab) -> list[Row]:
    """Measure how long a search takes, beside the bare query."""
    count = _MANY if lab.options.rows >= _WHOLE else _FEW
    home, _ = ours.prepare(lab, NAME, 0)
    lab.say(f"{NAME}: publishing {count:,} extensions")
    with sqlite3.connect(home.database) as connection:
        language = fill(connection, count)
    connection.close()
    queries = [language.query() for _ in range(_QUERIES)]
    full = ours.serve(lab, f"{count:,} extensions", home, [], ours.WEB)
    bare = _bare(lab, home.database)
    return _measure(lab, full, bare, queries)


def plain() -> Flask:
    """Make the baseline; its database is named by the environment."""
    app = Flask("raw")
    uri = f"file:{os.environ[_DATABASE]}?mode=ro"

    @app.get("/search")
    def search() -> Response:
        words = (f'"{word}"' for word in request.args.get("q", "").split())
        with sqlite3.connect(uri, uri=True) as connection:
            found = connection.execute(_RAW, (f"{' '.join(words)}*",)).fetchall()
        connection.close()
        return Response(json.dumps([row[0] for row in found]), mimetype="application/json")

    return app


def _bare(lab: Lab, database: Path) -> Service:
    port = free_port()
    target = command(sys.executable, "bench.workloads.search:plain", port, lab.options.threads)
    tree = lab.start(target, {_DATABASE: str(database)}, lab.home("raw"))
    tree.wait_for(lambda: answers(port, "/search?q=a"))
    return Service(name="bare query", tree=tree, port=port)


def _measure(lab: Lab, full: Service, bare: Service, queries: Sequence[str]) -> list[Row]:
    paths = {full.name: "/api/marketplace/extensions?facets=1&limit=24&q=", bare.name: "/search?q="}
    rows: list[Row] = []
    for connections in CONNECTIONS:
        tallies: dict[str, list[Tally]] = {full.name: [], bare.name: []}
        for turn in range(lab.options.rounds + 1):
            for service in rotated([full, bare], turn):
                sources = [
                    _asking(service, paths[service.name], queries[number::connections])
                    for number in range(connections)
                ]
                tally = drive(service.port, [sources], lab.options.seconds)[0]
                if turn:  # the first round warms both
                    tallies[service.name].append(tally)
                lab.say(f"{NAME}: x{connections}, {service.name}: p50 {tally.ms(50):.1f} ms, "
                        f"p95 {tally.ms(95):.1f} ms")  # fmt: skip
        rows += _rows(connections, tallies[full.name], tallies[bare.name], bare.name)
    return rows


def _asking(service: Service, path: str, queries: Sequence[str]) -> Source:
    turn = iter(range(10**9))

    def is_right(status: int, body: bytes) -> bool:
        return status == _OK and body[:1] in b"{["

    def source() -> Exchange:
        words = queries[next(turn) % len(queries)]
        return Exchange(wire("GET", path + quote(words), service.token), is_right)

    return source


def _rows(connections: int, ours_: Sequence[Tally], base: Sequence[Tally], name: str) -> list[Row]:
    wrong = sum(tally.wrong for tally in (*ours_, *base))
    first = next((tally.first_wrong for tally in (*ours_, *base) if tally.wrong), "")
    found = []
    for percent in (50, 95):
        mine = [tally.ms(percent) for tally in ours_]
        theirs = [tally.ms(percent) for tally in base]
        found.append(
            Row(
                workload=NAME,
                what=f"search p{percent}, {connections} conn.",
                unit="ms",
                ours=median(mine),
                baseline=name,
                base=median(theirs),
                ratio=ratio(mine, theirs),
                target=Target(value=3.0, better="lower"),
                wrong=wrong,
                note=first,
            )
        )
    if connections == 1:
        found.append(
            Row(
                workload=NAME,
                what="search p95, 1 conn., by itself",
                unit="ms",
                ours=median(tally.ms(95) for tally in ours_),
                target=Target(value=30.0, better="lower"),
                wrong=wrong,
            )
        )
    return found
