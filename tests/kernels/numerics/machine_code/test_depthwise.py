"""Depthwise convolutions as machine code give what sums of numpy's arrays give."""

from __future__ import annotations

import numpy as np
import pytest

from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.declarations.pools import Pool
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import is_available
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.chains.epilogues import epilogue
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code import convolution, depthwise_code
from tfrt.kernels.numerics.machine_code.convolution import describe, is_worth_pooling, make_native
from tfrt.kernels.numerics.windows import Window

pytestmark = pytest.mark.skipif(not is_available(), reason="needs llvmlite")


def expected_of(x, w, rows, columns):
    """In double precision, one element of the filters after the other."""
    around = [(0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0)]
    wide = np.pad(x.astype(np.float64), around)
    found = np.zeros((x.shape[0], rows.count, columns.count, x.shape[-1]))
    for row, column in np.ndindex(rows.size, columns.size):
        found += wide[:, rows.taps(row), columns.taps(column)] * w[row, column, 0]
    return found


def window(size, stride, dilation, before, after, extent):
    seen = (size - 1) * dilation + 1
    return Window(size, stride, dilation, before, after, (extent + before + after - seen) // stride + 1)


@pytest.mark.parametrize("is_far", [False, True])
@pytest.mark.parametrize(
    ("size", "stride", "dilation", "around", "extent", "channels"),
    [
        (3, 1, 1, (1, 1), (14, 13), 33),
        (3, 2, 1, (0, 1), (12, 15), 100),
        (3, 2, 1, (1, 1), (9, 30), 16),
        (5, 1, 1, (2, 2), (7, 7), 48),
        (5, 2, 1, (2, 1), (11, 10), 5),
        (3, 1, 2, (2, 2), (8, 9), 40),
        (3, 1, 3, (3, 2), (4, 5), 17),
        (1, 1, 1, (0, 0), (3, 40), 20),
        (2, 3, 1, (0, 0), (9, 20), 64),
        (3, 1, 1, (2, 2), (1, 1), 12),
    ],
)
def test_windows(monkeypatch, size, stride, dilation, around, extent, channels, is_far):
    """Filters and images that reach beyond one another, of channels that are no whole vectors."""
    if is_far:
        monkeypatch.setattr(depthwise_code, "FAR_BYTES", 0)
        depthwise_code.write.cache_clear()
    rng = np.random.default_rng(0)
    dtype = np.float64 if channels == 40 else np.float32
    x = rng.standard_normal((2, *extent, channels)).astype(dtype)
    w = rng.standard_normal((size, size, 1, channels)).astype(dtype)
    rows, columns = (window(size, stride, dilation, *around, each) for each in extent)
    shape = (2, rows.count, columns.count, channels)
    add = CPU_OPS.get("stablehlo.add")
    relu = CPU_OPS.get("tf.Relu")
    kind = DType.F64 if dtype == np.float64 else DType.F32
    steps = (
        Step(add.elementwise(kind), (0, 1), add.native),
        Step(relu.elementwise(kind), (3,), relu.native),
        Step(add.elementwise(kind), (4, 2), add.native),
    )
    others = [rng.standard_normal(channels).astype(dtype), rng.standard_normal(shape).astype(dtype)]
    after = RowEpilogue(epilogue(steps, [other.shape for other in others]), tuple(o.shape for o in others), steps)
    found = describe(x.shape, w.shape, [rows, columns], x.dtype, after)
    assert found is not None
    assert depthwise_code.fits(found)
    expected = np.maximum(expected_of(x, w, rows, columns) + others[0], 0) + others[1]
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(make_native(found, shape, None)(x, w, *others), expected, tolerance, tolerance)


@pytest.mark.parametrize("place", [(0, 1), (2, 1), (1, 0), (1, 2), (0, 0), (1, 1)])
def test_infinite_filters_over_padding(place):
    """An infinity times a zero is no number, whether the zero was in the image or is around it."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 6, 13, 20)).astype(np.float32)
    w = rng.standard_normal((3, 3, 1, 20)).astype(np.float32)
    w[(*place, 0, 7)] = np.inf
    rows, columns = window(3, 1, 1, 1, 1, 6), window(3, 1, 1, 1, 1, 13)
    found = describe(x.shape, w.shape, [rows, columns], x.dtype, None)
    assert depthwise_code.fits(found)
    with np.errstate(invalid="ignore"):
        expected = expected_of(x, w, rows, columns)
    assert np.isnan(expected).any() == (place != (1, 1))
    np.testing.assert_allclose(make_native(found, x.shape, None)(x, w), expected, 1e-5, 1e-5)


def test_threads_share_rows(monkeypatch):
    monkeypatch.setattr(convolution, "LEAST_WORK", 1 << 8)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 23, 17, 40)).astype(np.float32)
    w = rng.standard_normal((3, 3, 1, 40)).astype(np.float32)
    rows, columns = window(3, 1, 1, 1, 1, 23), window(3, 1, 1, 1, 1, 17)
    found = describe(x.shape, w.shape, [rows, columns], x.dtype, None)
    assert depthwise_code.height_of(found, 4) == 6
    with HostContext("mstd:2", native=True) as host:
        made = make_native(found, x.shape, host)(x, w)
    np.testing.assert_allclose(made, expected_of(x, w, rows, columns), 1e-5, 1e-5)


def test_pools_stay_apart():
    each = window(3, 1, 1, 1, 1, 12)
    shape, filters = (1, 12, 12, 32), (3, 3, 1, 32)
    assert not is_worth_pooling(shape, filters, [each, each], np.dtype(np.float32), Pool("maximum", (2, 2)))


@pytest.mark.parametrize(("size", "around"), [(7, 3), (3, 9)])
def test_what_is_done_as_other_convolutions_are(size, around):
    """Filters of many elements, and rows most of whose windows reach beyond them."""
    x = np.zeros((1, 12, 12, 8), np.float32)
    each = window(size, 1, 1, around, around, 12)
    found = describe(x.shape, (size, size, 1, 8), [each, each], x.dtype, None)
    assert not depthwise_code.fits(found)
