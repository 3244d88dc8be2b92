"""Things that are known as long as they exist."""

from __future__ import annotations

import gc
import weakref
from types import BuiltinMethodType

from tfrt.executor.support.living import Living


class Thing:
    """Anything."""


def test_what_exists_is_known_in_order():
    known: Living[Thing] = Living()
    things = [Thing() for _ in range(5)]
    for thing in things:
        known.add(thing)
    assert list(known) == things
    del things[1:4], thing
    gc.collect()
    assert list(known) == things


def test_what_is_gone_takes_no_memory():
    known: Living[Thing] = Living()
    for _ in range(100):
        known.add(Thing())
    gc.collect()
    assert list(known) == []
    assert (known._references, len(known._gone)) == ({}, 0)


def test_no_code_of_pythons_own_runs_where_one_is_collected():
    """Else a signal's handler might run there, and what it raises would be lost."""
    known: Living[Thing] = Living()
    thing = Thing()
    known.add(thing)
    (reference,) = weakref.getweakrefs(thing)
    assert isinstance(reference.__callback__, BuiltinMethodType)
