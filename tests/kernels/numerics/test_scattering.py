"""What numpy's functions combine at indices."""

from __future__ import annotations

import numpy as np
import pytest

from tfrt.kernels.numerics import scattering
from tfrt.kernels.numerics.scattering import combine_at

FUNCTIONS = [np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.bitwise_or]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("rest", [(), (1,), (3,), (5, 4), (30,), (200,), (600,)])
@pytest.mark.parametrize("dims", [(20,), (5, 4)])
def test_as_numpy_has_it(function, rest, dims, monkeypatch):
    monkeypatch.setattr(scattering, "_LEAST_COMBINED", 1)
    random = np.random.default_rng(0)
    for count, dtype in (
        (0, np.int32),
        (30, np.int64),
        (700, np.uint8),
        (700, np.float32),
        (30, bool),
        (30, np.float16),
    ):
        if (np.dtype(dtype).kind == "f" and function is np.bitwise_or) or (dtype is bool and function is np.subtract):
            continue
        array = random.integers(0, 2 if dtype is bool else 5, (*dims, *rest)).astype(dtype)
        updates = random.integers(0, 2 if dtype is bool else 3, (count, *rest)).astype(dtype)
        # Negative ones count from the end.
        places = tuple(random.integers(-size, size, count).astype(np.int32) for size in dims)
        expected = array.copy()
        with np.errstate(all="ignore"):
            function.at(expected, places if len(dims) > 1 else places[0], updates)
            combine_at(function, array, places if len(dims) > 1 else places[0], updates)
        np.testing.assert_array_equal(array, expected)


def test_places_and_updates_that_repeat(monkeypatch):
    monkeypatch.setattr(scattering, "_LEAST_COMBINED", 1)
    array = np.zeros((3, 4, 2))
    combine_at(np.add, array, (np.array([[0], [2]]), np.array([1, 1, 3])), np.ones((2, 1, 1)))
    expected = np.zeros((3, 4, 2))
    np.add.at(expected, (np.array([[0], [2]]), np.array([1, 1, 3])), np.ones((2, 1, 1)))
    assert array.tolist() == expected.tolist()


def test_other_orders_and_no_elements():
    array = np.asfortranarray(np.zeros((3, 4)))
    combine_at(np.add, array, np.array([1, 1]), np.ones((2, 4)))
    assert array.tolist() == [[0] * 4, [2] * 4, [0] * 4]
    nothing = np.zeros((0, 4))
    combine_at(np.add, nothing, np.zeros(0, int), np.ones((0, 4)))
    whole = np.zeros((2, 2))
    combine_at(np.add, whole, (), np.ones((2, 2)))
    assert whole.tolist() == [[1, 1], [1, 1]]
