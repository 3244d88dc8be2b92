"""Convolutions as machine code give what those of matrix products give, but for rounding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support import machine_code
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.chains.epilogues import epilogue
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.convolution.channels_last import prepare
from tfrt.kernels.numerics.machine_code import blocks, convolution_tiling
from tfrt.kernels.numerics.machine_code import convolution as native_convolution
from tfrt.kernels.numerics.machine_code.convolution import describe, make_native, prepare_fused
from tfrt.kernels.numerics.windows import Window

LLVM = pytest.mark.skipif(not machine_code.is_available(), reason="needs llvmlite")
SPECIAL = (0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 0.25)
UNARY = ("tf.Abs", "tf.Neg", "tf.Square", "tf.Relu")
BINARY = ("stablehlo.add", "tf.Sub", "tf.Mul", "stablehlo.maximum", "stablehlo.minimum", "tf.BiasAdd")


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, int]:
    """Windows, and the size of the dimension."""
    size, stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    extent, count = (size - 1) * dilation + 1, draw(st.integers(1, 9))
    needed = (count - 1) * stride + extent
    before = draw(st.integers(0, min(2, needed - 1)))
    after = draw(st.integers(0, min(2, needed - 1 - before)))
    return Window(size, stride, dilation, before, after, count), needed - before - after


def step(name: str, *operands: int, dtype: DType) -> Step:
    entry = CPU_OPS.get(name)
    return Step(entry.elementwise(dtype), operands, entry.native)


@st.composite
def epilogues(draw: st.DrawFn, shape: tuple[int, ...], dtype: DType) -> RowEpilogue | None:
    others = draw(st.lists(st.sampled_from([shape, shape[-1:], (1, shape[-1]), (1,), ()]), max_size=2))
    steps: list[Step] = []
    for number in range(draw(st.integers(0, 3))):
        values = range(1 + len(others) + number)
        name = draw(st.sampled_from(UNARY + BINARY))
        # The value before this one, so that all count.
        operands = [1 + len(others) + number - 1 if number else 0]
        if name in BINARY:
            operands = draw(st.permutations([*operands, draw(st.sampled_from(values))]))
        steps.append(step(name, *operands, dtype=dtype))
    return RowEpilogue(epilogue(steps, others), tuple(others), tuple(steps)) if steps else None


def numpy_way(x, w, found, others, after):
    return prepare(x.shape, w.shape, found, x.dtype, None, after)(x, w, *(others if after else ()))


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    for kind in (np.isnan, np.isposinf, np.isneginf):
        np.testing.assert_array_equal(kind(found), kind(expected))
    tolerance = 1e-3 if found.dtype == np.float32 else 1e-8
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


@LLVM
@settings(max_examples=25)
@given(st.data())
def test_as_products(data):
    dtype = data.draw(st.sampled_from([DType.F32, DType.F64]))
    along = data.draw(st.lists(windows(), min_size=1, max_size=2))
    groups, part = data.draw(st.sampled_from([(1, 1), (1, 3), (2, 2), (5, 1), (17, 1)]))
    depth = groups * (data.draw(st.sampled_from([4, 6, 16, 33])) if part > 1 or groups == 1 else 1)
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    x = random.standard_normal((data.draw(st.integers(1, 2)), *(size for _, size in along), groups * part))
    w = random.standard_normal((*(window.size for window, _ in along), part, depth))
    if data.draw(st.booleans()):
        x.flat[random.integers(0, x.size)] = random.choice(SPECIAL)
    x, w = x.astype(dtype.numpy), w.astype(dtype.numpy)
    found = [window for window, _ in along]
    shape = (x.shape[0], *(window.count for window in found), depth)
    after = data.draw(epilogues(shape, dtype))
    others = [random.integers(1, 9, other).astype(dtype.numpy) for other in (after.others if after else ())]
    convolution = describe(x.shape, w.shape, found, x.dtype, after)
    assert convolution is not None
    planar = data.draw(st.booleans())
    native = make_native(convolution, shape, None, planar=planar)
    with np.errstate(all="ignore"):
        expected = numpy_way(x, w, found, others, after)
    if planar:
        x = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, -1, 1)), 1, -1)
    for into in (None, np.empty(shape, dtype.numpy)):
        result = native(x, w, *others, out=into)
        assert into is None or result is into
        assert result.shape == shape
        assert_close(result, expected)


@LLVM
@pytest.mark.parametrize("dtype", [DType.F32, DType.F64])
@pytest.mark.parametrize(
    "name", [*UNARY, *BINARY, "tf.Sqrt", "tf.Rsqrt", "tf.RealDiv", "stablehlo.divide", "stablehlo.rsqrt"]
)
def test_steps_are_numpys(name, dtype):
    """On numbers of all kinds: a convolution by ones gives those back, but for the sign of zero."""
    values = np.array([value for value in SPECIAL if str(value) != "-0.0"] * 5, dtype.numpy).reshape(1, 1, 5, 7)
    other = np.ascontiguousarray(values[..., ::-1])
    steps = (step(name, *((0,) if CPU_OPS.get(name).native.count("{1}") == 0 else (0, 1)), dtype=dtype),)
    after = RowEpilogue(epilogue(steps, [other.shape]), (other.shape,), steps)
    convolution = describe(
        values.shape, (1, 1, 1, 7), [Window(1, 1, 1, 0, 0, 1), Window(1, 1, 1, 0, 0, 5)], values.dtype, after
    )
    native = make_native(convolution, values.shape, None)
    with np.errstate(all="ignore"):
        expected = steps[0].function(*(values, other)[: len(steps[0].operands)])
    np.testing.assert_array_equal(native(values, np.ones((1, 1, 1, 7), dtype.numpy), other), expected)


@LLVM
@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize(
    "found", [[Window(3, 2, 1, 1, 1, 6)] * 2, [Window(4, 4, 1, 0, 0, 3)] * 2, [Window(5, 1, 2, 4, 4, 12)]]
)
@pytest.mark.parametrize("depth", [6, 16, 40])
def test_channels_before_rows_and_columns(monkeypatch, channels, found, depth):
    """Read as they lie, whether vectors of filters are many or slide, and whether there are zeros around images."""
    random = np.random.default_rng(0)
    size = (found[0].count - 1) * found[0].stride + (found[0].size - 1) * found[0].dilation + 1
    size -= found[0].before + found[0].after
    x = random.standard_normal((2, channels, *[size] * len(found))).astype(np.float32)
    w = random.standard_normal((*[found[0].size] * len(found), channels, depth)).astype(np.float32)
    views = np.moveaxis(x, 1, -1)
    expected = numpy_way(views, w, found, [], None)
    with HostContext("s", native=True) as host:
        run = prepare_fused(views.shape, w.shape, found, x.dtype, host, None, planar=True)
        with monkeypatch.context() as patched:
            patched.setattr(blocks, "in_c_order", None)
            assert_close(run(views, w), expected)
        # And in any other order.
        assert_close(run(np.ascontiguousarray(views), w), expected)


@LLVM
@pytest.mark.parametrize("pixels", [(2, 2), (1, 3), (7, 5)])
@pytest.mark.parametrize("channels", [(96, 100), (300, 40), (64, 128)])
def test_single_pixels_are_a_product(pixels, channels):
    random, found = np.random.default_rng(0), [Window(1, 1, 1, 0, 0, count) for count in pixels]
    x = random.standard_normal((3, *pixels, channels[0])).astype(np.float32)
    w = random.standard_normal((1, 1, *channels)).astype(np.float32)
    shape = (3, *pixels, channels[1])
    steps = (step("stablehlo.add", 0, 1, dtype=DType.F32), step("stablehlo.maximum", 3, 2, dtype=DType.F32))
    after = RowEpilogue(epilogue(steps, [shape, shape[-1:]]), (shape, shape[-1:]), steps)
    others = [random.standard_normal(other).astype(np.float32) for other in after.others]
    described = describe(x.shape, w.shape, found, x.dtype, after)
    assert described is not None and native_convolution.product_of(described) is not None
    expected = numpy_way(x, w, found, others, after)
    constant = w.copy()
    constant.flags.writeable = False
    turned, view = np.ascontiguousarray(w.transpose(3, 2, 0, 1)), lambda filters: filters.transpose(2, 3, 1, 0)
    for queue in ("s", "mstd:2"):
        with HostContext(queue, native=True) as host:
            run = prepare_fused(x.shape, w.shape, found, x.dtype, host, after)
            by_view = prepare_fused(x.shape, w.shape, found, x.dtype, host, after, view)
            for result in (run(x, w, *others), run(x, constant, *others), by_view(x, turned, *others)):
                assert result.shape == shape
                assert_close(result, expected)
            into = np.empty(shape, np.float32)
            assert run(np.asfortranarray(x), w, *others, out=into) is into
            assert_close(into, expected)


@LLVM
def test_what_is_no_product():
    def product_of(images, filters, found):
        return native_convolution.product_of(describe(images, filters, found, np.dtype(np.float32), None))

    plain, big = Window(1, 1, 1, 0, 0, 8), (1, 1, 128, 128)
    assert product_of((1, 8, 8, 128), big, [plain] * 2)
    assert product_of((1, 8, 8, 64), (1, 1, 64, 64), [plain] * 2) is None
    assert product_of((1, 15, 8, 128), big, [Window(1, 2, 1, 0, 0, 8), plain]) is None
    assert product_of((1, 7, 8, 128), big, [Window(1, 1, 1, 1, 0, 8), plain]) is None
    assert product_of((1, 8, 8, 256), big, [plain] * 2) is None
    assert product_of((1, 1, 1, 128), big, [Window(1, 1, 1, 0, 0, 1)] * 2) is None


@LLVM
def test_an_image_in_parts(monkeypatch):
    monkeypatch.setattr(convolution_tiling, "FRAME_BYTES", 2000)
    monkeypatch.setattr(native_convolution, "LEAST_WORK", 1)
    monkeypatch.setattr(native_convolution, "MOST_WORK", 1)
    random = np.random.default_rng(0)
    x = random.standard_normal((3, 11, 9, 4)).astype(np.float32)
    w = random.standard_normal((3, 3, 4, 20)).astype(np.float32)
    found = [Window(3, 2, 1, 1, 1, 6), Window(3, 1, 2, 2, 2, 9)]
    expected = numpy_way(x, w, found, [], None)
    with HostContext("mstd:2", native=True) as host:
        run = prepare_fused(x.shape, w.shape, found, x.dtype, host, None)
        # Operands may be views.
        assert_close(run(x[:, :, :, ::-1][..., ::-1], np.asfortranarray(w)), expected)


@LLVM
@pytest.mark.parametrize("frame_bytes", [1 << 10, 1 << 17])
def test_packed_filters(monkeypatch, frame_bytes):
    """Those of a tile's channels lie together, in whatever order they were."""
    monkeypatch.setattr(convolution_tiling, "LARGE_BYTES", 1)
    monkeypatch.setattr(convolution_tiling, "FRAME_BYTES", frame_bytes)
    random = np.random.default_rng(0)
    x = random.standard_normal((2, 7, 5, 3)).astype(np.float32)
    outer = random.standard_normal((192, 3, 3, 2)).astype(np.float32)
    found = [Window(3, 1, 1, 1, 1, 7), Window(2, 1, 1, 1, 0, 5)]
    expected = numpy_way(x, np.ascontiguousarray(outer.transpose(2, 3, 1, 0)), found, [], None)
    with HostContext("s", native=True) as host:
        run = prepare_fused(x.shape, (3, 2, 3, 192), found, x.dtype, host, None, lambda w: w.transpose(2, 3, 1, 0))
        assert_close(run(x, outer), expected)


@pytest.mark.parametrize(
    ("images", "filters", "dtype"),
    [
        ((1, 4, 4, 2), (1, 1, 2, 2), np.float32),
        ((1, 4, 4, 2), (1, 1, 2, 4), np.int32),
        ((0, 4, 4, 2), (1, 1, 2, 4), np.float32),
        ((1, 4, 4, 4, 2), (1, 1, 1, 2, 4), np.float32),
        ((1, 4, 4, 0), (1, 1, 0, 4), np.float32),
    ],
)
def test_what_there_is_no_machine_code_for(images, filters, dtype):
    found = [Window(1, 1, 1, 0, 0, 4)] * (len(images) - 2)
    assert describe(images, filters, found, np.dtype(dtype), None) is None
