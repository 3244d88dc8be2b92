"""Threads that share work go where none of them is, and are not kept there."""

import os
import threading

import pytest

from tfrt.executor.support import processors
from tfrt.executor.support.processors import Places

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="threads are where the system puts them")


@pytest.fixture
def system(monkeypatch):
    """One with four processors of which this process may use three: it puts each thread on the first allowed."""

    class System:
        allowed, here, asked = {0, 1, 3}, 0, []

        def set(self, _, allowed):
            self.asked.append(set(allowed))
            if self.here not in allowed:
                self.here = min(allowed)

    system = System()
    system.asked = []
    monkeypatch.setattr(processors, "_here", lambda: lambda: system.here)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(system.allowed))
    monkeypatch.setattr(os, "sched_setaffinity", system.set)
    monkeypatch.setattr(processors, "_STAYS", 0.0)
    return system


def elsewhere(do):
    """Do something on another thread."""
    thread = threading.Thread(target=do)
    thread.start()
    thread.join()


def test_one_that_is_alone_stays(system):
    places = Places()
    places.settle()
    places.settle()
    assert system.asked == []


def test_one_that_is_where_another_one_is_goes_elsewhere(system):
    places = Places()
    elsewhere(places.settle)
    places.settle()
    assert system.here == 1
    # From there the system may move it as before.
    assert system.asked == [{1, 3}, {0, 1, 3}]
    places.settle()
    assert len(system.asked) == 2


def test_one_that_has_left_is_nowhere(system):
    places = Places()
    elsewhere(lambda: (places.settle(), places.leave()))
    places.settle()
    assert system.asked == []
    # Nor is one that has never been there.
    elsewhere(places.leave)


def test_all_stay_where_no_processor_is_free(system):
    system.allowed = {0}
    places = Places()
    elsewhere(places.settle)
    places.settle()
    assert system.asked == []


def test_threads_are_left_where_they_are_for_a_while(system, monkeypatch):
    monkeypatch.setattr(processors, "_STAYS", 1e9)
    places = Places()
    places._moved = processors.perf_counter()
    elsewhere(places.settle)
    places.settle()
    assert system.asked == []


def test_a_system_that_lets_nobody_move(system, monkeypatch):
    def refuse(_, allowed):
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    places = Places()
    elsewhere(places.settle)
    places.settle()
    assert system.here == 0


def test_this_system_says_where_threads_are():
    here = processors._here()
    assert here() in os.sched_getaffinity(0) or here() == threading.get_ident()


def test_a_system_that_does_not_say_it(monkeypatch):
    monkeypatch.delattr(os, "sched_setaffinity")
    assert processors._here.__wrapped__()() == threading.get_ident()
