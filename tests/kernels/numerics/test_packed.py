"""What is made of an operand is kept where nobody can change that."""

from __future__ import annotations

import mmap

import numpy as np
import pytest

from tfrt.executor.values.dtype import DType
from tfrt.executor.values.weights import Weights
from tfrt.kernels.numerics import packed as packed_module
from tfrt.kernels.numerics.packed import is_constant, packed_if_changed, packed_once

ARRAY = np.arange(4.0)


def frozen(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (ARRAY, False),
        (frozen(ARRAY), False),
        (np.frombuffer(ARRAY.tobytes()), True),
        (np.frombuffer(ARRAY.tobytes())[::2].reshape(2, 1), True),
        (np.frombuffer(memoryview(bytearray(32))), False),
        (np.frombuffer(memoryview(bytearray(32)).toreadonly()), True),
        (np.frombuffer(mmap.mmap(-1, 32, access=mmap.ACCESS_READ)), True),
        (Weights({"w": ARRAY}).get("w", DType.F64, (4,)), True),
        (Weights({"w": np.ones((2, 2), DType.BF16.numpy)}).get("w", DType.BF16, (2, 2)), True),
    ],
)
def test_constants(array, expected):
    assert is_constant(array) == expected


def test_a_constant_is_packed_once():
    seen = []

    def pack(array):
        seen.append(array)
        return array * 2

    packed = packed_once(pack)
    constant = np.frombuffer(ARRAY.tobytes())
    for array in (constant, constant, ARRAY, ARRAY, constant, constant[:]):
        assert packed(array).tolist() == [0, 2, 4, 6]
    assert [each is constant for each in seen] == [True, False, False, False]
    assert is_constant(packed(constant)) and not is_constant(packed(ARRAY))


def test_what_has_not_changed_is_packed_once(monkeypatch):
    monkeypatch.setattr(packed_module, "LEAST_COMPARED", 32)
    seen = []

    def pack(array):
        seen.append(array.copy())
        return array.T * 2

    packed = packed_if_changed(pack)
    array = np.arange(6.0).reshape(2, 3)
    view = frozen(array)
    for _ in range(2):
        assert packed(view).tolist() == [[0, 6], [2, 8], [4, 10]]
        assert packed(array.copy()).tolist() == [[0, 6], [2, 8], [4, 10]]
    assert len(seen) == 1
    # A small one, one that is not in order, and a constant.
    for other in (array[:1], array[:, ::-1], np.frombuffer(array.tobytes())):
        for _ in range(2):
            assert np.array_equal(packed(other), other.T * 2)
    assert len(seen) == 6
    for number in range(6):
        array[0, 0] = number + 1
        for _ in range(2):
            assert packed(view)[0, 0] == 2 * number + 2
    # After some changes it is not compared any more.
    assert len(seen) == 6 + 3 + 3 * 2
