"""Chains as machine code give what they give in numpy, but for the sign of NaNs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.support.native_code import is_available
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics import native_chain
from tfrt.kernels.numerics.elementwise_chain import Step, chain
from tfrt.kernels.numerics.native_chain import can_be_native, make_native, when_worthwhile

NUMBA = pytest.mark.skipif(not is_available(), reason="needs Numba")
UNARY = ("tf.Abs", "tf.Neg", "tf.Square", "tf.Sqrt", "tf.Rsqrt", "tf.Relu")
BINARY = ("tf.AddV2", "tf.Sub", "tf.Mul", "tf.RealDiv", "tf.Maximum", "tf.Minimum", "tf.BiasAdd")
SPECIAL = (0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 3e38, 1e-42)
BIG = (64, 128)


def step(name: str, *operands: int, dtype: DType = DType.F32) -> Step:
    entry = CPU_OPS.get(name)
    return Step(entry.elementwise(dtype), operands, entry.native)


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[Step], list[np.ndarray], np.dtype]:
    dtype = draw(st.sampled_from([DType.F32, DType.F64]))
    shapes = [BIG, *draw(st.lists(st.sampled_from([BIG, (128,), (1, 128), (1,), ()]), max_size=3))]
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    arrays = [random.choice(SPECIAL, shape).astype(dtype.numpy) for shape in shapes]
    steps: list[Step] = []
    for number in range(draw(st.integers(1, 5))):
        values = range(len(shapes) + number)
        operands = [draw(st.sampled_from([v for v in values if v >= len(shapes) or shapes[v] == BIG]))]
        name = draw(st.sampled_from(UNARY + BINARY))
        if name in BINARY:
            operands = draw(st.permutations([*operands, draw(st.sampled_from(values))]))
        steps.append(step(name, *operands, dtype=dtype))
    return steps, arrays, dtype.numpy


def same(one: np.ndarray, other: np.ndarray) -> bool:
    is_nan = np.isnan(one)
    return np.array_equal(is_nan, np.isnan(other)) and one[~is_nan].tobytes() == other[~is_nan].tobytes()


@NUMBA
@settings(max_examples=15)
@given(chains())
def test_as_numpy(made):
    steps, arrays, dtype = made
    shapes = [array.shape for array in arrays]
    assert can_be_native(steps, shapes, BIG, dtype)
    run = chain(steps, shapes, BIG, dtype.itemsize)
    native = make_native(run, steps, shapes, BIG, dtype)
    assert native is not run
    expected = run(*arrays)
    assert same(native(*arrays), expected)
    # An input may be where the result goes.
    out = arrays[0].copy()
    assert native(out, *arrays[1:], out=out) is out
    assert same(out, expected)


@NUMBA
@pytest.mark.parametrize("most", [100, 128, 1000])
@pytest.mark.parametrize("shape", [(), (1,), (128,), (1, 128), BIG])
def test_in_blocks(monkeypatch, shape, most):
    """Signals are handled between two blocks, of whole rows or of parts of one."""
    random = np.random.default_rng(0)
    arrays = [random.choice(SPECIAL, of).astype(np.float32) for of in (BIG, shape)]
    steps, shapes = [step("tf.AddV2", 0, 1), step("tf.Relu", 2)], [BIG, shape]
    run = chain(steps, shapes, BIG, 4)
    monkeypatch.setattr(native_chain, "MOST_ELEMENTS", most)
    native = make_native(run, steps, shapes, BIG, np.dtype(np.float32))
    assert native is not run
    assert same(native(*arrays), run(*arrays))


def test_blocks_cover_each_element_once_and_are_contiguous(monkeypatch):
    monkeypatch.setattr(native_chain, "MOST_ELEMENTS", 12)
    for shape in [(1, 100), (100, 1), (5, 12), (7, 5), (3, 13), (1, 12), (12, 1)]:
        array = np.zeros(shape)
        for block in native_chain._blocks(*shape):
            assert array[block].flags.c_contiguous
            assert array[block].size <= 12
            array[block] += 1
        assert np.array_equal(array, np.ones(shape))


@NUMBA
def test_at_once_or_after_a_while(monkeypatch):
    steps, x = [step("tf.Relu", 0)], np.ones(BIG, np.float32)
    made = []
    monkeypatch.setattr(native_chain, "make_native", lambda run, *_: made.append(run) or run)
    run = chain(steps, [BIG], BIG, 4)
    when_worthwhile(run, steps, [BIG], BIG, x.dtype, at_once=True)
    assert made == [run]
    later = when_worthwhile(run, steps, [BIG], BIG, x.dtype, at_once=False)
    assert np.array_equal(later(x), x)
    assert made == [run]
    monkeypatch.setattr(native_chain, "NATIVE_AFTER", 0.0)
    assert np.array_equal(later(x), x)
    assert np.array_equal(later(x), x)
    assert made == [run, run]


def test_without_numba(monkeypatch):
    monkeypatch.setattr(native_chain, "is_available", lambda: False)
    steps = [step("tf.Relu", 0)]
    run = chain(steps, [BIG], BIG, 4)
    assert when_worthwhile(run, steps, [BIG], BIG, np.dtype(np.float32), at_once=True) is run


@NUMBA
def test_what_differs_from_numpy_is_not_used():
    wrong = Step(np.negative, (0,), "{0} + one")
    run = chain([wrong], [BIG], BIG, 4)
    assert make_native(run, [wrong], [BIG], BIG, np.dtype(np.float32)) is run


@NUMBA
def test_what_cannot_be_compiled_is_not_used():
    wrong = Step(np.negative, (0,), "no_such_function({0})")
    run = chain([wrong], [BIG], BIG, 4)
    assert make_native(run, [wrong], [BIG], BIG, np.dtype(np.float32)) is run


@pytest.mark.parametrize(
    ("steps", "shapes", "result", "dtype"),
    [
        ([step("tf.Tanh", 0)], [BIG], BIG, np.float32),
        ([step("tf.Relu", 0, dtype=DType.I32)], [BIG], BIG, np.int32),
        ([step("tf.Relu", 0)], [(2, 3)], (2, 3), np.float32),
        ([step("tf.AddV2", 0, 1)], [BIG, (64, 1)], BIG, np.float32),
    ],
    ids=["no native form", "integers", "too small", "a column"],
)
def test_what_stays_in_numpy(steps, shapes, result, dtype):
    assert not can_be_native(steps, shapes, result, np.dtype(dtype))
