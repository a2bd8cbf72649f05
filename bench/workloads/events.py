"""Events from commit to handled, by one worker, against a loop that updates a row for each."""

import time
from statistics import median

from bench.lab import Lab
from bench.report import Row, Target
from bench.stats import ratio, rotated
from bench.working import Hand, announce, bare_loop, engines, opened

NAME = "events"
_MANY, _FEW = 5_000, 500
_SINGLES, _FEW_SINGLES = 200, 30
_ENOUGH_SECONDS = 1.0
_BATCH, _SINGLE, _LOOP = "batch", "single", "bare loop"
_AIMS: dict[str, Target | None] = {_BATCH: None, _SINGLE: None}


def run(lab: Lab) -> list[Row]:
    """Measure on both database engines."""
    rows: list[Row] = []
    with engines(lab, NAME) as homes:
        for engine, environ in homes.items():
            rows += _measured(lab, engine, environ)
    return rows


def _measured(lab: Lab, engine: str, environ: dict[str, str]) -> list[Row]:
    long = lab.options.seconds >= _ENOUGH_SECONDS
    many, singles = (_MANY, _SINGLES) if long else (_FEW, _FEW_SINGLES)
    rates: dict[str, list[float]] = {_BATCH: [], _SINGLE: [], _LOOP: []}
    with opened(environ) as (core, actor), bare_loop(core, many) as update:

        def batch() -> float:
            hand = Hand(core)
            announce(core, actor, many)
            began = time.perf_counter()
            hand.work(many)
            hand.close()
            return many / (time.perf_counter() - began)

        def single() -> float:
            hand, taken = Hand(core), 0.0
            for number in range(1, singles + 1):
                announce(core, actor, 1)
                began = time.perf_counter()
                hand.work(number)
                taken += time.perf_counter() - began
            hand.close()
            return singles / taken

        def loop() -> float:
            began = time.perf_counter()
            for number in range(many):
                update(number)
            return many / (time.perf_counter() - began)

        ways = {_BATCH: batch, _SINGLE: single, _LOOP: loop}
        batch()  # the first one makes connections and compiles statements
        for turn in range(lab.options.rounds):
            for name in rotated(list(ways), turn):
                rates[name].append(ways[name]())
                lab.say(f"{NAME}: {engine}, round {turn + 1}, {name}: {rates[name][-1]:,.0f}/s")
    return [
        Row(
            workload=NAME,
            what=f"commit to handled, {name}, {engine}",
            unit="/s",
            ours=median(rates[name]),
            baseline=_LOOP,
            base=median(rates[_LOOP]),
            ratio=ratio(rates[name], rates[_LOOP]),
            target=_AIMS[name],
        )
        for name in (_BATCH, _SINGLE)
    ]
