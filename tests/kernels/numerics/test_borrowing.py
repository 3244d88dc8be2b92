"""Functions of statements find what lies in borrowed memory, or lay it out in each call."""

from __future__ import annotations

import numpy as np
import pytest

from tfrt.kernels.numerics import workspaces
from tfrt.kernels.numerics.borrowing import Part, function_of

DOUBLES = np.dtype(np.float64)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(workspaces, "_kept", [])


def doubling(made):
    def make(room):
        made.append(room)
        return room.array((2,), DOUBLES), room.zeros((3,), DOUBLES)

    lines = ["add(x, x, twice)", "assert not inside[:2].any()", "copyto(inside[2:], x[:1])"]
    return Part(lines, {"add": np.add, "copyto": np.copyto}, ("twice", "inside"), make, "doubling")


@pytest.mark.parametrize("stays", [False, True])
def test_parts_are_done_one_after_the_other(stays):
    made = []
    parts = [
        doubling(made),
        Part(["y += twice"]),
        Part(["three.fill(3)", "y *= three"], places=["three"], make=lambda room: [room.array((2,), DOUBLES)], key=3),
    ]
    run = function_of(["x", "y"], parts, stays=stays)
    made.clear()
    for number in range(3):
        y = np.full(2, 1.0)
        run(np.array([number, 1.0]), y)
        assert y.tolist() == [3 * (1 + 2 * number), 9]
    assert len(made) == (1 if stays else 3)
    # Each part lies where the others do.
    assert [memory.size for memory in workspaces._kept] == [64 if stays else 64 * 3]


def test_memory_is_given_back_whatever_happens():
    run = function_of(["x"], [doubling([]), Part(["x.fails"])])
    for _ in range(2):
        with pytest.raises(AttributeError, match="fails"):
            run(np.ones(2))
        assert len(workspaces._kept) == 1


def test_without_places_nothing_is_borrowed():
    assert function_of(["x", "y"], [Part(["y.append(x)"]), Part(["y.append(z)"], {"z": 5})])(3, y := []) is None
    assert y == [3, 5] and not workspaces._kept
