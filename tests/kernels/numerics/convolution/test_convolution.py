"""Convolutions of no images at all, and as a plan has them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernels.numerics.as_written import as_written
from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.declarations.prepared import writing_of
from tfrt.kernels.numerics.chains.epilogues import epilogue
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.convolution.channels_last import conv2d, prepare
from tfrt.kernels.numerics.convolution.gradients import conv2d_filter_gradient
from tfrt.kernels.numerics.windows import Window, window

WINDOW = window(4, 3, padding="SAME")


def test_no_images_have_no_results_and_no_gradient():
    images, filters = np.zeros((0, 4, 4, 1), np.float32), np.ones((3, 3, 1, 2), np.float32)
    assert conv2d(images, filters, WINDOW, WINDOW).shape == (0, 4, 4, 2)
    gradient = conv2d_filter_gradient(np.zeros((0, 4, 4, 2), np.float32), images, WINDOW, WINDOW)
    assert np.array_equal(gradient, np.zeros((3, 3, 1, 2)))


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(("size", "stride", "channels"), [(3, 1, 9), (3, 2, 9), (3, 1, 1), (1, 2, 4)])
def test_as_statements(size, stride, channels, known):
    """With a scale, a residual and a bound of zero, whose steps may be known, or what they do."""
    random = np.random.default_rng(0)
    over = Window(size, stride, 1, size // 2, size // 2, 25)
    side, shape = (25 - 1) * stride + size - 2 * (size // 2), (1, 25, 25, 4)
    x, w = (
        random.standard_normal(s).astype(np.float32) for s in ((1, side, side, channels), (size, size, channels, 4))
    )
    others = [random.standard_normal(s).astype(np.float32) for s in ((4,), shape)] + [np.float32([0]).reshape(())]
    steps = (Step(np.multiply, (0, 1)), Step(np.multiply, (2, 2)), Step(np.add, (4, 5)), Step(np.maximum, (6, 3)))
    shapes = tuple(other.shape for other in others)
    after = RowEpilogue(epilogue(steps, shapes), shapes, steps if known else None)
    run = prepare(x.shape, w.shape, [over, over], x.dtype, None, after)
    scale, residual, zero = others
    expected = np.maximum(conv2d(x, w, over, over) * scale + residual * residual, zero)
    for out in (None, np.empty(shape, np.float32), np.empty((1, 25, 4, 25), np.float32).swapaxes(2, 3)):
        for found in (run(x, w, *others, out=out), as_written(writing_of(run), [x, w, *others], out)):
            assert out is None or found is out
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
