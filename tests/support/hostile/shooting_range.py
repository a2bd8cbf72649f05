"""A process that locks up a child for each attack, and tells what came of it.

It is executed fresh, isolated, with nothing but the standard library and the locks. Orders come as
one line of JSON on its input, one line of JSON answers each.
"""

import gc
import json
import os
import select
import signal
import sys
import time
from typing import Any

from geminicrm.runtime.host.sandbox.lock import LockFailed, Locks, lock_up
from geminicrm.runtime.host.sandbox.proof import ProofFailed, prove
from tests.support.hostile_extension.attacks.system import ATTACKS
from tests.support.hostile_extension.attacks.tools import attempt

_STEP_SECONDS = 0.005
_LONGEST_ANSWER = 100_000


def main() -> None:
    """Answer orders until there are none."""
    gc.freeze()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_serve(json.loads(line))) + "\n")
        sys.stdout.flush()


def _serve(order: dict[str, Any]) -> dict[str, Any]:
    mine, its = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(mine)
        _be_attacked_from(order, its)
    os.close(its)
    try:
        return _outcome(child, mine, order["seconds"])
    finally:
        os.close(mine)


def _be_attacked_from(order: dict[str, Any], answers: int) -> None:
    """Lock this process up, attack, answer, end; in the child."""
    outcome: dict[str, Any]
    try:
        level = _lock(order)
        outcome = {**attempt(ATTACKS[order["attack"]], order["target"]), "level": level}
    except (LockFailed, ProofFailed) as error:
        outcome = {"locks_failed": str(error)}
    os.write(answers, json.dumps(outcome).encode()[:_LONGEST_ANSWER])
    os._exit(0)


def _lock(order: dict[str, Any]) -> dict[str, str]:
    if order["locks"] is None:
        return {}
    without = frozenset(order["locks"]["without"])
    given = {**order["locks"], "without": without, "reads": tuple(order["locks"]["reads"])}
    level = lock_up(Locks(**given, parent=os.getppid()))
    prove(order["target"]["canary"], without)
    return level


def _outcome(child: int, answers: int, seconds: float) -> dict[str, Any]:
    status = _ended(child, time.monotonic() + seconds)
    said = _said(answers)
    if said:
        outcome: dict[str, Any] = json.loads(said)
        return outcome
    if status is None:
        return {"overran": seconds}
    code = os.waitstatus_to_exitcode(status)
    return {"killed": signal.Signals(-code).name} if code < 0 else {"ended": code}


def _said(answers: int) -> bytes:
    # What it made and left behind may still hold the other end: there is no waiting for its end.
    return os.read(answers, _LONGEST_ANSWER) if select.select([answers], [], [], 0)[0] else b""


def _ended(child: int, deadline: float) -> int | None:
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
        if done and not os.WIFSTOPPED(status):
            return status
        time.sleep(_STEP_SECONDS)  # the pause of a poll with a deadline
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None
