"""Arrays in C order."""

from __future__ import annotations

import numpy as np
import pytest

from tfrt.kernels.numerics.copying import FEW, MANY, in_c_order


@pytest.mark.parametrize("colours", [1, 2, FEW, FEW + 1])
@pytest.mark.parametrize("rows", [1, MANY // 32])
def test_images_of_another_order(colours, rows):
    images = np.arange(2 * colours * rows * 32, dtype=np.float32).reshape(2, colours, rows, 32).transpose(0, 2, 3, 1)
    found = in_c_order(images)
    assert found.flags.c_contiguous and found.dtype == images.dtype and np.array_equal(found, images)


def test_what_is_in_order_is_the_same_array():
    for array in (np.zeros(()), np.zeros((0, 3)), np.zeros((MANY, 3))):
        assert in_c_order(array) is array


def test_steps_and_reversals():
    array = np.arange(MANY * 12).reshape(MANY * 2, 6)
    for view in (array[:, ::2], array[::-1, :3], array[:, 5:2:-1], np.broadcast_to(array[:, :1], (MANY * 2, 3))):
        assert np.array_equal(in_c_order(view), view) and in_c_order(view).flags.c_contiguous


def test_scalars_become_arrays():
    found = in_c_order(np.float32(2))  # type: ignore[arg-type]
    assert isinstance(found, np.ndarray) and found.shape == () and found == 2
