"""Arrays that are one line repeated."""

from __future__ import annotations

import numpy as np
import pytest

from tfrt.kernels.numerics.lines import line_along
from tfrt.kernels.numerics.packed import constant


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_what_is_broadcast_has_a_line(axis):
    line = constant(np.arange(3, 8))
    shape = [2, 3, 4]
    shape[axis] = 5
    array = np.moveaxis(np.broadcast_to(line, [size for i, size in enumerate(shape) if i != axis] + [5]), -1, axis)
    for rising in (False, True):
        along = line_along(axis, rising=rising)
        assert along(array).tolist() == along(array).tolist() == line.tolist()
        assert along(array.copy()) is None
        assert along(np.zeros((0, 0, 0))) is None


def test_lines_that_do_not_rise():
    numbers = np.array([1, 3, 3])
    assert line_along(0)(numbers) is not None
    assert line_along(0, rising=True)(numbers) is None


def test_arrays_that_change_are_looked_at_again():
    numbers, along = np.array([1, 2, 3]), line_along(0, rising=True)
    assert along(numbers) is not None
    numbers[2] = 0
    assert along(numbers) is None
    assert along(constant(numbers)) is None
    numbers[2] = 5
    assert along(constant(numbers)).tolist() == [1, 2, 5]
