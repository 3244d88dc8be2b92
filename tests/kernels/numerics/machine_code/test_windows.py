"""Pooling as machine code gives what numpy does, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import is_available
from tfrt.kernels.numerics.machine_code import windows as native_windows
from tfrt.kernels.numerics.machine_code.windows import describe, with_native_windows
from tfrt.kernels.numerics.reductions.ufuncs import reduce_windows
from tfrt.kernels.numerics.reductions.windows import Window

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
SPECIAL = (0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 3e38, 0.1)
ONE = Window(1, 1, 1, 1, 0, 0)
NEUTRAL = {np.maximum: -np.inf, np.minimum: np.inf, np.add: 0.0, np.fmax: -np.inf}


@st.composite
def windows(draw: st.DrawFn, size: int, function: np.ufunc) -> Window:
    if draw(st.booleans()) or function is np.add:
        return Window(
            draw(st.integers(1, min(3, size // 2))), draw(st.integers(1, 3)), draw(st.integers(1, 2)), 1, 0, 0
        )
    # Every window has an element that is not padding.
    length = draw(st.integers(1, size))
    low, high = (draw(st.integers(-1, length - 1)) for _ in range(2))
    return Window(length, draw(st.integers(1, 2)), 1, 1, low, high)


@LLVM
@settings(max_examples=25)
@given(st.data())
def test_as_numpy(data):
    function = data.draw(st.sampled_from(list(NEUTRAL)))
    dtype = np.dtype(data.draw(st.sampled_from([np.float32, np.float64])))
    shape = (2, *data.draw(st.lists(st.integers(2, 6), min_size=1, max_size=2)), data.draw(st.sampled_from([4, 6, 19])))
    found = [ONE, *(data.draw(windows(size, function)) for size in shape[1:-1]), ONE]
    if describe(function, shape, found, dtype) is None:
        assert all(window == ONE for window in found) or 0 in native_windows._result(shape, found)
        return
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    x = random.choice(SPECIAL, shape).astype(dtype)
    init = np.array(data.draw(st.sampled_from([NEUTRAL[function], 1.0])), dtype)

    def run(x, init, out=None):
        with np.errstate(all="ignore"):
            return reduce_windows(function, x, init, found, out)

    expected = run(x, init)
    with HostContext("mstd:2", native=True) as host:
        native = with_native_windows(run, function, shape, found, dtype, host)
        assert native is not run
        out = np.empty(expected.shape, dtype)
        np.testing.assert_array_equal(native(np.asfortranarray(x), init), expected)
        assert native(x, init, out=out) is out
    np.testing.assert_array_equal(out, expected)


@LLVM
def test_on_several_threads(monkeypatch):
    monkeypatch.setattr(native_windows, "LEAST_ELEMENTS", 1)
    x = np.random.default_rng(0).standard_normal((3, 8, 8, 5)).astype(np.float32)
    pool, least = [ONE, Window(2, 2, 1, 1, 0, 0), Window(2, 2, 1, 1, 0, 0), ONE], np.array(-np.inf, np.float32)
    with HostContext("mstd:2", native=True) as host:
        found = with_native_windows(None, np.maximum, x.shape, pool, x.dtype, host)(x, least)
    np.testing.assert_array_equal(found, reduce_windows(np.maximum, x, least, pool))


@pytest.mark.parametrize(
    ("function", "shape", "pool", "dtype"),
    [
        (np.maximum, (2, 4, 4, 8), [ONE, ONE, ONE, ONE], np.float32),
        (np.maximum, (2, 4, 4, 3), [ONE, ONE, Window(2, 2, 1, 1, 0, 0), ONE], np.float32),
        (np.maximum, (2, 4, 4, 8), [Window(2, 2, 1, 1, 0, 0), ONE, Window(2, 2, 1, 1, 0, 0), ONE], np.float32),
        (np.maximum, (2, 4, 4, 8), [ONE, Window(2, 2, 1, 1, 0, 0), ONE, ONE], np.int32),
        (np.multiply, (2, 4, 4, 8), [ONE, Window(2, 2, 1, 1, 0, 0), ONE, ONE], np.float32),
        (np.add, (2, 4, 4, 8), [ONE, Window(2, 2, 1, 1, 1, 0), ONE, ONE], np.float32),
        (np.maximum, (2, 4, 4, 8), [ONE, Window(2, 2, 1, 1, 2, 0), ONE, ONE], np.float32),
        (np.maximum, (2, 4, 4, 8), [ONE, Window(2, 1, 2, 1, 1, 0), ONE, ONE], np.float32),
        (np.maximum, (2, 40, 4, 8), [ONE, Window(33, 1, 1, 1, 0, 0), ONE, ONE], np.float32),
    ],
)
def test_what_there_is_no_machine_code_for(function, shape, pool, dtype):
    assert describe(function, shape, pool, np.dtype(dtype)) is None
