"""Extremes of windows, dimension by dimension, are those of all elements of each window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrt.kernels.numerics.reductions.ufuncs import reduce_windows
from tfrt.kernels.numerics.reductions.window_extremes import window_extremes
from tfrt.kernels.numerics.reductions.windows import Window

SPECIAL = (0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 3e38)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    size, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    borders = [draw(st.integers(-1, 2)) for _ in range(2)]
    return Window(size, draw(st.integers(1, 3)), dilation, draw(st.integers(1, 2)), *borders)


def refuse(*_: object) -> np.ndarray:
    raise AssertionError("done by another way")


@given(
    st.lists(windows(), min_size=1, max_size=3),
    st.sampled_from([np.float32, np.float64, np.int8, np.uint16]),
    st.sampled_from([np.maximum, np.minimum]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_as_all_at_once(found, kind, function, into, seed):
    random, dtype = np.random.default_rng(seed), np.dtype(kind)
    shape = tuple(random.integers(1, 8, len(found)))
    neutral = (np.inf if dtype.kind == "f" else np.iinfo(dtype).max) if function is np.minimum else (
        -np.inf if dtype.kind == "f" else np.iinfo(dtype).min
    )  # fmt: skip
    x = (random.choice(SPECIAL, shape) if dtype.kind == "f" else random.integers(0, 100, shape)).astype(dtype)
    for init in (np.array(neutral, dtype), np.array(7, dtype)):
        expected = reduce_windows(function, x, init, found)
        out = np.empty(expected.shape, dtype) if into else None
        run = window_extremes(function, shape, found, dtype, lambda *given: reduce_windows(function, *given[:2], found))
        result = run(x, init, out)
        assert np.array_equal(result, expected, equal_nan=dtype.kind == "f")
        assert not np.shares_memory(result, x)


def test_pooling_is_done_so():
    images = np.random.default_rng(0).standard_normal((2, 5, 6, 3)).astype(np.float32)
    pool = [Window(1, 1, 1, 1, 0, 0), Window(2, 2, 1, 1, 0, 1), Window(3, 2, 1, 1, 1, 1), Window(1, 1, 1, 1, 0, 0)]
    run = window_extremes(np.maximum, images.shape, pool, images.dtype, refuse)
    least, out = np.array(-np.inf, np.float32), np.empty((2, 3, 3, 3), np.float32)
    assert run(images, least, out) is out
    assert np.array_equal(out, reduce_windows(np.maximum, images, least, pool))


@pytest.mark.parametrize("function, dtype", [(np.add, np.float32), (np.maximum, np.float16), (np.maximum, np.bool_)])
def test_all_else_is_done_otherwise(function, dtype):
    window = Window(2, 2, 1, 1, 0, 0)
    given_up = window_extremes(function, (4,), [window], np.dtype(dtype), refuse) is refuse
    assert given_up == (dtype is not np.float16)
