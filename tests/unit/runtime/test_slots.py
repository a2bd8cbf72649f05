import threading
from concurrent.futures import ThreadPoolExecutor

from geminicrm.runtime.slots import Slots
from tests.support.waiting import eventually


def test_an_installation_has_two_places():
    slots = Slots(10)
    first, second = (slots.enter("a", 0, nested=False) for _ in range(2))

    assert first is not None
    assert second is not None
    assert slots.enter("a", 0, nested=False) is None
    assert slots.enter("b", 0, nested=False) is not None
    slots.leave("a", first, nested=False)
    assert slots.enter("a", 0, nested=False) is not None
    assert slots.running("a") == 2


def test_all_installations_together_have_the_total():
    slots = Slots(2)
    entered = slots.enter("a", 0, nested=False)
    slots.enter("b", 0, nested=False)

    assert slots.enter("c", 0, nested=False) is None
    assert slots.enter("c", 0, nested=True) is not None, "its thread is counted already"
    assert entered is not None
    slots.leave("a", entered, nested=False)
    assert slots.enter("d", 0, nested=False) is not None


def test_who_finds_no_place_waits_for_calls_that_are_quick():
    slots = Slots(10, each=1)
    entered = slots.enter("a", 0, nested=False)
    assert entered is not None
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slots.enter, "a", 5.0, nested=False)
        threading.Timer(0.02, slots.leave, ("a", entered), {"nested": False}).start()

        assert waiting.result(5.0) is not None


def test_the_wait_ends_when_patience_does():
    slots = Slots(10, each=1)
    slots.enter("a", 0, nested=False)

    assert slots.enter("a", 0.01, nested=False) is None


def test_nobody_waits_behind_calls_that_are_stuck():
    now = [0.0]
    slots = Slots(1, each=1, monotonic=lambda: now[0])
    slots.enter("a", 0, nested=False)
    now[0] = 60.0

    assert slots.enter("a", 10.0, nested=False) is None, "its own call is stuck"
    assert slots.enter("b", 10.0, nested=False) is None, "the only thread is stuck"


def test_places_are_free_again_after_everybody_left():
    slots = Slots(4)

    def work(name: str) -> None:
        entered = slots.enter(name, 5.0, nested=False)
        assert entered is not None
        slots.leave(name, entered, nested=False)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, ["a", "b", "c"] * 50))

    eventually(lambda: slots.running("a") + slots.running("b") + slots.running("c") == 0)
    assert [slots.enter(name, 0, nested=False) is None for name in "aabb"] == [False] * 4
