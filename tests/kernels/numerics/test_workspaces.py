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
    (memory,) = workspaces._kept
    assert memory.size == 1000
    with Workspace() as space:
        assert space.array((5000,), BYTES).size == 5000
    assert workspaces._kept[0] is memory


def laying(made):
    """A layout of an array that is borrowed and zeros that stay, which tells what has been laid out."""

    def make(room):
        made.append((room.array((3, 4), DOUBLES), room.zeros((5,), DOUBLES)))
        return made[-1]

    return make


def lying(layout):
    """Borrowed memory, and what lies there."""
    memory = workspaces.borrow(layout.size)
    return memory, layout.made.get(memory) or layout.lay(memory)


def test_what_is_laid_out_is_found_as_it_has_been_left():
    made = []
    layout = workspaces.Laid(laying(made))
    # At first it only finds out how much that is.
    assert layout.size == 128 and not layout.made
    made.clear()
    (first, (array, zeros)), (second, others) = lying(layout), lying(layout)
    assert first is not second
    assert not np.shares_memory(array, others[0]) and not np.shares_memory(zeros, others[1])
    assert (array.shape, array.ctypes.data % 64, zeros.tolist()) == ((3, 4), 0, [0] * 5)
    zeros[2] = 7
    workspaces.give_back(second)
    workspaces.give_back(first)
    memory, (again, kept) = lying(layout)
    assert memory is first and again is array and kept.tolist() == [0, 0, 7, 0, 0]
    assert len(made) == 2


def test_layouts_share_memory():
    small, large = workspaces.Laid(laying([])), workspaces.Laid(lambda room: (room.array((100,), DOUBLES),))
    memory, _ = lying(small)
    workspaces.give_back(memory)
    larger, (other,) = lying(large)
    # What is too small is nobody's any more.
    assert larger is not memory and not workspaces._kept and memory not in small.made
    workspaces.give_back(larger)
    memory, (array, _) = lying(small)
    assert memory is larger
    assert np.shares_memory(array, other)
    workspaces.give_back(memory)
    with Workspace() as space:
        assert np.shares_memory(space.array((1,), DOUBLES), other)
        assert space.array((1000,), DOUBLES).size == 1000
    # The workspace has become larger in turn.
    memory, (array, _) = lying(small)
    assert memory is not larger and not np.shares_memory(array, other)


def test_zeros_in_a_workspace():
    for value in (1, 0):
        with Workspace() as space:
            array = space.zeros((3, 2), DOUBLES)
            assert not array.any()
            array.fill(value)


def test_what_is_laid_out_is_counted_and_let_go():
    layout = workspaces.Laid(laying([]))
    before = workspaces.idle()
    memory, (_, zeros) = lying(layout)
    assert layout.nbytes == workspaces.idle() - before == zeros.nbytes
    workspaces.give_back(memory)
    assert workspaces.kept() == memory.held.nbytes
    workspaces.let_go()
    assert (layout.nbytes, workspaces.kept()) == (0, 0)
    assert lying(layout)[1][1] is not zeros


def test_layouts_are_the_same_for_those_with_the_same_key():
    first, second = (workspaces.laid(("a", 1), laying([])) for _ in range(2))
    assert first is second
    assert workspaces.laid(("a", 2), laying([])) is not first
    known = lying(first)[1]
    del first, second
    # Nobody has it any more.
    assert lying(workspaces.laid(("a", 1), laying([])))[1] is not known


def test_arrays_begin_at_a_line():
    whole = workspaces.aligned_array((9, 16), np.dtype(np.float32))
    assert workspaces.in_line(whole) is whole and workspaces.in_line(whole[1:]).base is not None
    for moved in (whole.reshape(-1)[1:17], whole.T):
        whole[...] = np.arange(144).reshape(9, 16)
        lying = workspaces.in_line(moved)
        assert lying.ctypes.data % 64 == 0 and lying.flags.c_contiguous and not np.shares_memory(lying, whole)
        np.testing.assert_array_equal(lying, moved)


def test_arrays_of_their_own_are_aligned():
    array = workspaces.aligned_array((3, 5), DOUBLES)
    assert array.shape == (3, 5)
    assert array.dtype == DOUBLES
    assert array.ctypes.data % 64 == 0
