"""So many things a second, each at its time whatever the one before took."""

import time
from collections.abc import Callable


def paced(rate: float, count: int, do: Callable[[int], object]) -> list[float]:
    """Do it `count` times at a `rate` a second; give the seconds that each took.

    One that is late is done at once, and the others keep their times: what is measured does not
    decide how often it is asked.
    """
    taken, began = [], time.perf_counter()
    for number in range(count):
        wait = began + number / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)  # the pace is what this is about
        start = time.perf_counter()
        do(number)
        taken.append(time.perf_counter() - start)
    return taken
