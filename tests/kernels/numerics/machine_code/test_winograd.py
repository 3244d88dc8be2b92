"""Convolutions as machine code by Winograd's way give what those of matrix products give, but for rounding."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.numerics.machine_code.test_convolution import LLVM, SPECIAL, assert_close, epilogues, numpy_way
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import Processor
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.machine_code import convolution as native_convolution
from tfrt.kernels.numerics.machine_code import winograd_tiling
from tfrt.kernels.numerics.machine_code.convolution import describe, make_native
from tfrt.kernels.numerics.windows import Window

WIDE, NARROW = Processor(64, 32, True), Processor(32, 16, True)


def convolution(size: int = 8, channels: int = 16, depth: int = 16, batch: int = 1, window: Window | None = None):
    found = [window or Window(3, 1, 1, 1, 1, size)] * 2
    return describe((batch, size, size, channels), (3, 3, channels, depth), found, np.dtype(np.float32), None)


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, int]:
    """Windows of three, and the size of the dimension."""
    before, after = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    size = draw(st.integers(max(1, 3 - before - after), 11))
    return Window(3, 1, 1, before, after, before + size + after - 2), size


@LLVM
@settings(max_examples=25)
@given(st.data())
def test_as_products(data):
    dtype = data.draw(st.sampled_from([DType.F32, DType.F64]))
    (rows, height), (columns, width) = data.draw(windows()), data.draw(windows())
    channels, depth = data.draw(st.integers(16, 40)), data.draw(st.integers(16, 40))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    x = random.standard_normal((data.draw(st.integers(1, 2)), height, width, channels)).astype(dtype.numpy)
    w = random.standard_normal((3, 3, channels, depth)).astype(dtype.numpy)
    for array in data.draw(st.sampled_from([(), (x,), (w,), (x, w)])):
        array.flat[random.integers(0, array.size)] = random.choice(SPECIAL)
    shape = (x.shape[0], rows.count, columns.count, depth)
    after = data.draw(epilogues(shape, dtype))
    others = [random.integers(1, 9, other).astype(dtype.numpy) for other in (after.others if after else ())]
    found = describe(x.shape, w.shape, [rows, columns], x.dtype, after)
    small = {"LEAST_TILES": 1, "FRAME_BYTES": 1 << 13, "TOGETHER": data.draw(st.integers(3, 16))}
    small["STACK_BYTES"] = data.draw(st.sampled_from([0, 1 << 20]))
    with mock.patch.multiple(winograd_tiling, **small):
        tiling = winograd_tiling.tiling_of(found, data.draw(st.sampled_from([WIDE, NARROW])))
    assert tiling is not None
    native = native_convolution._by_tiles(found, shape, tiling, None, None, None)
    with np.errstate(all="ignore"):
        expected = numpy_way(x, w, [rows, columns], others, after)
    constant = np.frombuffer(w.tobytes(), w.dtype).reshape(w.shape)
    for filters in (w, constant, constant):
        into = np.empty(shape, dtype.numpy)
        assert native(x, filters, *others, out=into) is into
        assert_close(into, expected)
    assert_close(native(x[..., ::-1], w[:, :, ::-1], *others), expected)


@LLVM
def test_large_numbers_do_not_overflow_on_the_way():
    """Sums of pixels that would be infinite, of which results are not."""
    x = np.full((1, 8, 8, 16), 3e38, np.float32)
    x[:, ::2] *= -1
    w = np.full((3, 3, 16, 16), 1e-3, np.float32)
    found = convolution()
    tiling = winograd_tiling.tiling_of(found, WIDE)
    result = native_convolution._by_tiles(found, found.result, tiling, None, None, None)(x, w)
    assert np.isfinite(result).all()
    assert_close(result / 1e36, numpy_way(x, w, [found.rows, found.columns], [], None) / 1e36)


@LLVM
def test_threads_share_rows_of_tiles(monkeypatch):
    monkeypatch.setattr(native_convolution, "LEAST_WORK", 1)
    monkeypatch.setattr(native_convolution, "MOST_WORK", 1)
    monkeypatch.setattr(native_convolution, "processor", lambda: NARROW)
    found = convolution(13, 16, 24, 3)
    random = np.random.default_rng(0)
    x, w = (random.standard_normal(shape).astype(np.float32) for shape in (found.images, found.filters))
    with HostContext("mstd:2", native=True) as host:
        native = make_native(found, found.result, host, lambda outer: outer.transpose(2, 3, 1, 0))
        result = native(x, np.ascontiguousarray(w.transpose(3, 2, 0, 1)))
    assert_close(result, numpy_way(x, w, [found.rows, found.columns], [], None))


@LLVM
def test_threads_have_memory_of_their_own(monkeypatch):
    """What lies between is not on the stack where there is much of it."""
    monkeypatch.setattr(native_convolution, "LEAST_WORK", 1)
    monkeypatch.setattr(native_convolution, "MOST_WORK", 1)
    monkeypatch.setattr(native_convolution, "processor", lambda: NARROW)
    for name, value in {"MATRICES_BYTES": 1, "LEAST_OF_LARGE": 8, "STACK_BYTES": 1}.items():
        monkeypatch.setattr(winograd_tiling, name, value)
    found = convolution(13, 16, 24, 3)
    assert not winograd_tiling.tiling_of(found, NARROW, 4).on_stack
    random = np.random.default_rng(0)
    x, w = (random.standard_normal(shape).astype(np.float32) for shape in (found.images, found.filters))
    constant = np.frombuffer(w.tobytes(), w.dtype).reshape(w.shape)
    expected = numpy_way(x, w, [found.rows, found.columns], [], None)
    with HostContext("mstd:2", native=True) as host:
        native = make_native(found, found.result, host)
        for _ in range(2):
            assert_close(native(x, constant), expected)


def test_large_filters_are_read_for_many_tiles():
    tiling = winograd_tiling.tiling_of(convolution(14, 256, 256), WIDE)
    assert (tiling.together, tiling.on_stack) == (49, False)
    assert winograd_tiling.tiling_of(convolution(14, 96, 96), WIDE).on_stack
    assert winograd_tiling.tiling_of(convolution(7, 512, 512), WIDE) is None


@LLVM
def test_large_filters_that_may_change_are_not_transformed(monkeypatch):
    monkeypatch.setattr(native_convolution, "MOST_TRANSFORMED", 1)
    monkeypatch.setattr(native_convolution, "processor", lambda: NARROW)
    found = convolution()
    native = make_native(found, found.result, None)
    random = np.random.default_rng(0)
    x, w = (random.standard_normal(shape).astype(np.float32) for shape in (found.images, found.filters))
    constant = np.frombuffer(w.tobytes(), w.dtype).reshape(w.shape)
    expected = numpy_way(x, w, [found.rows, found.columns], [], None)
    directly, by_tiles = native(x, w), native(x, constant)
    assert not np.array_equal(directly, by_tiles)
    assert_close(directly, expected)
    assert_close(by_tiles, expected)


@pytest.mark.parametrize(
    "found",
    [
        convolution(6),
        convolution(8, 15),
        convolution(8, 16, 15),
        convolution(8, 256, 256),
        convolution(8, 16, 512),
        convolution(200, 48, 16),
        convolution(window=Window(3, 2, 1, 1, 1, 4)),
        convolution(window=Window(3, 1, 2, 2, 2, 8)),
        convolution(window=Window(3, 1, 1, -1, 1, 6)),
        replace(convolution(), groups=2),
    ],
)
def test_what_is_computed_directly(found):
    assert winograd_tiling.tiling_of(found, WIDE) is None


def test_processors_without_fused_steps_compute_directly():
    assert winograd_tiling.tiling_of(convolution(), WIDE) is not None
    assert winograd_tiling.tiling_of(convolution(), Processor(64, 32, False)) is None
