"""Reductions and maps: the specification's examples, types, edges and errors, and random ones against plain loops."""

from __future__ import annotations

from functools import reduce
from itertools import product
from math import prod

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tests.kernels.stablehlo.bodied_ops import (
    AFFINE,
    BODIES,
    F32,
    I32,
    argument_body,
    array,
    arrays,
    assert_same,
    compare,
    random_arrays,
    step,
    wrapped,
)
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.support.machine_code import is_available
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.packed import constant

NAN, INF = float("nan"), float("inf")


def in_program(text, *operands):
    return tfrt.load(tfrt.compile(text))["main"](*operands)


def test_the_specifications_example():
    body = """({
      ^bb0(%a: tensor<i64>, %b: tensor<i64>):
        %0 = "stablehlo.add"(%a, %b) : (tensor<i64>, tensor<i64>) -> tensor<i64>
        "stablehlo.return"(%0) : (tensor<i64>) -> ()
    }) {dimensions = array<i64: 1>}"""
    found = in_program(
        f"""func.func @main(%x: tensor<1x6xi64>, %init: tensor<i64>) -> tensor<1xi64> {{
          %0 = "stablehlo.reduce"(%x, %init) {body} : (tensor<1x6xi64>, tensor<i64>) -> tensor<1xi64>
          return %0 : tensor<1xi64>
        }}""",
        np.arange(6).reshape(1, 6),
        np.array(0),
    )
    assert found.tolist() == [15]
    eager = array("stablehlo.reduce", np.arange(6).reshape(1, 6), np.array(0), dimensions=(1,), body="stablehlo.add")
    assert eager.tolist() == [15]


def test_several_operands_and_captured_values_in_a_program():
    """The sum and the greatest element, each plus a value from around the reduction for every step."""
    found = in_program(
        """func.func @main(%x: tensor<2x3xi32>, %y: tensor<2x3xi32>, %one: tensor<i32>)
                -> (tensor<2xi32>, tensor<2xi32>) {
          %c = stablehlo.constant dense<0> : tensor<i32>
          %0:2 = stablehlo.reduce(%x init: %c), (%y init: %c) across dimensions = [1]
            : (tensor<2x3xi32>, tensor<2x3xi32>, tensor<i32>, tensor<i32>) -> (tensor<2xi32>, tensor<2xi32>)
            reducer(%a: tensor<i32>, %b: tensor<i32>) (%d: tensor<i32>, %e: tensor<i32>) {
              %1 = stablehlo.add %a, %b : tensor<i32>
              %2 = stablehlo.add %1, %one : tensor<i32>
              %3 = stablehlo.maximum %d, %e : tensor<i32>
              stablehlo.return %2, %3 : tensor<i32>, tensor<i32>
            }
          return %0#0, %0#1 : tensor<2xi32>, tensor<2xi32>
        }""",
        np.array([[1, 2, 3], [4, 5, 6]], np.int32),
        np.array([[7, 9, 8], [-1, -2, -3]], np.int32),
        np.array(10, np.int32),
    )
    # Three elements and the initial value are combined by three steps.
    assert [each.tolist() for each in found] == [[36, 45], [9, 0]]


@pytest.mark.parametrize(
    ("dtype", "op", "values", "init", "expected"),
    [
        (np.int8, "add", [100, 100], 1, -55),
        (np.uint8, "multiply", [16, 16], 1, 0),
        (ml_dtypes.int4, "add", [7, 7], 1, -1),
        (ml_dtypes.uint4, "maximum", [3, 9], 1, 9),
        (np.int32, "minimum", [3, -9], 1, -9),
        (np.int16, "and", [7, 14], -1, 6),
        (np.uint64, "or", [1, 2], 4, 7),
        (np.int64, "xor", [5, 6], 1, 2),
        (bool, "and", [True, False], True, False),
        (bool, "or", [True, False], False, True),
        (bool, "xor", [True, True], True, True),
        (bool, "add", [True, True], False, True),
        (bool, "multiply", [True, False], True, False),
        (bool, "minimum", [True, False], True, False),
        (bool, "maximum", [False, False], False, False),
        (np.float32, "maximum", [1, NAN], -INF, NAN),
        (np.float64, "minimum", [NAN, 1], INF, NAN),
        (np.float16, "maximum", [1, 2], -INF, 2),
        (np.float16, "add", [60000, 60000], -60000, 60000),
        (ml_dtypes.bfloat16, "minimum", [-1, NAN], INF, NAN),
        (ml_dtypes.bfloat16, "multiply", [3, 5], 2, 30),
        (ml_dtypes.float8_e4m3fn, "add", [1, 2], 0.5, 3.5),
        (np.complex64, "add", [1 + 2j, 3j], 1, 2 + 5j),
        (np.complex128, "multiply", [1j, 1j], 1, -1),
    ],
)  # fmt: skip
def test_known_bodies_of_each_type(dtype, op, values, init, expected):
    dtype = np.dtype(dtype)
    x = np.array(values).astype(dtype)
    found = array("stablehlo.reduce", x, np.array(init).astype(dtype), dimensions=(0,), body=f"stablehlo.{op}")
    assert_same(found, np.array(expected).astype(dtype))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_sums_of_halves_do_not_stall(dtype):
    """One after another, ones would stop at 2048, or at 256."""
    x = np.ones(3000, dtype)
    found = array("stablehlo.reduce", x, np.zeros((), dtype), dimensions=(0,), body="stablehlo.add")
    assert_same(found, np.array(3000).astype(dtype))


@pytest.mark.parametrize("op", ["add", "multiply"])
def test_halves_of_many_columns_are_rounded_as_those_of_one(op):
    x = np.random.default_rng(0).normal(size=(100, 70)).astype(ml_dtypes.bfloat16)
    one = np.ones((), ml_dtypes.bfloat16)
    found = array("stablehlo.reduce", x, one, dimensions=(0,), body=f"stablehlo.{op}")
    for i in range(70):
        assert found[i] == array("stablehlo.reduce", x[:, i], one, dimensions=(0,), body=f"stablehlo.{op}")


def test_parts_of_two_dimensions_are_gone_through_row_by_row():
    """Two by two parts of at most 32 by 32 ones, each of which stops at 256."""
    x = np.ones((50, 2, 60), ml_dtypes.bfloat16)
    zero = np.zeros((), ml_dtypes.bfloat16)
    found = array("stablehlo.reduce", x, zero, dimensions=(2, 0), body="stablehlo.add")
    assert_same(found, [1024, 1024])


@pytest.mark.parametrize(
    ("halves", "expected"),
    [
        # 256 and a half is 256.
        (4, 256),
        # There are two parts, which are padded before and behind: the second one has 20 halves.
        (39, 266),
        # Five parts have 1 + 18, 32, 32, 32 and 19 halves; but the first one stays 256.
        (133, 314),
    ],
)
def test_halves_are_rounded_at_each_step_in_xlas_order(halves, expected):
    x = np.array([256] + [0.5] * halves, ml_dtypes.bfloat16)
    zero = np.zeros((), ml_dtypes.bfloat16)
    assert array("stablehlo.reduce", x, zero, dimensions=(0,), body="stablehlo.add") == expected


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((5000, 3), (0,)), ((3, 300, 2), (1,)), ((2, 20, 20, 2), (1, 2)), ((20, 20, 5), (1, 0)), ((260, 0), (0,))],
)
@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.complex64, bool])
def test_many_rows(shape, axes, dtype):
    x = np.random.default_rng(0).integers(-1, 3, shape).astype(dtype)
    wide = np.complex128 if dtype is np.complex64 else np.float64 if dtype is not np.int16 else np.int64
    for op, function in (("add", np.sum), ("maximum", np.max)):
        expected = function(x.astype(wide), axes, initial=1)
        found = array("stablehlo.reduce", x, np.ones((), dtype), dimensions=axes, body=f"stablehlo.{op}")
        assert_same(found, expected.astype(dtype))


def test_sums_of_many_rows_keep_their_digits():
    """Added one to another, the sums would be wrong in the sixth digit."""
    x = np.random.default_rng(0).random((100_000, 2), np.float32)
    zero = np.zeros((), np.float32)
    found = array("stablehlo.reduce", x, zero, dimensions=(0,), body="stablehlo.add")
    np.testing.assert_allclose(found, x.sum(0, np.float64), 1e-6)
    windows = {"window_dimensions": (100_000, 1), "padding": (99_999, 0, 0, 0)}
    running = array("stablehlo.reduce_window", x, zero, body="stablehlo.add", **windows)
    np.testing.assert_allclose(running, x.cumsum(0, np.float64), 1e-6)


def test_elements_are_promoted_to_the_types_of_the_body():
    x = np.array([200, 100], np.uint8)
    one = np.array(1, np.uint8)
    found = array("stablehlo.reduce", x, one, dimensions=(0,), body="stablehlo.add", dtype=DType.UI32)
    assert (found.dtype, found.tolist()) == (np.uint32, 301)
    half = np.array([1.5], ml_dtypes.bfloat16)
    subtract = [2, [step("subtract", 0, 1, gives=F32)], [2]]
    found = array("stablehlo.reduce", half, half[0:1].reshape(()), dimensions=(0,), body=subtract, dtype=F32)
    assert (found.dtype, found.tolist()) == (np.float32, 0)
    wide = array("stablehlo.reduce", half, half.reshape(()), dimensions=(0,), body="stablehlo.add", dtype=F32)
    assert (wide.dtype, wide.tolist()) == (np.float32, 3)


@pytest.mark.parametrize("body", ["stablehlo.add", [2, [step("add", 0, 1), step("add", 2, 2)], [2]], [2, [], [0]]])
def test_reductions_of_nothing_give_the_initial_value(body):
    found = array("stablehlo.reduce", np.empty((2, 0), np.int32), np.array(7, np.int32), dimensions=(1,), body=body)
    assert found.tolist() == [7, 7]


@pytest.mark.parametrize("body", ["stablehlo.add", [2, [step("add", 1, 0)], [2]]])
@pytest.mark.parametrize(
    ("shape", "dimensions", "expected"),
    [((), (), 7), ((2,), (), [7, 8]), ((0, 3), (1,), []), ((2, 2), (1, 0), 13), ((1, 1), (0,), [7])],
)
def test_scalars_and_odd_dimensions(body, shape, dimensions, expected):
    x = np.arange(prod(shape), dtype=np.int32).reshape(shape)
    found = array("stablehlo.reduce", x, np.array(7, np.int32), dimensions=dimensions, body=body)
    assert found.tolist() == expected


def test_inputs_may_be_views():
    x = np.broadcast_to(np.arange(4, dtype=np.float32)[::-1, None], (4, 3))
    zero = np.zeros((), np.float32)
    assert array("stablehlo.reduce", x, zero, dimensions=(1,), body="stablehlo.add").tolist() == [9, 6, 3, 0]
    body = [2, [step("add", 0, 1, gives=F32)], [2]]
    assert array("stablehlo.reduce", x, zero, dimensions=(0,), body=body).tolist() == [6, 6, 6]


@pytest.mark.parametrize(
    ("values", "body", "expected"),
    [
        ([1, 3, 3, 2], argument_body("GT"), (3, 1)),
        ([1, -3, -3, 2], argument_body("LT"), (-3, 1)),
        ([1, NAN, 9, NAN], argument_body("GT"), (NAN, 1)),
        ([1, NAN, -9, NAN], argument_body("LT"), (NAN, 1)),
        ([-INF, -INF], argument_body("GT"), (-INF, 0)),
    ],
)
@pytest.mark.parametrize("axis", [0, 1])
def test_where_the_greatest_or_least_element_is(values, body, expected, axis):
    rows = np.array([values, values], np.float32)
    numbers = np.broadcast_to(np.arange(len(values), dtype=np.int32), rows.shape)
    start = np.array(-INF if body[1][0][2][0][1] == "GT" else INF, np.float32)
    if axis == 0:
        rows, numbers = rows.T, numbers.T
    found = arrays("stablehlo.reduce", rows, numbers, start, np.array(0, np.int32), dimensions=(axis,), body=body)
    for each, one in zip(found, expected, strict=True):
        assert_same(each, [one, one])


@pytest.mark.parametrize("values", [[1, 3, 3, 2], [1, NAN, 9], [-INF, -INF], [-0.0, 0.0], [NAN], [-9, -8]])
@pytest.mark.parametrize("direction", ["GT", "LT"])
@pytest.mark.parametrize("start", [-INF, 0.0, INF, NAN])
def test_a_line_is_as_one_of_several(values, direction, start):
    x, body = np.array(values, np.float32), argument_body(direction)
    given = np.array(start, np.float32), np.array(7, np.int32)
    for numbers in (np.arange(len(values), dtype=np.int32), np.arange(len(values), dtype=np.int32)[::-1]):
        found = arrays("stablehlo.reduce", x, numbers, *given, dimensions=(0,), body=body)
        rows = arrays("stablehlo.reduce", x[None], numbers[None], *given, dimensions=(1,), body=body)
        for each, one in zip(found, rows, strict=True):
            assert_same(each, one[0])
            assert each.flags.owndata and not np.shares_memory(each, x)


@pytest.mark.parametrize("numbers", [[5, 4, 3, 2], [0, 0, 0, 0], [3, 9, 1, 9]])
def test_of_equal_elements_the_one_of_the_least_number_is_greatest(numbers):
    x = np.array([[1, 3, 3, 3]], np.float32)
    numbers = np.array([numbers], np.int32)
    start = np.array(-INF, np.float32), np.array(0, np.int32)
    value, number = arrays("stablehlo.reduce", x, numbers, *start, dimensions=(1,), body=argument_body("GT"))
    assert (value.tolist(), number.tolist()) == ([3], [numbers[0, 1:].min()])


def one_by_one(direction, values, numbers, start):
    """The value and the number that JAX's argmax, or argmin, keeps of a line, each element after those before."""
    value, number = start
    for other, place in zip(values, numbers, strict=True):
        is_kept = value != value or (value > other if direction == "GT" else value < other)
        if not (is_kept or (value == other and number < place)):
            number = place
        value = value if is_kept else other
    return value, number


@pytest.mark.parametrize("dtype", [DType.F32, DType.F64, DType.F16, DType.BF16, DType.F8E5M2, DType.I8, DType.UI32])
@pytest.mark.parametrize("direction", ["GT", "LT"])
@pytest.mark.parametrize(("shape", "axis"), [((5, 6), 1), ((5, 6), 0), ((2, 7, 3), 1), ((1, 4), 1), ((6,), 0)])
def test_extremes_are_found_whatever_the_start(shape, axis, direction, dtype):
    """Numbers are a program's, which it makes once, or a caller's, and count from anywhere; starts win or do not."""
    rng = np.random.default_rng(axis)
    is_float = dtype not in (DType.I8, DType.UI32)
    lowest = (-INF if direction == "GT" else INF) if is_float else 0
    x = rng.integers(0, 3, shape).astype(np.float64)
    x.reshape(-1)[:: 7 if is_float else 1] *= NAN if is_float else 1
    lines = np.moveaxis(x, axis, -1)
    lines[:1] = lowest
    x = x.astype(dtype.numpy)
    size = shape[axis]
    limits = np.iinfo(dtype.numpy) if not is_float else None
    starts = [-INF, INF, 1, NAN] if is_float else [limits.min, limits.max, 1]
    counts = constant(np.arange(size, dtype=np.int32)), constant(np.arange(size, dtype=np.int32) * 3 - 4)
    known = [TensorMetadata(dtype, shape), TensorMetadata(I32, shape), *(TensorMetadata(t, ()) for t in (dtype, I32))]
    gives = tuple(TensorMetadata(t, shape[:axis] + shape[axis + 1 :]) for t in (dtype, I32))
    attributes = {"dimensions": (axis,), "body": argument_body(direction, dtype)}
    form = CPU_OPS.get("stablehlo.reduce").arrays(known, attributes, None, gives)
    for start, first in product(starts, (0, -4, 7)):
        given = np.array(start).astype(dtype.numpy), np.array(first, np.int32)
        for count in counts:
            numbers = np.moveaxis(np.broadcast_to(count, lines.shape), -1, axis)
            for each in (numbers, numbers, numbers.copy()):
                value, number = form(x, each, *given)
                assert value.flags.owndata and number.flags.owndata
                of_lines = np.moveaxis(x, axis, -1).reshape(-1, size).astype(np.float64).tolist()
                begin = float(given[0]), first
                expected = [one_by_one(direction, line, count.tolist(), begin) for line in of_lines]
                assert_same(value.reshape(-1), np.array([kept for kept, _ in expected]))
                assert number.reshape(-1).tolist() == [place for _, place in expected]


def test_bodies_that_are_nearly_an_argmax_are_not_taken_for_one():
    """Of equal elements this one keeps the right number; that one compares a sum; and this one does not see NaN."""
    x, numbers = np.array([3, 3, 1], np.float32), np.arange(3, dtype=np.int32)
    start = np.array(-INF, np.float32), np.array(0, np.int32)
    keeps = compare("GT", 0, 2, "FLOAT"), step("select", 4, 0, 2, gives=F32), step("select", 4, 1, 3)
    found = arrays("stablehlo.reduce", x, numbers, *start, dimensions=(0,), body=[4, keeps, [5, 6]])
    assert [each.tolist() for each in found] == [3, 1]
    sums = step("add", 0, 0, gives=F32), compare("GE", 4, 2, "FLOAT"), step("select", 5, 0, 2, gives=F32)
    body = [4, [*sums, step("select", 5, 1, 3)], [6, 7]]
    found = arrays("stablehlo.reduce", np.array([3, 4], np.float32), numbers[:2], *start, dimensions=(0,), body=body)
    assert [each.tolist() for each in found] == [3, 0]
    keeps = compare("GE", 0, 2, "FLOAT"), step("select", 4, 0, 2, gives=F32), step("select", 4, 1, 3)
    x = np.array([5, NAN, 1], np.float32)
    found = arrays("stablehlo.reduce", x, numbers, *start, dimensions=(0,), body=[4, keeps, [5, 6]])
    assert [each.tolist() for each in found] == [1, 2]


@given(
    name=st.sampled_from(sorted(BODIES)),
    shape=st.lists(st.integers(0, 5) | st.just(19), max_size=3),
    seed=st.integers(0, 99),
    data=st.data(),
)
@settings(max_examples=80, deadline=None)
def test_reductions_are_those_of_a_loop(name, shape, seed, data):
    count, body, combine = BODIES[name]
    axes = data.draw(st.lists(st.sampled_from(range(len(shape))), unique=True) if shape else st.just([]))
    inputs = random_arrays(seed, shape, count)
    starts = random_arrays(seed + 1, (), count)
    found = arrays("stablehlo.reduce", *inputs, *starts, dimensions=tuple(axes), body=body)
    kept = [i for i in range(len(shape)) if i not in axes]
    first = tuple(int(each) for each in starts)
    for place in product(*(range(shape[i]) for i in kept)):
        elements = [
            tuple(int(each[index]) for each in inputs)
            for index in product(*map(range, shape))
            if tuple(index[i] for i in kept) == place
        ]
        expected = reduce(lambda a, b: wrapped(combine(a, b)), elements, first)
        assert tuple(int(each[place]) for each in found) == expected


def test_maps_run_their_body_on_each_element():
    body = [2, [step("multiply", 0, 1)], [2]]
    x, y = np.array([[0, 1], [2, 3]], np.int32), np.array([[4, 5], [6, 7]], np.int32)
    assert array("stablehlo.map", x, y, dimensions=(0, 1), body=body).tolist() == [[0, 5], [12, 21]]
    assert array("stablehlo.map", x, y, dimensions=(0, 1), body=[2, [], [1]]).tolist() == y.tolist()
    halves = [1, [step("convert", 0, gives=DType.BF16)], [1]]
    found = array("stablehlo.map", np.array(3, np.int32), dimensions=(), body=halves, dtype=DType.BF16)
    assert (found.dtype, found.tolist()) == (ml_dtypes.bfloat16, 3)
    five = [1, [step("constant", gives=I32, value=np.array(5, np.int32))], [1]]
    assert array("stablehlo.map", x, dimensions=(0, 1), body=five).tolist() == [[5, 5], [5, 5]]


def test_a_map_in_a_program():
    found = in_program(
        """func.func @main(%x: tensor<2xi32>, %by: tensor<i32>) -> tensor<2xf32> {
          %0 = "stablehlo.map"(%x) <{dimensions = array<i64: 0>}> ({
            ^bb0(%a: tensor<i32>):
              %1 = stablehlo.multiply %a, %by : tensor<i32>
              %2 = stablehlo.convert %1 : (tensor<i32>) -> tensor<f32>
              stablehlo.return %2 : tensor<f32>
          }) : (tensor<2xi32>) -> tensor<2xf32>
          return %0 : tensor<2xf32>
        }""",
        np.array([1, 2], np.int32),
        np.array(3, np.int32),
    )
    assert (found.dtype, found.tolist()) == (np.float32, [3, 6])


X, ZERO = np.zeros((2, 3), np.int32), np.zeros((), np.int32)


@pytest.mark.parametrize(
    ("operands", "attributes", "message"),
    [
        ([X, ZERO], {"dimensions": (2,), "body": "stablehlo.add"}, "(C4) expects dimensions in [0, 2), but got 2"),
        ([X, ZERO], {"dimensions": (1, 1), "body": "stablehlo.add"},
         "(C5) expects dimensions to be unique, but got [1, 1]"),
        ([X], {"dimensions": (1,), "body": "stablehlo.add"},
         "a body of 1 results combines 1 inputs with 1 init_values"),
        ([X, np.float32(0).reshape(())], {"dimensions": (1,), "body": "stablehlo.add"},
         "expects init_values to be scalars of the inputs' types, but got f32 [] for i32 [2, 3]"),
        ([X, X[:1], ZERO, ZERO], {"dimensions": (1,), "body": AFFINE},
         "(C1) expects inputs of one shape, but got [2, 3], [1, 3]"),
        ([X, ZERO], {"dimensions": (0,), "body": "stablehlo.no"},
         "the CPU has no op 'stablehlo.no' that works on arrays"),
        ([X, ZERO, ZERO], {"dimensions": (0,), "body": "stablehlo.add"}, "a body takes 2 inputs, not 3"),
        ([X, ZERO], {"body": "stablehlo.add"}, "missing attribute 'dimensions' of op 'stablehlo.reduce'"),
    ],
)  # fmt: skip
def test_what_reduce_refuses(operands, attributes, message):
    with pytest.raises(tfrt.KernelError) as caught:
        arrays("stablehlo.reduce", *operands, **attributes)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("operands", "dimensions", "message"),
    [
        ([X], (0,), "(C3) expects dimensions to be [0, 1], but got [0]"),
        ([X, X[:1]], (0, 1), "(C1) expects inputs of one shape, but got [2, 3], [1, 3]"),
    ],
)
def test_what_map_refuses(operands, dimensions, message):
    with pytest.raises(tfrt.KernelError) as caught:
        arrays("stablehlo.map", *operands, dimensions=dimensions, body=[len(operands), [], [0]])
    assert caught.value.message == message


def test_eager_callers_reduce():
    with tfrt.HostContext() as host:
        runtime = tfrt.CoreRuntime.of(host)
        add = runtime.op("stablehlo.reduce", dimensions=[1], body="stablehlo.add")
        assert add(np.ones((2, 3), np.float32), np.zeros((), np.float32))[0].numpy().tolist() == [3, 3]
        largest = runtime.op("stablehlo.reduce", dimensions=[0], body=argument_body("GT"))
        start = np.array(-INF, np.float32), np.array(0, np.int32)
        found = largest(np.array([1, 3, 2], np.float32), np.arange(3, dtype=np.int32), *start)
        assert [each.numpy().tolist() for each in found] == [3, 1]


@pytest.mark.skipif(not is_available(), reason="needs llvmlite")
@pytest.mark.parametrize("dtype", ["f32", "f64", "i32", "i64", "i1"])
@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "minimum"])
def test_machine_code_reduces_as_numpy_does(name, dtype):
    rng, kind = np.random.default_rng(len(dtype)), next(known for known in DType if known.mlir == dtype).numpy
    for shape, axes in [
        ((40, 30), (1,)),
        ((40, 30), (0,)),
        ((40, 30), (0, 1)),
        ((3, 50, 7), (1,)),
        ((2, 9, 40), (0, 2)),
    ]:
        kept = [size for axis, size in enumerate(shape) if axis not in axes]
        of, to = "x".join(map(str, (*shape, dtype))), "x".join(map(str, (*kept, dtype)))
        text = f"""func.func @main(%x: tensor<{of}>, %init: tensor<{dtype}>) -> tensor<{to}> {{
          %0 = stablehlo.reduce(%x init: %init) applies stablehlo.{name} across dimensions = {list(axes)}
            : (tensor<{of}>, tensor<{dtype}>) -> tensor<{to}>
          return %0 : tensor<{to}>
        }}"""
        x, init = (rng.standard_normal(each) * 2 for each in (shape, ()))
        x, init = x.astype(kind), np.asarray(init).astype(kind)
        bef = tfrt.compile(text)
        found = []
        for native in (False, True):
            with tfrt.HostContext(native=native) as host:
                found.append(tfrt.load(bef, host=host)["main"](x, init))
        assert found[0].dtype == found[1].dtype == kind
        np.testing.assert_allclose(*found, rtol=1e-4 if dtype == "f32" else 1e-12, atol=1e-5)
