"""Convolutions that are pooled block by block, or in registers, give what convolving and pooling one after the other
gives."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.numerics.as_written import as_written
from tfrt.executor.declarations.annotations import Pooling, RowEpilogue
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.declarations.pools import NEUTRAL, Pool
from tfrt.executor.declarations.prepared import writing_of
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.machine_code import is_available
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.chains.epilogues import epilogue
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.convolution import blocks, pooled
from tfrt.kernels.numerics.convolution.channels_last import prepare
from tfrt.kernels.numerics.convolution.pooled import delayed, prepare_pooled, steps_around
from tfrt.kernels.numerics.machine_code import convolution_tiling
from tfrt.kernels.numerics.machine_code.convolution import prepare_fused
from tfrt.kernels.numerics.packed import constant
from tfrt.kernels.numerics.windows import Window

NATIVE = pytest.param(True, marks=pytest.mark.skipif(not is_available(), reason="needs llvmlite"))
TIERS = pytest.mark.parametrize("native", [False, NATIVE])
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan)
UNARY = ("tf.Neg", "tf.Square", "tf.Relu", "stablehlo.tanh", "stablehlo.logistic")
BINARY = (
    "stablehlo.add",
    "stablehlo.subtract",
    "stablehlo.maximum",
    "stablehlo.minimum",
    "stablehlo.multiply",
    "tf.Add",
)


@st.composite
def windows(draw: st.DrawFn, least: int) -> tuple[Window, int]:
    """Windows, at least so many, and the size of the dimension."""
    size, stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    extent, count = (size - 1) * dilation + 1, draw(st.integers(least, 11))
    needed = (count - 1) * stride + extent
    before = draw(st.integers(0, min(2, needed - 1)))
    after = draw(st.integers(0, min(2, needed - 1 - before)))
    return Window(size, stride, dilation, before, after, count), needed - before - after


@st.composite
def steps(draw: st.DrawFn, others: int, dtype: DType) -> tuple[Step, ...]:
    found: list[Step] = []
    for number in range(draw(st.integers(0, 3))):
        value = others + number if number else 0
        names = UNARY + (BINARY if others else ())
        entry, operands = CPU_OPS.get(draw(st.sampled_from(names))), [value]
        if entry.name in BINARY:
            operands = draw(st.permutations([value, draw(st.integers(1, others))]))
        found.append(Step(entry.elementwise(dtype), tuple(operands), entry.native))
    return tuple(found)


def following(before, after, shapes):
    """As `prepare_fused` wants them."""
    return [RowEpilogue(epilogue(each, shapes), tuple(shapes), each) if each else None for each in (before, after)]


def one_after_another(x, w, found, before, pool, after, others):
    """The convolution, steps, the pool, and steps again."""
    shape = (x.shape[0], *(window.count for window in found), w.shape[-1])
    with np.errstate(all="ignore"):
        y = prepare(x.shape, w.shape, found, x.dtype, None, before)(x, w, *(others if before else ()))
        function, counts = getattr(np, pool.function), pool.counts(shape[1:-1])
        made = np.full((shape[0], *counts, shape[-1]), NEUTRAL[pool.function], x.dtype)
        for place in product(*map(range, pool.sizes)):
            taps = (slice(at, count * s, s) for at, count, s in zip(place, counts, pool.sizes, strict=True))
            function(made, y[(slice(None), *taps)], out=made)
        for divisor in pool.divisors:
            made /= made.dtype.type(divisor)
        if after is not None:
            after.run(made.reshape(-1, shape[-1]), *others)
    return made


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    for kind in (np.isnan, np.isposinf, np.isneginf):
        np.testing.assert_array_equal(kind(found), kind(expected))
    tolerance = 1e-3 if found.dtype == np.float32 else 1e-8
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


@TIERS
@settings(max_examples=40)
@given(st.data())
def test_as_one_after_another(native, data):
    dtype = data.draw(st.sampled_from([DType.F32, DType.F64]))
    sizes = data.draw(st.sampled_from([(2, 2), (2, 2), (3, 3), (1, 2), (3, 1), (2, 3), (2,), (4,)]))
    along = [data.draw(windows(size)) for size in sizes]
    groups, part = data.draw(st.sampled_from([(1, 1), (1, 3), (1, 17), (2, 2), (5, 1), (17, 1)]))
    depth = groups * (data.draw(st.sampled_from([1, 4, 6, 16, 33])) if part > 1 or groups == 1 else 1)
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    x = random.standard_normal((data.draw(st.integers(1, 3)), *(size for _, size in along), groups * part))
    w = random.standard_normal((*(window.size for window, _ in along), part, depth))
    shapes = data.draw(st.lists(st.sampled_from([(depth,), ()]), max_size=2))
    others = [random.standard_normal(shape).astype(dtype.numpy) for shape in shapes]
    for array in data.draw(st.lists(st.sampled_from([x, w, *others]), max_size=3)):
        array.flat[random.integers(0, array.size)] = random.choice(SPECIAL)
    x, w = x.astype(dtype.numpy), w.astype(dtype.numpy)
    if data.draw(st.booleans()):
        w, *others = map(constant, (w, *others))
    pool = Pool(data.draw(st.sampled_from([*NEUTRAL])), sizes, data.draw(st.sampled_from([(), (2.0, 3.0)])))
    first, then = (data.draw(steps(len(others), dtype)) for _ in range(2))
    if not (first or then):
        shapes, others = [], []
    before, after = following(first, then, shapes)
    found = [window for window, _ in along]
    expected = one_after_another(x, w, found, before, pool, after, others)
    with HostContext("s", native=native) as host:
        run = prepare_fused(x.shape, w.shape, found, x.dtype, host, before, pooling=Pooling(pool, after))
        for into in (None, np.empty(expected.shape, dtype.numpy), np.empty(expected.shape[::-1], dtype.numpy).T):
            results = [run(x, w, *others, out=into)]
            if writing_of(run) is not None:
                results.append(as_written(writing_of(run), [x, w, *others], into))
            for result in results:
                assert into is None or result is into
                assert_close(result, expected)


@TIERS
@pytest.mark.parametrize("functions", [("fmax", "maximum"), ("add", "minimum")])
@pytest.mark.parametrize(("size", "channels", "depth"), [(17, 32, 40), (14, 192, 200)])
def test_tiles_of_winograds(native, size, channels, depth, functions):
    """Also where rows and columns are left over, where tiles are computed directly, and where filters are large."""
    random = np.random.default_rng(size)
    x, w = random.standard_normal((2, size, size, channels)), random.standard_normal((3, 3, channels, depth)) / 9
    x[0, 3, 4, 5], x[1, 1, 1, 1], x[1, 9, 9] = np.nan, np.inf, -np.inf
    x, w = x.astype(np.float32), constant(w.astype(np.float32))
    bias, zero = random.standard_normal(depth).astype(np.float32), np.zeros((), np.float32)
    taken = [CPU_OPS.get(name) for name in ("stablehlo.add", "stablehlo.maximum")]
    first = [Step(e.elementwise(DType.F32), n, e.native) for e, n in zip(taken, [(0, 1), (3, 2)], strict=True)]
    before, _ = following(tuple(first), (), [(depth,), ()])
    for function, around in zip(functions, (0, 1), strict=True):
        found = [Window(3, 1, 1, around, around, size - 2 + 2 * around)] * 2
        pool = Pool(function, (2, 2))
        expected = one_after_another(x, w, found, before, pool, None, (bias, zero))
        with HostContext("mstd:2", native=native) as host:
            run = prepare_fused(x.shape, w.shape, found, x.dtype, host, before, pooling=Pooling(pool))
            for filters in (w, w.copy()):
                assert_close(run(x, filters, bias, zero), expected)


@TIERS
@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize("batch", [1, 7])
def test_in_blocks(monkeypatch, native, queue, batch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4000)
    monkeypatch.setattr(pooled, "LEAST_WORK", 1)
    monkeypatch.setattr(convolution_tiling, "FRAME_BYTES", 1 << 10)
    random = np.random.default_rng(batch)
    x = random.standard_normal((batch, 23, 19, 5)).astype(np.float32)
    w = random.standard_normal((5, 3, 5, 18)).astype(np.float32)
    found = [Window(5, 1, 1, 2, 2, 23), Window(3, 1, 2, 1, 1, 17)]
    pool = Pool("maximum", (3, 2))
    expected = one_after_another(x, w, found, None, pool, None, ())
    with HostContext(queue, native=native) as host:
        run = prepare_fused(x.shape, w.shape, found, x.dtype, host, None, pooling=Pooling(pool))
        # Operands may be views.
        assert_close(run(x[:, :, :, ::-1][..., ::-1], np.asfortranarray(w)), expected)


def step(name: str, *operands: int) -> Step:
    return Step(CPU_OPS.get(name).elementwise(DType.F32), operands)


@pytest.mark.parametrize(
    ("before", "after", "always"),
    [
        # Of two arrays beside the value, whose number is 3 after the first step.
        ([("stablehlo.add", 0, 1), ("stablehlo.maximum", 3, 2)], 2, 1),
        ([("stablehlo.maximum", 2, 0), ("stablehlo.tanh", 3), ("stablehlo.logistic", 4)], 3, 3),
        ([("stablehlo.multiply", 1, 0), ("stablehlo.divide", 3, 2), ("stablehlo.minimum", 4, 2)], 3, 1),
        # What gives less for more stays, and what is before it.
        ([("stablehlo.tanh", 0), ("stablehlo.subtract", 1, 3), ("stablehlo.tanh", 4)], 1, 1),
        ([("stablehlo.tanh", 0), ("stablehlo.divide", 1, 3)], 0, 0),
        ([("stablehlo.tanh", 0), ("stablehlo.subtract", 3, 1)], 2, 0),
        ([("stablehlo.negate", 0)], 0, 0),
        ([("stablehlo.tanh", 0), ("stablehlo.add", 3, 3)], 0, 0),
        ([("stablehlo.tanh", 0), ("stablehlo.maximum", 3, 0)], 0, 0),
    ],
)
def test_steps_after_a_maximum(before, after, always):
    first, _ = following(tuple(step(*each) for each in before), (), [(4,), ()])
    said = steps_around(first, Pooling(Pool("maximum", (2, 2))))
    for is_always, count in ((False, after), (True, always)):
        found = delayed(said, Pool("maximum", (2, 2)), always=is_always)
        assert len(found.after) == count
        assert [s.function for s in (*found.before, *found.after)] == [s.function for s in said.before]
    for function in ("fmax", "add"):
        assert delayed(said, Pool(function, (2, 2)), always=False) == said


@TIERS
@pytest.mark.parametrize(
    "values", [(np.inf, 1.0), (-np.inf, 1.0), (np.nan, 1.0), (1e30, 1e30), (0.0, -1.0), (2.0, 0.0)]
)
@pytest.mark.parametrize("names", [("stablehlo.add", "stablehlo.multiply"), ("stablehlo.subtract", "stablehlo.divide")])
def test_what_biases_and_scales_are_counts(native, values, names):
    """An infinity and its opposite are no number, also where they are not the greatest of a window."""
    x = np.array([1, -np.inf, np.inf, 2, -3, -4, 0.0, -0.0], np.float32).reshape(1, 2, 4, 1) * np.ones(4, np.float32)
    w = np.eye(4, dtype=np.float32).reshape(1, 1, 4, 4)
    w[w == 0] = 1e-30
    taken = [CPU_OPS.get(name) for name in names]
    first = [Step(e.elementwise(DType.F32), n, e.native) for e, n in zip(taken, [(0, 1), (3, 2)], strict=True)]
    before, _ = following(tuple(first), (), [(4,), ()])
    others = [np.array([values[0], 1, 2, 3], np.float32), np.array(values[1], np.float32)]
    found, pool = [Window(1, 1, 1, 0, 0, 2), Window(1, 1, 1, 0, 0, 4)], Pool("maximum", (2, 2))
    expected = one_after_another(x, w, found, before, pool, None, others)
    with HostContext("s", native=native) as host:
        run = prepare_fused(x.shape, w.shape, found, x.dtype, host, before, pooling=Pooling(pool))
        assert_close(run(x, w, *others), expected)


def test_steps_that_are_not_known():
    """As those of an op that has a function for all it does."""
    x, w = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1), np.ones((1, 1, 1, 4), np.float32)
    found = [Window(1, 1, 1, 0, 0, 4)] * 2
    halve = RowEpilogue(lambda rows: np.divide(rows, 2, out=rows), ())
    run = prepare_pooled(x.shape, w.shape, found, x.dtype, None, halve, Pooling(Pool("maximum", (2, 2)), halve))
    np.testing.assert_array_equal(run(x, w)[0, ..., 0], [[5 / 4, 7 / 4], [13 / 4, 15 / 4]])


def test_nothing_to_pool():
    found = [Window(1, 1, 1, 0, 0, 1), Window(1, 1, 1, 0, 0, 4)]
    run = prepare_pooled(
        (2, 1, 4, 1), (1, 1, 1, 3), found, np.dtype(np.float32), None, None, Pooling(Pool("add", (2, 2)))
    )
    x, w = np.ones((2, 1, 4, 1), np.float32), np.ones((1, 1, 1, 3), np.float32)
    assert run(x, w).shape == (2, 0, 2, 3)


@pytest.mark.parametrize(
    ("extent", "filters", "sizes", "is_faster"),
    [
        # Four pixels are a tile of Winograd's, nine are not.
        (12, (3, 3, 64, 64), (2, 2), True),
        (12, (3, 3, 64, 64), (3, 3), False),
        (12, (3, 3, 8, 64), (3, 3), True),
        # Many products make up for fewer sums in a tile, few do not.
        (12, (5, 5, 64, 64), (2, 2), False),
        (14, (5, 5, 256, 256), (2, 2), False),
        (14, (5, 5, 6, 16), (2, 2), True),
        (12, (5, 5, 6, 16), (6, 3), False),
        # There is no machine code for it.
        (12, (5, 5, 64, 2), (6, 3), True),
    ],
)
def test_only_what_is_no_slower_is_fused(extent, filters, sizes, is_faster):
    found = [Window(size, 1, 1, 0, 0, extent) for size in filters[:2]]
    images, pooling = (1, *(extent + size - 1 for size in filters[:2]), filters[2]), Pooling(Pool("maximum", sizes))
    if is_faster:
        prepare_fused(images, filters, found, np.dtype(np.float32), None, None, pooling=pooling)
        return
    with pytest.raises(KernelError) as raised:
        prepare_fused(images, filters, found, np.dtype(np.float32), None, None, pooling=pooling)
    assert str(raised.value) == "such a pool is faster by itself"
