"""The loop calls what is ready and what is due."""

import os
import socket

import pytest

from geminicrm.runtime.supervisor.loop import Loop


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    os.close(ends[0])
    os.close(ends[1])


def test_what_is_readable_is_called(loop, pipe):
    read, write = pipe
    seen = []
    loop.on_readable(read, lambda: seen.append(os.read(read, 1)))
    loop.step(0.0)
    os.write(write, b"a")
    loop.step(1.0)
    assert seen == [b"a"]


def test_what_is_writable_is_called_in_place_of_reading(loop, pipe):
    _read, write = pipe
    seen = []
    loop.on_readable(write, lambda: seen.append("read"))
    loop.on_writable(write, lambda: seen.append("write"))
    loop.step(1.0)
    assert seen == ["write"]


def test_what_was_forgotten_in_the_same_step_is_not_called(loop):
    seen = []
    ends = [os.pipe() for _ in range(2)]

    def forget_all():
        seen.append("called")
        for read, _write in ends:
            loop.forget(read)

    for read, write in ends:
        loop.on_readable(read, forget_all)
        os.write(write, b"a")
    loop.step(1.0)
    loop.forget(ends[0][0])
    for read, write in ends:
        os.close(read)
        os.close(write)
    assert seen == ["called"]


def test_what_was_closed_in_the_same_step_is_not_called(loop):
    seen = []
    pairs = [socket.socketpair() for _ in range(2)]

    def close_all():
        seen.append("called")
        for ours, _theirs in pairs:
            loop.forget(ours)
            ours.close()

    for ours, theirs in pairs:
        loop.on_readable(ours, close_all)
        theirs.close()
    loop.step(1.0)
    assert seen == ["called"]


def test_timers_run_in_their_order_unless_cancelled(loop):
    seen = []
    loop.later(0.02, lambda: seen.append("second"))
    loop.later(0.01, lambda: seen.append("first"))
    loop.later(0.01, lambda: seen.append("never")).cancel()
    loop.later(0.03, loop.stop)
    loop.run()
    assert seen == ["first", "second"]
