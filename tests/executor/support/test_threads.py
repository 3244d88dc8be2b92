"""Sleep that no signal is lost in, on the thread that handles signals."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from tfrt.executor.support.threads import join, take


class Alarm(BaseException):
    """What the signal's handler raises."""


def until_rung(bell: SimpleQueue[Any]) -> Callable[[], None]:
    def sleep() -> None:
        take(bell)

    return sleep


def until_it_ends(bell: SimpleQueue[Any]) -> Callable[[], None]:
    thread = threading.Thread(target=bell.get, daemon=True)
    thread.start()

    def sleep() -> None:
        join(thread)

    return sleep


@pytest.mark.parametrize("sleeper", [until_rung, until_it_ends])
def test_a_signal_is_heard_however_close_to_falling_asleep_it_comes(sleeper):
    """Of a hundred signals that come some microseconds after the sleeper's last look, a few get lost in plain sleep."""
    draw = random.Random(7).uniform
    armed: list[bool] = []

    def handler(*_: object) -> None:
        if armed:
            armed.clear()
            raise Alarm

    before = signal.signal(signal.SIGALRM, handler)
    try:
        assert [_how_it_ends(sleeper, armed, draw(1e-6, 6e-5)) for _ in range(100)] == ["heard"] * 100
    finally:
        signal.signal(signal.SIGALRM, before)


def _how_it_ends(sleeper: Callable[[SimpleQueue[Any]], Callable[[], None]], armed: list[bool], delay: float) -> str:
    bell: SimpleQueue[Any] = SimpleQueue()
    sleep = sleeper(bell)
    # Long enough for any machine; without it a lost signal would never be noticed.
    waker = threading.Timer(30, bell.put, [None])
    waker.daemon = True
    waker.start()
    try:
        armed.append(True)
        signal.setitimer(signal.ITIMER_REAL, delay)
        sleep()
    except Alarm:
        # A signal that was lost is handled, too, once the sleeper is awake.
        return "heard" if waker.is_alive() else "too late"
    finally:
        waker.cancel()
        bell.put(None)
    return "not at all"


def test_take_returns_what_was_put_on_any_thread():
    bell: SimpleQueue[int] = SimpleQueue()
    taken: list[int] = []
    thread = threading.Thread(target=lambda: taken.append(take(bell)))
    thread.start()
    bell.put(1)
    join(thread)
    bell.put(2)
    assert [*taken, take(bell)] == [1, 2]


@pytest.mark.parametrize("timeout", [0, 0.01, 0.15])
def test_who_takes_waits_no_longer_than_wanted(timeout):
    bell = SimpleQueue()
    with pytest.raises(Empty):
        take(bell, timeout)
    bell.put(1)
    assert take(bell, timeout) == 1
    found = []

    def elsewhere():
        try:
            take(bell, timeout)
        except Empty as error:
            found.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(found) == 1
