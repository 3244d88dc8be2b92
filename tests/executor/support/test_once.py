"""What is made once for each object."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tfrt.executor.support.once import once_per_object


@dataclass
class Thing:
    begun: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)
    made: int = 0

    @once_per_object
    def value(self) -> int:
        """What it is worth."""
        self.begun.set()
        assert self.may_end.wait(60)
        self.made += 1
        return 42


def test_objects_are_not_waited_for_while_another_ones_property_is_made():
    slow, quick = Thing(), Thing()
    quick.may_end.set()
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(lambda: slow.value)
        assert slow.begun.wait(60)
        assert quick.value == 42
        slow.may_end.set()
        assert found.result(60) == 42


def test_threads_that_ask_for_the_same_one_get_what_is_made_once():
    thing = Thing()
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(lambda: thing.value) for _ in range(4)]
        assert thing.begun.wait(60)
        thing.may_end.set()
        assert [each.result(60) for each in found] == [42] * 4
    assert thing.made == 1


def test_what_could_not_be_made_is_tried_again_and_what_is_forgotten_is_made_anew():
    class Failing:
        left = 1

        @once_per_object
        def value(self) -> object:
            """Something new."""
            if self.left:
                self.left -= 1
                raise ValueError("not now")
            return object()

    thing = Failing()
    with pytest.raises(ValueError, match="not now"):
        _ = thing.value
    first = thing.value
    assert thing.value is first
    Failing.value.forget(thing)
    assert thing.value is not first
    assert Failing.value.__doc__ == "Something new."
