"""Workspaces: arrays that share no memory while they are used, and memory that is used again."""

from __future__ import annotations

import numpy as np
import pytest

from tfrt.kernels.numerics import workspaces
from tfrt.kernels.numerics.workspaces import Workspace

BYTES, DOUBLES = np.dtype(np.uint8), np.dtype(np.float64)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(workspaces, "_kept", [])


def test_arrays_share_no_memory():
    for _ in range(2):
        with Workspace() as outer, Workspace() as inner:
            arrays = [space.array(shape, DOUBLES) for space in (outer, inner) for shape in ((3, 5), (), (7,), (0, 2))]
            for number, array in enumerate(arrays):
                array.fill(number)
            assert all((array == number).all() for number, array in enumerate(arrays))
            assert [array.shape for array in arrays[:4]] == [(3, 5), (), (7,), (0, 2)]


def test_the_next_one_gets_the_same_memory():
    places = set()
    for _ in range(4):
        with Workspace() as space:
            places.add(space.array((100,), BYTES).ctypes.data)
    # The first one finds out how much is needed.
    assert len(places) <= 2
    with Workspace() as space:
        first = space.array((100,), BYTES)
        space.clear()
        assert np.shares_memory(first, space.array((100,), BYTES))
        assert first.ctypes.data % 64 == 0


def test_no_more_is_kept_than_is_said(monkeypatch):
    monkeypatch.setattr(workspaces, "MOST_KEPT", 1000)
    with Workspace() as space:
        assert space.array((5000,), BYTES).size == 5000
    ((memory, start),) = workspaces._kept
    assert 1000 <= memory.nbytes - start < 1100
    with Workspace() as space:
        assert space.array((5000,), BYTES).size == 5000
    assert workspaces._kept[0][0] is memory


def test_spares_are_found_as_they_were_left():
    spare = workspaces.Spare(lambda: [0], 100)
    first, second = spare.take(), spare.take()
    assert first is not second
    first.append(1)
    before = workspaces.idle()
    spare.give_back(first)
    assert spare.nbytes == workspaces.idle() - before == 100
    assert spare.take() is first
    spare.give_back(first)
    workspaces.let_go()
    assert spare.nbytes == 0
    assert spare.take() == [0]


def test_spares_are_the_same_for_those_with_the_same_key():
    first, second = (workspaces.spare(("a", 1), lambda: [0], 8) for _ in range(2))
    assert first is second
    assert workspaces.spare(("a", 2), lambda: [0], 8) is not first
    first.give_back([1])
    del first, second
    # Nobody has it any more.
    assert workspaces.spare(("a", 1), lambda: [0], 8).take() == [0]


def test_arrays_of_their_own_are_aligned():
    array = workspaces.aligned_array((3, 5), DOUBLES)
    assert array.shape == (3, 5)
    assert array.dtype == DOUBLES
    assert array.ctypes.data % 64 == 0
