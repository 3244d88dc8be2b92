"""Winograd's way gives what products of patches give, but for rounding, also with infinities and NaN."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrt.kernels.numerics.convolution import blocks, winograd
from tfrt.kernels.numerics.convolution.channels_last import prepare
from tfrt.kernels.numerics.windows import Window

SPECIAL = (np.inf, -np.inf, np.nan, 3e38)


@pytest.fixture
def taken(monkeypatch):
    """How often it was done so, and whether that was an answer."""
    answers = []
    convolve = winograd.convolve_tiles

    def note(*given):
        answers.append(convolve(*given))
        return answers[-1]

    monkeypatch.setattr(winograd, "LEAST_CHANNELS", 2)
    monkeypatch.setattr(winograd, "LEAST_PIXELS", 1)
    monkeypatch.setattr(winograd, "convolve_tiles", note)
    return answers


def frozen(array: np.ndarray) -> np.ndarray:
    return np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)


@settings(max_examples=40)
@given(st.data())
def test_as_products(data):
    found, sizes = [], []
    for _ in range(2):
        count = data.draw(st.integers(1, 9))
        before, after = (data.draw(st.integers(0, 1)) for _ in range(2))
        found.append(Window(3, 1, 1, before, after, count))
        sizes.append(count + 2 - before - after)
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    x = random.standard_normal((data.draw(st.integers(1, 3)), *sizes, 3)).astype(dtype)
    w = frozen(random.standard_normal((3, 3, 3, 2)).astype(dtype))
    if x.size and data.draw(st.booleans()):
        x.flat[random.integers(0, x.size)] = random.choice(SPECIAL)
    before = winograd.LEAST_CHANNELS, winograd.LEAST_PIXELS, blocks.BLOCK_BYTES
    expected = prepare(x.shape, w.shape, found, x.dtype)(x, w)
    winograd.LEAST_CHANNELS, winograd.LEAST_PIXELS, blocks.BLOCK_BYTES = (
        2,
        1,
        data.draw(st.sampled_from([64, 1 << 19])),
    )
    try:
        result = prepare(x.shape, w.shape, found, x.dtype)(x, w)
    finally:
        winograd.LEAST_CHANNELS, winograd.LEAST_PIXELS, blocks.BLOCK_BYTES = before
    tolerance = 1e-4 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


def test_only_for_filters_that_never_change(taken):
    x, w = np.ones((1, 4, 4, 2), np.float32), np.ones((3, 3, 2, 2), np.float32)
    run = prepare(x.shape, w.shape, [Window(3, 1, 1, 1, 1, 4)] * 2, x.dtype)
    for filters, answers in ((w, []), (frozen(w), [True])):
        assert run(x, filters)[0, 1, 1].tolist() == [18, 18]
        assert taken == answers


def test_what_is_not_finite_is_no_answer(taken):
    x, w = np.zeros((1, 4, 4, 2), np.float32), frozen(np.ones((3, 3, 2, 2), np.float32))
    x[0, 0, 0, 0] = np.inf
    found = prepare(x.shape, w.shape, [Window(3, 1, 1, 0, 0, 2)] * 2, x.dtype)(x, w)
    assert taken == [False]
    assert found[..., 0].tolist() == [[[np.inf, 0], [0, 0]]]


@pytest.mark.parametrize(
    ("filters", "window", "dtype"),
    [
        ((3, 3, 64, 128), Window(3, 1, 1, 1, 1, 4), np.float32),
        ((3, 3, 128, 128), Window(3, 2, 1, 1, 1, 4), np.float32),
        ((3, 3, 128, 128), Window(3, 1, 2, 1, 1, 4), np.float32),
        ((5, 5, 128, 128), Window(5, 1, 1, 1, 1, 4), np.float32),
        ((3, 3, 128, 128), Window(3, 1, 1, 1, 1, 4), np.int32),
        ((3, 128, 128), Window(3, 1, 1, 1, 1, 4), np.float32),
        ((3, 3, 128, 128), Window(3, 1, 1, 1, 1, 2), np.float32),
    ],
)
def test_what_is_not_worth_it(filters, window, dtype):
    assert not winograd.is_worthwhile(filters, [window] * (len(filters) - 2), 10, np.dtype(dtype))
    assert winograd.is_worthwhile((3, 3, 128, 128), [Window(3, 1, 1, 1, 1, 4)] * 2, 10, np.dtype(np.float32))
