"""Chains give what their functions give one after the other, bit for bit, whatever memory they write into."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.kernels.numerics.as_written import as_written
from tfrt.executor.declarations.broadcasting import is_row
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.declarations.prepared import writing_of
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.chains import elementwise, epilogues, narrow_rows
from tfrt.kernels.numerics.chains.elementwise import chain
from tfrt.kernels.numerics.chains.epilogues import epilogue, writing_of_epilogue
from tfrt.kernels.numerics.chains.narrow_rows import repeats
from tfrt.kernels.numerics.chains.steps import Step

UNARY = ("tf.Abs", "tf.Neg", "tf.Square", "tf.Sqrt", "tf.Rsqrt", "tf.Exp", "tf.Tanh", "tf.Sigmoid", "tf.Relu")
BINARY = ("tf.AddV2", "tf.Sub", "tf.Mul", "tf.RealDiv", "tf.Maximum", "tf.Minimum")
SPECIAL = (0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 3e38, 1e-42)


@st.composite
def chains(
    draw: st.DrawFn, least_rank: int = 0, most_rank: int = 3
) -> tuple[list[Step], list[np.ndarray], tuple[int, ...]]:
    dtype = draw(st.sampled_from([DType.F32, DType.F64, DType.F16, DType.I32, DType.UI8]))
    result = tuple(draw(st.lists(st.integers(1, 5), min_size=least_rank, max_size=most_rank)))
    shapes = [result, *draw(st.lists(st.integers(0, len(result)).map(lambda k: result[k:]), max_size=3))]
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    is_float = dtype in (DType.F16, DType.F32, DType.F64)
    with np.errstate(all="ignore"):
        arrays = [
            (random.choice(SPECIAL, shape) if is_float else random.integers(0, 200, shape)).astype(dtype.numpy)
            for shape in shapes
        ]
    functions = {name: CPU_OPS.get(name).elementwise(dtype) for name in UNARY + BINARY}
    names = [name for name, function in functions.items() if function is not None]
    steps: list[Step] = []
    for number in range(draw(st.integers(1, 6))):
        # Each step reads a value of the result's shape, so its own has that, too.
        values = range(len(shapes) + number)
        operands = [draw(st.sampled_from([v for v in values if v >= len(shapes) or shapes[v] == result]))]
        name = draw(st.sampled_from(names))
        if name in BINARY:
            operands = draw(st.permutations([*operands, draw(st.sampled_from(values))]))
        steps.append(Step(functions[name], tuple(operands)))
    return steps, arrays, result


def one_after_the_other(steps: list[Step], arrays: list[np.ndarray]) -> np.ndarray:
    values = list(arrays)
    with np.errstate(all="ignore"):
        for step in steps:
            values.append(np.asarray(step.function(*(values[operand] for operand in step.operands))))
    return values[-1]


@given(chains(), st.sampled_from([8, 64, 1 << 17]), st.integers(-1, 3))
def test_as_one_after_the_other(made, block_bytes, into):
    steps, arrays, result = made
    before = elementwise.BLOCK_BYTES
    elementwise.BLOCK_BYTES = block_bytes
    try:
        run = chain(steps, [array.shape for array in arrays], result, arrays[0].itemsize)
    finally:
        elementwise.BLOCK_BYTES = before
    expected = one_after_the_other(steps, arrays)
    assert run(*arrays).tobytes() == expected.tobytes()
    # In new memory, or in that of an input.
    given = [array.copy() for array in arrays]
    out = given[into] if 0 <= into < len(given) and given[into].shape == result else np.empty(result, arrays[0].dtype)
    assert run(*given, out=out) is out
    assert out.tobytes() == expected.tobytes()
    # Other inputs stay as they are.
    assert all(g is out or g.tobytes() == a.tobytes() for g, a in zip(given, arrays, strict=True))


@given(chains())
def test_as_an_epilogue(made):
    steps, arrays, result = made
    # Epilogues are about rows.
    assume(result)
    expected = one_after_the_other(steps, arrays)
    rows = arrays[0].copy()
    with np.errstate(all="ignore"):
        epilogue(steps, [array.shape for array in arrays[1:]])(rows, *arrays[1:])
    assert rows.tobytes() == expected.tobytes()


@given(chains(), st.integers(-1, 3))
def test_as_statements(made, into):
    steps, arrays, result = made
    write = writing_of(chain(steps, [array.shape for array in arrays], result, arrays[0].itemsize))
    expected = one_after_the_other(steps, arrays)
    assert as_written(write, arrays).tobytes() == expected.tobytes()
    given = [array.copy() for array in arrays]
    out = given[into] if 0 <= into < len(given) and given[into].shape == result else np.empty(result, arrays[0].dtype)
    assert as_written(write, given, out) is out
    assert out.tobytes() == expected.tobytes()
    assert all(g is out or g.tobytes() == a.tobytes() for g, a in zip(given, arrays, strict=True))


@given(chains(2, 2))
def test_an_epilogue_as_statements(made):
    steps, arrays, result = made
    expected = one_after_the_other(steps, arrays)
    rows = arrays[0].copy()
    finish = epilogue(steps, [array.shape for array in arrays[1:]])
    assert as_written(writing_of_epilogue(finish, result, rows.dtype), [rows, *arrays[1:]]) is rows
    assert rows.tobytes() == expected.tobytes()


def test_what_is_no_epilogue_or_has_short_rows_is_called():
    finish = epilogue([Step(np.add, (0, 1))], [(3,)])
    assert writing_of_epilogue(finish, (2, 3), np.dtype(np.float32)) is not None
    assert writing_of_epilogue(finish, (narrow_rows.MANY, 3), np.dtype(np.float32)) is None
    assert writing_of_epilogue(lambda rows: None, (2, 3), np.dtype(np.float32)) is None


@pytest.mark.parametrize("rows", [7, 12])
@pytest.mark.parametrize("block_bytes", [64, 1 << 17])
def test_short_rows_are_as_good_as_long_ones(rows, block_bytes, monkeypatch):
    monkeypatch.setattr(narrow_rows, "MANY", 2)
    monkeypatch.setattr(elementwise, "BLOCK_BYTES", block_bytes)
    repeats.cache_clear()
    random = np.random.default_rng(0)
    shapes = [(rows, 3), (3,), (1, 3), (1,), (rows, 3)]
    arrays = [random.choice(SPECIAL, shape).astype(np.float32) for shape in shapes]
    steps = [Step(np.multiply, (0, 1)), Step(np.add, (2, 5)), Step(np.maximum, (6, 3)), Step(np.subtract, (7, 4))]
    expected = one_after_the_other(steps, arrays)
    run = chain(steps, shapes, (rows, 3), 4)
    assert run(*arrays).tobytes() == expected.tobytes()
    out = np.empty((rows, 3), np.float32)
    assert run(*arrays, out=out) is out and out.tobytes() == expected.tobytes()
    turned = np.empty((3, rows), np.float32).T
    assert run(*arrays, out=turned) is turned and turned.tobytes() == expected.tobytes()
    for changed in (arrays[0].copy(), arrays[0].T.copy().T):
        with np.errstate(all="ignore"):
            epilogue(steps[:1], [arrays[1].shape])(changed, arrays[1])
        assert changed.tobytes() == one_after_the_other(steps[:1], arrays[:2]).tobytes()
    assert repeats(12, 3) == 12 and repeats(521, 3) == 1
    repeats.cache_clear()


def test_a_scalar_is_an_array():
    for steps in ([Step(np.negative, (0,)), Step(np.add, (1, 0))], [Step(np.negative, (0,)), Step(np.negative, (1,))]):
        run = chain(steps, [()], (), 4)
        assert type(run(np.array(2, np.float32))) is np.ndarray


@pytest.mark.parametrize("shape", [(0, 5, 1), (0, 1, 3), (1, 5, 3), (3,), ()])
def test_results_without_elements(shape):
    add = [Step(np.add, (0, 1), None)]
    whole, part = np.zeros((0, 5, 3), np.float32), np.zeros(shape, np.float32)
    assert chain(add, [whole.shape, shape], whole.shape, 4)(whole, part).shape == whole.shape


def test_columns_are_broadcast_too():
    run = chain([Step(np.add, (0, 1))], [(300, 200), (300, 1)], (300, 200), 8)
    x, column = np.ones((300, 200)), np.arange(300.0).reshape(300, 1)
    assert np.array_equal(run(x, column), x + column)


def test_values_between_steps_take_a_block_of_memory():
    seen = []

    def note(values, out=None):
        seen.append(values.nbytes)
        return np.negative(values, out=out)

    x = np.ones((1 << 12, 64), np.float32)
    run = chain([Step(note, (0,)), Step(note, (1,)), Step(np.add, (2, 0))], [x.shape], x.shape, 4)
    assert np.array_equal(run(x), x + x)
    assert max(seen) <= elementwise.BLOCK_BYTES < x.nbytes


@pytest.mark.parametrize(
    ("shape", "result", "expected"),
    [
        ((), (2, 3), True),
        ((3,), (2, 3), True),
        ((1,), (2, 3), True),
        ((1, 3), (2, 3), True),
        ((1, 1, 3), (4, 2, 3), True),
        ((2, 1), (2, 3), False),
        ((2, 3), (2, 3), False),
        ((3,), (3,), False),
        ((), (), True),
        ((2,), (2, 3), False),
    ],
)
def test_which_arrays_are_rows(shape, result, expected):
    assert is_row(shape, result) is expected


@pytest.mark.parametrize("row", [(1, 1), (1, 1, 1), (1,), ()])
def test_rows_with_dimensions_of_size_one_in_front(monkeypatch, row):
    monkeypatch.setattr(elementwise, "BLOCK_BYTES", 8)
    array, one = np.arange(3, dtype=np.float32).reshape(3, 1, 1), np.ones(row, np.float32)
    run = chain([Step(np.add, (0, 1))], [array.shape, row], array.shape, 4)
    assert run(array, one).tolist() == [[[1]], [[2]], [[3]]]
    assert run(array, one, out=array).tolist() == [[[1]], [[2]], [[3]]]


def test_constants_of_short_rows_are_repeated_once(monkeypatch):
    monkeypatch.setattr(narrow_rows, "MANY", 4)
    repeated, repeat = [], narrow_rows.repeated
    monkeypatch.setattr(epilogues, "repeated", lambda row, *a, **k: repeated.append(row) or repeat(row, *a, **k))
    narrow_rows.repeats.cache_clear()
    run = epilogue([Step(np.add, (0, 1)), Step(np.multiply, (3, 2))], [(3,), (3,)])
    changing, constant = np.array([1.0, 2, 3]), np.frombuffer(np.array([4.0, 5, 6]).tobytes())
    for number in range(3):
        changing[0] = number
        matrix = np.ones((8, 3))
        run(matrix, changing, constant)
        np.testing.assert_array_equal(matrix, np.tile((1 + changing) * constant, (8, 1)))
    assert len(repeated) == 1 and repeated[0] is constant
    # Of another type, or as a matrix whose rows lie apart.
    for matrix in (np.ones((8, 3)), np.ones((3, 8)).T):
        run(matrix, changing.astype(np.float32), constant)
        np.testing.assert_array_equal(matrix, np.tile((1 + changing) * constant, (8, 1)))
    narrow_rows.repeats.cache_clear()
