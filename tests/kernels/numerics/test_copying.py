"""Arrays in C order."""

from __future__ import annotations

from math import prod

import ml_dtypes
import numpy as np
import pytest

from tfrt.kernels.numerics.copying import FEW, MANY, copied, in_c_order, reshaped


def _numbered(shape, dtype):
    return np.arange(prod(shape), dtype=np.uint32).astype(dtype).reshape(shape)


def _require_copy(found, view):
    assert found.flags.c_contiguous and found.flags.owndata and found.flags.writeable
    assert found.dtype == view.dtype and found.shape == view.shape and np.array_equal(found, view)


@pytest.mark.parametrize("colours", [1, 2, FEW, FEW + 1])
@pytest.mark.parametrize("rows", [1, MANY // 32])
def test_images_of_another_order(colours, rows):
    images = np.arange(2 * colours * rows * 32, dtype=np.float32).reshape(2, colours, rows, 32).transpose(0, 2, 3, 1)
    found = in_c_order(images)
    assert found is images if images.flags.c_contiguous else found.flags.owndata
    _require_copy(copied(images), images)


def test_what_is_in_order_is_the_same_array():
    for array in (np.zeros(()), np.zeros((0, 3)), np.zeros((MANY, 3))):
        assert in_c_order(array) is array
        _require_copy(copied(array), array)


def test_steps_and_reversals():
    array = np.arange(MANY * 12).reshape(MANY * 2, 6)
    for view in (array[:, ::2], array[::-1, :3], array[:, 5:2:-1], np.broadcast_to(array[:, :1], (MANY * 2, 3))):
        _require_copy(in_c_order(view), view)


def test_scalars_become_arrays():
    found = in_c_order(np.float32(2))  # type: ignore[arg-type]
    assert isinstance(found, np.ndarray) and found.shape == () and found == 2


@pytest.mark.parametrize("dtype", [np.uint8, ml_dtypes.bfloat16, np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("shape", [(256, 512), (300, 257), (1030, 700), (16, 4100), (4100, 16), (70, 2100)])
def test_rows_and_columns_change_places(shape, dtype):
    array = _numbered(shape, dtype)
    for view in (array.T, array[::-1, ::-1].T, array[1:, 2:].T, array[::2, ::3].T):
        _require_copy(copied(view), view)


@pytest.mark.parametrize("seed", range(60))
def test_any_order_of_dimensions(seed):
    rng = np.random.default_rng(seed)
    rank = int(rng.integers(2, 6))
    sizes = [1, 2, 3, 4, 7, 16, 33, 64, 129]
    shape: tuple[int, ...] = tuple(rng.choice(sizes, rank).tolist())
    while prod(shape) > 1 << 18:
        shape = tuple(max(1, size // 2) for size in shape)
    array = _numbered(shape, [np.uint8, np.int16, np.float32, np.float64][seed % 4])
    view = array.transpose(rng.permutation(rank))
    view = view[tuple(slice(None, None, int(rng.choice([1, 1, 1, 2, -1]))) for _ in range(rank))]
    if seed % 3 == 0:
        view = np.broadcast_to(view[..., np.newaxis, :], (*view.shape[:-1], int(rng.integers(1, 4)), view.shape[-1]))
    if seed % 5 == 0:
        view = np.broadcast_to(view[..., np.newaxis], (*view.shape, int(rng.integers(1, 9))))
    _require_copy(copied(view), view)
    for other in ((view.size,), (1, *view.shape), (*view.shape[:-2], view.shape[-2] * view.shape[-1])):
        found = reshaped(view, other)
        assert found.shape == other and np.array_equal(found, view.reshape(other))
        assert np.may_share_memory(found, view) == np.may_share_memory(view.reshape(other), view)


def test_repeated_elements_in_another_shape_are_memory_of_their_own():
    array = _numbered((200, 300), np.float32)
    _require_copy(reshaped(np.broadcast_to(array[:, :, np.newaxis], (200, 300, 2)), (200, 600)), np.repeat(array, 2, 1))


@pytest.mark.parametrize("dtype", [np.uint8, ml_dtypes.bfloat16, np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("last", [2, 3, 4, 8, 16])
def test_a_few_elements_that_lie_together(last, dtype):
    array = _numbered((90, 120, last), dtype)
    for view in (array.transpose(1, 0, 2), array[:, ::2], array[::-1, 1:]):
        _require_copy(copied(view), view)
    memory = np.zeros(array.nbytes + 1, np.uint8)[1:]
    apart = memory.view(dtype).reshape(array.shape)
    apart[...] = array
    _require_copy(copied(apart.transpose(1, 0, 2)), array.transpose(1, 0, 2))


def test_bits_of_nan_stay():
    bits = _numbered((400, 400), np.uint32) + np.uint32(0x7F800001)
    assert np.array_equal(copied(bits.view(np.float32).T).view(np.uint32), bits.T)
    quads = bits.reshape(200, 200, 4).transpose(1, 0, 2)
    assert np.array_equal(copied(quads.view(np.float32)).view(np.uint32), quads)
