"""Sorts: the specification's example, orders of each type, keys and comparators of any kind, and random ones against
Python's own sort."""

from __future__ import annotations

from functools import cmp_to_key

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tests.kernels.stablehlo.bodied_ops import F32, I1, I32, array, arrays, assert_same, compare, step
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.ordering import comparable, numbered_order, order_by_keys, total_order
from tfrt.kernels.numerics.packed import constant
from tfrt.kernels.shared.bodies import read_body
from tfrt.kernels.shared.comparators import keys_of

NAN, INF = float("nan"), float("inf")
LESS = [2, [compare("LT", 0, 1)], [2]]
GREATER = [2, [compare("GT", 0, 1)], [2]]


def canonical(direction, dtype=F32):
    """How JAX compares floats: -0 is +0, NaN is one number, and the last one."""
    steps = []
    for side in (0, 1):
        first = 2 + len(steps)
        steps += [
            step("constant", gives=dtype, value=np.zeros((), dtype.numpy)),
            compare("EQ", side, first, "FLOAT"),
            step("select", first + 1, first, side, gives=dtype),
            compare("NE", side, side, "FLOAT"),
            step("constant", gives=dtype, value=np.array(NAN).astype(dtype.numpy)),
            step("select", first + 3, first + 4, first + 2, gives=dtype),
        ]
    return [2, [*steps, compare(direction, 7, 13, "TOTALORDER")], [14]]


def lexicographic(*directions):
    """Compares operand after operand, as JAX does for several keys: each only where those before are equal."""
    count = len(directions)
    steps, taken = [], 2 * count
    result = None
    for i in reversed(range(count)):
        steps.append(compare(directions[i], 2 * i, 2 * i + 1))
        if result is None:
            result, taken = taken, taken + 1
            continue
        steps += [
            compare("EQ", 2 * i, 2 * i + 1),
            step("and", taken + 1, result, gives=I1),
            step("or", taken, taken + 2, gives=I1),
        ]
        result, taken = taken + 3, taken + 4
    return [2 * count, steps, [result]]


def test_the_specifications_example():
    text = """func.func @main(%x: tensor<2x3xi64>, %y: tensor<2x3xi64>) -> (tensor<2x3xi64>, tensor<2x3xi64>) {
      %0:2 = "stablehlo.sort"(%x, %y) <{dimension = 0 : i64, is_stable = true}> ({
        ^bb0(%a: tensor<i64>, %b: tensor<i64>, %c: tensor<i64>, %d: tensor<i64>):
          %1 = stablehlo.compare GT, %a, %b : (tensor<i64>, tensor<i64>) -> tensor<i1>
          stablehlo.return %1 : tensor<i1>
      }) : (tensor<2x3xi64>, tensor<2x3xi64>) -> (tensor<2x3xi64>, tensor<2x3xi64>)
      return %0#0, %0#1 : tensor<2x3xi64>, tensor<2x3xi64>
    }"""
    x, y = np.array([[1, 2, 3], [3, 2, 1]]), np.array([[3, 2, 1], [1, 2, 3]])
    expected = [[[3, 2, 3], [1, 2, 1]], [[1, 2, 1], [3, 2, 3]]]
    assert [each.tolist() for each in tfrt.load(tfrt.compile(text))["main"](x, y)] == expected
    body = [4, [compare("GT", 0, 1)], [4]]
    assert [each.tolist() for each in arrays("stablehlo.sort", x, y, dimension=0, body=body)] == expected


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        (np.int8, [3, -128, 127, 3]),
        (np.uint8, [3, 255, 0, 3]),
        (np.int64, [2**62, -(2**63), 5, 4]),
        (np.uint64, [2**63, 2**64 - 1, 5, 4]),
        (bool, [True, False, True, False]),
        (ml_dtypes.int4, [3, -8, 7, -1]),
        (ml_dtypes.uint4, [3, 15, 7, 1]),
        (np.float16, [3, -2, INF, -INF]),
        (np.float32, [3, -2, INF, -INF]),
        (np.float64, [3, -2, INF, -INF]),
        (ml_dtypes.bfloat16, [3, -2, INF, -INF]),
        (ml_dtypes.float8_e5m2, [3, -2, INF, -INF]),
    ],
)
def test_elements_of_each_type(dtype, values):
    x = np.array(values, dtype)
    rising = sorted(values)
    assert_same(array("stablehlo.sort", x, body=LESS), np.array(rising, dtype))
    assert_same(array("stablehlo.sort", x, body=GREATER), np.array(rising[::-1], dtype))


@pytest.mark.parametrize("dtype", [DType.F16, DType.F32, DType.F64, DType.BF16, DType.F8E5M2])
def test_floats_in_total_order_and_as_jax_compares_them(dtype):
    """In total order zeros and NaN of either sign differ; as JAX compares them they do not, and stay as they were."""
    x = np.array([NAN, 0, 1, -0.0, -NAN, -INF, -0.0]).astype(dtype.numpy)
    numbers = np.arange(7, dtype=np.int32)
    total = [4, [compare("LT", 0, 1, "TOTALORDER")], [4]]
    assert arrays("stablehlo.sort", x, numbers, body=total)[1].tolist() == [4, 5, 3, 6, 1, 2, 0]
    falling = [4, [compare("GT", 0, 1, "TOTALORDER")], [4]]
    assert arrays("stablehlo.sort", x, numbers, body=falling)[1].tolist() == [0, 2, 1, 3, 6, 5, 4]
    places = {"LT": [5, 1, 3, 6, 2, 0, 4], "GT": [0, 4, 2, 1, 3, 6, 5]}
    for direction, expected in places.items():
        values = array("stablehlo.sort", x, body=canonical(direction, dtype))
        np.testing.assert_array_equal(values.view(np.uint8), x[expected].view(np.uint8))


@pytest.mark.parametrize("dimension", [0, 1, 2, -1, -3])
def test_any_dimension(dimension):
    x = np.random.default_rng(0).integers(0, 9, (3, 4, 5)).astype(np.int32)
    np.testing.assert_array_equal(array("stablehlo.sort", x, dimension=dimension, body=LESS), np.sort(x, dimension))
    negated = [2, [step("negate", 0), step("negate", 1), compare("GT", 2, 3)], [4]]
    found = array("stablehlo.sort", x, dimension=dimension, body=negated)
    np.testing.assert_array_equal(found, np.sort(x, dimension))


@pytest.mark.parametrize("body", [LESS, [2, [step("negate", 0), compare("LT", 2, 1)], [3]]])
@pytest.mark.parametrize("shape", [(0,), (1,), (2, 0), (0, 2)])
def test_slices_of_little(body, shape):
    assert array("stablehlo.sort", np.ones(shape, np.int32), body=body).tolist() == np.ones(shape).tolist()


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.uint32, np.float32, np.int64, np.float64])
@pytest.mark.parametrize("direction", ["LT", "GT"])
def test_many_elements_are_sorted_stably(dtype, direction):
    x = np.random.default_rng(0).integers(-500 if dtype != np.uint32 else 0, 500, (2, 3000)).astype(dtype)
    numbers = np.broadcast_to(np.arange(3000, dtype=np.int32), x.shape)
    values, places = arrays("stablehlo.sort", x, numbers, body=[4, [compare(direction, 0, 1)], [4]])
    keys = x.astype(np.float64) * (1 if direction == "LT" else -1)
    expected = np.argsort(keys, axis=1, kind="stable")
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(values, np.take_along_axis(x, expected, 1))


@pytest.mark.parametrize("special", [NAN, -NAN, -0.0, -INF])
@pytest.mark.parametrize("direction", ["LT", "GT"])
def test_many_elements_that_are_equal_but_not_the_same_stay_in_order(special, direction):
    x = np.random.default_rng(0).integers(-3, 3, 3000).astype(np.float32)
    x[::7] = special
    x[3::70] = abs(special)
    found = array("stablehlo.sort", x, body=canonical(direction))
    ranks = np.where(np.isnan(x), 9, np.where(np.isinf(x), np.sign(x) * 8, x)) * (1 if direction == "LT" else -1)
    np.testing.assert_array_equal(found.view(np.uint32), x[np.argsort(ranks, kind="stable")].view(np.uint32))


TYPES = [DType.I8, DType.UI8, DType.I16, DType.I32, DType.UI64, DType.I1]
FLOATS = [DType.F16, DType.BF16, DType.F32, DType.F64, DType.F8E5M2]
SPECIAL = [NAN, -NAN, 0.0, -0.0, INF, -INF, 1.0, 1.0]


def many(dtype, shape, seed):
    """Numbers of which some are equal; a part of the lines of floats has NaN and zeros of both signs."""
    rng = np.random.default_rng(seed)
    if dtype not in FLOATS:
        return rng.integers(0, 100, shape).astype(dtype.numpy)
    found = rng.standard_normal(shape).round(1) + 0.01
    chosen = rng.random(shape) < 0.2
    chosen[::2] = False
    found[chosen] = rng.choice(SPECIAL, chosen.sum())
    with np.errstate(over="ignore"):
        return found.astype(dtype.numpy)


@pytest.mark.parametrize("direction", ["LT", "GT"])
@pytest.mark.parametrize(
    ("dtype", "kind"),
    [(each, "") for each in TYPES + FLOATS] + [(each, kind) for each in FLOATS for kind in ("TOTALORDER", "canonical")],
)
def test_one_operand_in_the_order_of_its_own_elements(dtype, direction, kind):
    """Along any dimension, in C order and not, it is what a stable sort of the keys gives, bit by bit."""
    plain = [2, [compare(direction, 0, 1, kind or "FLOAT")], [2]]
    body = canonical(direction, dtype) if kind == "canonical" else plain
    for shape, dimension in (
        ((3000,), 0),
        ((2, 700), 1),
        ((700, 2), 0),
        ((5, 40, 9), 1),
        ((40, 50, 1), 0),
        ((3000, 1), 0),
        ((9, 30, 1, 1), 1),
        ((200, 100), 0),
        ((3, 4), 0),
        ((1, 5), 0),
        ((0, 9), 1),
        ((9, 0), 0),
    ):
        x = many(dtype, shape, len(shape))
        for values in (x, np.asfortranarray(x), x[::-1]):
            found = array("stablehlo.sort", values, dimension=dimension, body=body)
            keys = values.astype(np.float64)
            if kind == "TOTALORDER":
                ranks = total_order(keys)
            else:
                ranks = total_order(np.where(np.isnan(keys), NAN, keys + 0.0))
            places = np.argsort(ranks if direction == "LT" else ~ranks, dimension, kind="stable")
            expected = np.take_along_axis(values, places, dimension)
            assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(expected).tobytes()


@pytest.mark.parametrize("direction", ["LT", "GT"])
@pytest.mark.parametrize("dtype", [*TYPES, DType.UI32, *FLOATS])
def test_places_of_few_and_of_some_elements(dtype, direction):
    """The second operand counts the first one's elements: as a program's constant, and as a caller's array."""
    body = [4, [compare(direction, 0, 1)], [4]]
    if dtype in FLOATS:
        # The comparator's third and fourth inputs are not compared.
        steps = canonical(direction, dtype)[1]
        body = [4, [(op, [n if n < 2 else n + 2 for n in taken], *rest) for op, taken, *rest in steps], [16]]
    for *shape, axis in ((5, 8, 1), (8, 5, 0), (40, 30, 1), (30, 40, 0), (3, 20, 30, 1), (700, 0)):
        x = many(dtype, shape, axis)
        count = constant(np.arange(shape[axis], dtype=np.int32)[::-1])
        numbers = np.moveaxis(np.broadcast_to(count, (*shape[:axis], *shape[axis + 1 :], len(count))), -1, axis)
        keys = x.astype(np.float64)
        ranks = total_order(np.where(np.isnan(keys), NAN, keys + 0.0))
        places = np.argsort(ranks if direction == "LT" else ~ranks, axis, kind="stable")
        for each in (numbers, numbers.copy()):
            values, found = arrays("stablehlo.sort", x, each, dimension=axis, body=body)
            np.testing.assert_array_equal(found, len(count) - 1 - places)
            expected = np.take_along_axis(x, places, axis)
            assert np.ascontiguousarray(values).tobytes() == np.ascontiguousarray(expected).tobytes()


def test_jax_s_sort_has_its_constants_around_the_comparator():
    """They are constants of the body, so that the kernel can tell what is compared."""
    text = """func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %nan = stablehlo.constant dense<0x7FC00000> : tensor<f32>
      %zero = stablehlo.constant dense<0.0> : tensor<f32>
      %0 = "stablehlo.sort"(%x) <{dimension = 0 : i64}> ({
        ^bb0(%a: tensor<f32>, %b: tensor<f32>):
          %1 = stablehlo.compare EQ, %a, %zero : (tensor<f32>, tensor<f32>) -> tensor<i1>
          %2 = stablehlo.select %1, %zero, %a : tensor<i1>, tensor<f32>
          %3 = stablehlo.compare EQ, %b, %zero : (tensor<f32>, tensor<f32>) -> tensor<i1>
          %4 = stablehlo.select %3, %zero, %b : tensor<i1>, tensor<f32>
          %5 = stablehlo.compare NE, %a, %a : (tensor<f32>, tensor<f32>) -> tensor<i1>
          %6 = stablehlo.select %5, %nan, %2 : tensor<i1>, tensor<f32>
          %7 = stablehlo.compare NE, %b, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
          %8 = stablehlo.select %7, %nan, %4 : tensor<i1>, tensor<f32>
          %9 = stablehlo.compare LT, %6, %8, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
          stablehlo.return %9 : tensor<i1>
      }) : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }"""
    x = np.array([NAN, 0.0, -0.0, -1], np.float32)
    compiled = tfrt.compile(text, opt_level=2)
    assert tfrt.load(compiled)["main"](x).tobytes() == x[[3, 1, 2, 0]].tobytes()
    assert b"cpu.constant" not in bytes(compiled)


@pytest.mark.parametrize("directions", [("LT", "LT"), ("LT", "GT"), ("GT", "LT", "LT")])
def test_several_keys(directions):
    rng = np.random.default_rng(1)
    operands = [rng.integers(0, 3, 40).astype(np.int32) for _ in directions]
    signs = [1 if each == "LT" else -1 for each in directions]
    found = arrays("stablehlo.sort", *operands, body=lexicographic(*directions))
    rows = sorted(zip(*operands, strict=True), key=lambda row: [s * int(v) for s, v in zip(signs, row, strict=True)])
    assert list(zip(*[each.tolist() for each in found], strict=True)) == [tuple(map(int, row)) for row in rows]


def test_complex_numbers_by_their_parts():
    """As JAX compares them: by the real part, and where that is equal by the imaginary one."""
    parts = [(op, side) for op in ("real", "imag") for side in (0, 1)]
    steps = [step(op, side, gives=F32) for op, side in parts]
    logic = [step("and", 7, 8, gives=I1), step("or", 6, 9, gives=I1)]
    body = [2, [*steps, compare("LT", 2, 3), compare("EQ", 2, 3), compare("LT", 4, 5), *logic], [10]]
    x = np.array([2, 1 + 3j, 1 - 3j, 1], np.complex64)
    body[1][4:7] = [compare("LT", 2, 3), compare("EQ", 2, 3), compare("LT", 4, 5)]
    assert array("stablehlo.sort", x, body=body).tolist() == [1 - 3j, 1, 1 + 3j, 2]


def test_captured_values():
    """Sorted by the distance from a value that is around the sort."""
    steps = [step("subtract", 0, 2), step("abs", 3), step("subtract", 1, 2), step("abs", 5), compare("LT", 4, 6)]
    x = np.array([1, 9, 5, 4], np.int32)
    assert array("stablehlo.sort", x, np.array(5, np.int32), body=[3, steps, [7]]).tolist() == [5, 4, 1, 9]
    text = """func.func @main(%x: tensor<4xi32>, %from: tensor<i32>) -> tensor<4xi32> {
      %0 = "stablehlo.sort"(%x) <{dimension = 0 : i64}> ({
        ^bb0(%a: tensor<i32>, %b: tensor<i32>):
          %1 = stablehlo.subtract %a, %from : tensor<i32>
          %2 = stablehlo.abs %1 : tensor<i32>
          %3 = stablehlo.subtract %b, %from : tensor<i32>
          %4 = stablehlo.abs %3 : tensor<i32>
          %5 = stablehlo.compare LT, %2, %4 : (tensor<i32>, tensor<i32>) -> tensor<i1>
          stablehlo.return %5 : tensor<i1>
      }) : (tensor<4xi32>) -> tensor<4xi32>
      return %0 : tensor<4xi32>
    }"""
    assert tfrt.load(tfrt.compile(text))["main"](x, np.array(9, np.int32)).tolist() == [9, 5, 4, 1]


def remainder(side, first):
    return [step("constant", gives=I32, value=np.array(3, np.int32)), step("remainder", side, first)]


# Comparators of two operands: as bodies, and on pairs of integers. Of the last three the kernel knows no keys.
COMPARATORS = {
    "first": ([4, [compare("LT", 0, 1)], [4]], lambda a, b: a[0] < b[0]),
    "swapped": ([4, [compare("GT", 1, 0)], [4]], lambda a, b: b[0] > a[0]),
    "both": (lexicographic("GT", "LT"), lambda a, b: (-a[0], a[1]) < (-b[0], b[1])),
    "sum": (
        [4, [step("add", 0, 2), step("add", 1, 3), compare("LT", 4, 5)], [6]],
        lambda a, b: a[0] + a[1] < b[0] + b[1],
    ),
    "not": ([4, [compare("GE", 0, 1), step("not", 4, gives=I1)], [5]], lambda a, b: a[0] < b[0]),
    "select": (
        [
            4,
            [
                compare("EQ", 0, 1),
                compare("LT", 2, 3),
                compare("LT", 0, 1),
                step("select", 4, 5, 6, gives=I1),
            ],
            [7],
        ],
        lambda a, b: a < b,
    ),
    "remainder": (
        [4, [*remainder(0, 4), *remainder(1, 6), compare("LT", 5, 7)], [8]],
        lambda a, b: np.fmod(a[0], 3) < np.fmod(b[0], 3),
    ),
    "difference": (
        [4, [step("subtract", 0, 1), step("subtract", 0, 0), compare("LT", 4, 5)], [6]],
        lambda a, b: a[0] - b[0] < 0,
    ),
    "crossed": ([4, [step("add", 0, 3), step("add", 1, 2), compare("LT", 4, 5)], [6]],
                lambda a, b: a[0] + b[1] < b[0] + a[1]),
    "never": ([4, [step("constant", gives=I1, value=np.array(False))], [4]], lambda a, b: False),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(COMPARATORS))
def test_which_comparators_are_orders_of_keys(name):
    keys = keys_of(read_body(COMPARATORS[name][0]), 2)
    assert (keys is None) == (name in ("difference", "crossed", "never"))
    if keys is not None:
        assert [key.descending for key in keys] == ([True, False] if name == "both" else [False] * len(keys))


@pytest.mark.parametrize(
    "steps",
    [
        [compare("LE", 0, 1)],
        [compare("LT", 0, 1), compare("LT", 2, 3), step("and", 4, 5, gives=I1)],
        [compare("LT", 0, 2)],
        [compare("LT", 0, 0)],
        [step("negate", 1), compare("LT", 0, 4)],
        [compare(direction, 0, 1) for direction in ("LT", "GT", "NE")] + [step("or", 4, 5, gives=I1)],
    ],
)
def test_what_is_no_order_of_keys(steps):
    """Comparisons that are not strict, partial orders, sides that are not compared alike; but ``<`` or ``>`` is one."""
    assert keys_of(read_body([4, steps, [3 + len(steps)]]), 2) is None


@given(
    name=st.sampled_from(sorted(COMPARATORS)),
    rows=st.integers(0, 3),
    size=st.integers(0, 20),
    seed=st.integers(0, 99),
)
@settings(max_examples=100, deadline=None)
def test_sorts_are_pythons(name, rows, size, seed):
    body, is_less = COMPARATORS[name]
    operands = list(np.random.default_rng(seed).integers(-3, 4, (2, rows, size)).astype(np.int32))
    found = arrays("stablehlo.sort", *operands, dimension=1, body=body)
    key = cmp_to_key(lambda a, b: -1 if is_less(a, b) else int(bool(is_less(b, a))))
    for row in range(rows):
        pairs = [(int(a), int(b)) for a, b in zip(operands[0][row], operands[1][row], strict=True)]
        assert list(zip(*[each[row].tolist() for each in found], strict=True)) == sorted(pairs, key=key)


@given(st.lists(st.integers(0, 5), max_size=30), st.sampled_from(["LE", "NE", "GE"]))
@settings(max_examples=40, deadline=None)
def test_any_comparator_gives_a_permutation(values, direction):
    """Also one that is no order at all."""
    x = np.array(values, np.int32)
    numbers = np.arange(x.size, dtype=np.int32)
    sorted_, places = arrays("stablehlo.sort", x, numbers, body=[4, [compare(direction, 0, 1)], [4]])
    assert sorted(places.tolist()) == numbers.tolist()
    assert sorted_.tolist() == x[places].tolist()


@pytest.mark.parametrize(
    ("operands", "attributes", "message"),
    [
        ([np.zeros((2, 3)), np.zeros((3, 2))], {"body": [4, [compare("LT", 0, 1)], [4]]},
         "(C3) expects inputs of one shape, but got [2, 3], [3, 2]"),
        ([np.zeros((2, 3))], {"dimension": 2, "body": LESS}, "(C4) expects dimension in [-2, 2), but got 2"),
        ([np.zeros(())], {"body": LESS}, "(C4) expects dimension in [0, 0), but got -1"),
        ([np.zeros(3)] * 2, {"body": LESS}, "a comparator of 2 inputs sorts 1 operands, not 2"),
        ([np.zeros(3)], {"body": [2, [], [0, 1]]}, "a comparator gives one value, not 2"),
        ([np.zeros(3)], {"body": 7},
         "a body must be an op's name or [inputs, steps, results]: cannot unpack non-iterable int object"),
        ([np.zeros(3)], {}, "missing attribute 'body' of op 'stablehlo.sort'"),
    ],
)  # fmt: skip
def test_what_sort_refuses(operands, attributes, message):
    with pytest.raises(tfrt.KernelError) as caught:
        arrays("stablehlo.sort", *operands, **attributes)
    assert caught.value.message == message


def test_eager_callers_sort():
    with tfrt.HostContext() as host:
        sort = tfrt.CoreRuntime.of(host).op("stablehlo.sort", dimension=0, body=[4, [compare("LT", 0, 1)], [4]])
        found = sort(np.array([3, 1, 2], np.float32), np.arange(3, dtype=np.int32))
        assert [each.numpy().tolist() for each in found] == [[1, 2, 3], [1, 2, 0]]


def test_byte_order_that_is_spelled_out_is_the_machines_own() -> None:
    keys = np.array([2**31 + 5, 7, 300, 2**31 - 5], np.dtype(np.uint32).newbyteorder("<"))
    assert keys.dtype.isbuiltin == 0
    assert order_by_keys([numbered_order(comparable(keys))]).tolist() == [1, 2, 3, 0]
    assert comparable(keys) is keys
