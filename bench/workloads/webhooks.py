"""Webhook deliveries, commit to logged, against a requests loop that logs one SQLite row each."""

import time
from statistics import median

from bench.hooking import LOOPBACK, Receiver, add_endpoints, by_hand
from bench.lab import Lab
from bench.report import Row, Target
from bench.stats import ratio, rotated
from bench.working import announce, engines, opened
from geminicrm.app import Core
from geminicrm.kernel.owners import own_name
from geminicrm.kernel.relay import Relay

NAME = "webhooks"
_MANY, _FEW = 4_000, 400
_ENOUGH_SECONDS = 1.0
_LOOP = "requests and a row"
_SHAPES = {"1 endpoint": 1, "50 endpoints": 50}
_AIM = Target(value=0.4)
_LEAST = Target(value=1_000)


def run(lab: Lab) -> list[Row]:
    """Measure on both database engines, in one process."""
    rows: list[Row] = []
    receiver = Receiver(lab)
    with engines(lab, NAME) as homes:
        for engine, environ in homes.items():
            rows += _measured(lab, engine, {**environ, **LOOPBACK}, receiver)
    return rows


def _measured(lab: Lab, engine: str, environ: dict[str, str], receiver: Receiver) -> list[Row]:
    long = lab.options.seconds >= _ENOUGH_SECONDS
    many = _MANY if long else _FEW
    rates: dict[str, list[float]] = {name: [] for name in (*_SHAPES, _LOOP)}
    wrong = 0
    with opened(environ) as (core, actor), by_hand(lab.home("by-hand"), receiver.url()) as send:

        def ours(endpoints: int) -> float:
            urls = [receiver.url(f"/hook/{number}") for number in range(endpoints)]
            add_endpoints(core, actor, urls)
            announce(core, actor, many // endpoints)
            return many / _sent(core)

        def loop() -> float:
            began = time.perf_counter()
            send(many)
            return many / (time.perf_counter() - began)

        ours(1)  # the first one makes connections and compiles statements
        receiver.seen()
        for turn in range(lab.options.rounds):
            for name in rotated([*_SHAPES, _LOOP], turn):
                rates[name].append(ours(_SHAPES[name]) if name in _SHAPES else loop())
                came = receiver.seen()["count"]
                wrong += abs(came - many)
                lab.say(f"{NAME}: {engine}, round {turn + 1}, {name}: {rates[name][-1]:,.0f}/s")
    return [
        row for name in _SHAPES for row in _rows(f"{name}, {engine}", rates[name], rates, wrong)
    ]


def _rows(what: str, ours: list[float], rates: dict[str, list[float]], wrong: int) -> list[Row]:
    return [
        Row(
            workload=NAME,
            what=f"commit to logged, {what}",
            unit="/s",
            ours=median(ours),
            baseline=_LOOP,
            base=median(rates[_LOOP]),
            ratio=ratio(ours, rates[_LOOP]),
            target=_AIM,
            wrong=wrong,
        ),
        Row(
            workload=NAME,
            what=f"the same, {what}",
            unit="/s",
            ours=median(ours),
            target=_LEAST,
            wrong=wrong,
        ),
    ]


def _sent(core: Core) -> float:
    """Place and send all there is, as a worker does; give the seconds that took."""
    relay = Relay(core.works, (), core.metrics, core.batch_sinks())
    engine = core.deliveries(own_name())
    began = time.perf_counter()
    engine.start()
    while relay.step():
        engine.nudge()
    engine.finish()
    taken = time.perf_counter() - began
    engine.stop()
    return taken
