"""Ops whose results have their operands' type: examples of each, eager and in programs, and random graphs of them."""

import cmath
import math
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.values.dtype import DType

INF, NAN = math.inf, math.nan
DTYPES = {dtype.mlir: dtype for dtype in DType}
LEAST = -(2**31)


def elements(values, type):
    return np.array(values, np.uint64 if type == "ui64" else None).astype(DTYPES[type].numpy)


def bits(array):
    """What tells elements apart: NaN is NaN, and -0 is not 0."""
    if array.dtype.kind == "c":
        return [bits(array.real), bits(array.imag)]
    if array.dtype.kind in "fV" and "int" not in array.dtype.name:
        wide = array.astype(np.float64)
        return [(str(x), str(math.copysign(1, x)) if x == x else "") for x in wide.ravel().tolist()]
    return array.astype(np.int64 if array.dtype != np.uint64 else np.uint64).ravel().tolist()


# By op, for some types: operands, and what comes out exactly.
EXAMPLES = {
    "abs": [
        ("i8", [[-128, -1, 0, 5]], [-128, 1, 0, 5]),
        ("f32", [[-0.0, -2.5, -INF, NAN]], [0.0, 2.5, INF, NAN]),
        ("bf16", [[-0.0, -2.5, INF]], [0.0, 2.5, INF]),
    ],
    "add": [
        ("i1", [[False, False, True, True], [False, True, False, True]], [False, True, True, True]),
        ("i4", [[7, -8, 3], [1, -1, -5]], [-8, 7, -2]),
        ("ui2", [[3, 2], [1, 1]], [0, 3]),
        ("ui64", [[2**64 - 1, 5], [1, 6]], [0, 11]),
        ("f32", [[1.0, INF, -0.0, 2.0**24], [2.0, -INF, -0.0, 1.0]], [3.0, NAN, -0.0, 2.0**24]),
        ("bf16", [[1.0, 256.0], [2.0**-8, 1.0]], [1.0, 256.0]),
        ("f8E4M3FN", [[1.0, 448.0], [0.0625, 448.0]], [1.0, NAN]),
        ("complex<f32>", [[1 + 2j, -1j], [3 - 1j, 1j]], [4 + 1j, 0j]),
    ],
    "and": [
        ("i1", [[False, True, True], [True, False, True]], [False, False, True]),
        ("i4", [[7, -8, -1], [5, -1, 3]], [5, -8, 3]),
        ("ui16", [[0xFF00, 1], [0x0FF0, 3]], [0x0F00, 1]),
    ],
    "atan2": [("f64", [[0.0, -0.0, 1.0, NAN], [1.0, -1.0, 0.0, 1.0]], [0.0, -math.pi, math.pi / 2, NAN])],
    "cbrt": [("f64", [[8.0, -27.0, -0.0, INF, NAN]], [2.0, -3.0, -0.0, INF, NAN])],
    "ceil": [("f32", [[1.2, -1.2, -0.2, INF, NAN]], [2.0, -1.0, -0.0, INF, NAN]), ("f16", [[0.5]], [1.0])],
    "clamp": [
        ("i32", [[1, 1, 1], [0, 5, 9], [6, 6, 6]], [1, 5, 6]),
        ("f32", [[0.0, 0.0, NAN, 2.0], [-1.0, NAN, 1.0, 1.5], [1.0, 1.0, 1.0, 1.0]], [0.0, NAN, NAN, 1.0]),
        ("i1", [[True, False], [False, True], [True, False]], [True, False]),
    ],
    "cosine": [("f32", [[0.0, INF, NAN]], [1.0, NAN, NAN])],
    "count_leading_zeros": [
        ("i8", [[0, 1, 127, -1]], [8, 7, 1, 0]),
        ("ui4", [[0, 1, 8]], [4, 3, 0]),
        ("i2", [[0, 1, -1]], [2, 1, 0]),
        ("ui32", [[0, 1, 2**32 - 1, 2**24 + 1]], [32, 31, 0, 7]),
        ("i64", [[0, 1, -1, 2**53 + 1, 2**32]], [64, 63, 0, 10, 31]),
    ],
    "divide": [
        ("i32", [[7, -7, 7, -7, 5, -5, 0, LEAST], [2, 2, -2, -2, 0, 0, 0, -1]], [3, -3, -3, 3, -1, -1, -1, LEAST]),
        ("i4", [[-8, 7, 1], [-1, -2, 0]], [-8, -3, -1]),
        ("ui8", [[200, 7, 0], [3, 0, 0]], [66, 255, 255]),
        ("ui4", [[15, 1], [4, 0]], [3, 15]),
        ("f32", [[1.0, -1.0, 0.0, 6.0], [0.0, 0.0, 0.0, 4.0]], [INF, -INF, NAN, 1.5]),
        ("complex<f64>", [[2 + 2j, 1j], [1 + 1j, 2j]], [2 + 0j, 0.5 + 0j]),
    ],
    "exponential": [("f64", [[0.0, -INF, INF, NAN]], [1.0, 0.0, INF, NAN])],
    "exponential_minus_one": [("f64", [[0.0, -0.0, -INF, 1e-300]], [0.0, -0.0, -1.0, 1e-300])],
    "floor": [("f32", [[1.8, -1.2, 0.5, -INF, NAN]], [1.0, -2.0, 0.0, -INF, NAN])],
    "log": [("f64", [[1.0, 0.0, -0.0, -1.0, INF]], [0.0, -INF, -INF, NAN, INF])],
    "log_plus_one": [("f64", [[0.0, -0.0, -1.0, -2.0, 1e-300]], [0.0, -0.0, -INF, NAN, 1e-300])],
    "logistic": [("f32", [[0.0, -INF, INF, NAN, -200.0]], [0.5, 0.0, 1.0, NAN, 0.0])],
    "maximum": [
        ("i1", [[False, True, False], [False, False, True]], [False, True, True]),
        ("i8", [[-128, 5], [127, -5]], [127, 5]),
        ("ui8", [[255, 5], [127, 0]], [255, 5]),
        ("f32", [[1.0, NAN, 2.0, -INF], [2.0, 1.0, NAN, INF]], [2.0, NAN, NAN, INF]),
        ("bf16", [[1.0, NAN], [2.0, 1.0]], [2.0, NAN]),
        ("complex<f32>", [[1 + 2j, 2 - 1j], [1 + 3j, 1 + 5j]], [1 + 3j, 2 - 1j]),
    ],
    "minimum": [
        ("i1", [[False, True, True], [False, False, True]], [False, False, True]),
        ("i8", [[-128, 5], [127, -5]], [-128, -5]),
        ("f32", [[1.0, NAN, 2.0], [2.0, 1.0, NAN]], [1.0, NAN, NAN]),
    ],
    "multiply": [
        ("i1", [[False, True, True], [True, False, True]], [False, False, True]),
        ("i4", [[-8, 3], [-8, 3]], [0, -7]),
        ("i32", [[65536, -3], [65536, 5]], [0, -15]),
        ("f32", [[0.0, -0.0, 1e30], [INF, 3.0, 1e30]], [NAN, -0.0, INF]),
        ("complex<f32>", [[1 + 2j], [3 - 1j]], [5 + 5j]),
    ],
    "negate": [
        ("i8", [[-128, 0, 5]], [-128, 0, -5]),
        ("ui8", [[1, 0]], [255, 0]),
        ("i4", [[-8, 7]], [-8, -7]),
        ("f32", [[0.0, -0.0, INF]], [-0.0, 0.0, -INF]),
        ("complex<f32>", [[1 - 2j]], [-1 + 2j]),
    ],
    "not": [
        ("i1", [[False, True]], [True, False]),
        ("i8", [[0, -1, 5]], [-1, 0, -6]),
        ("ui4", [[0, 5]], [15, 10]),
        ("ui32", [[0, 1]], [2**32 - 1, 2**32 - 2]),
    ],
    "or": [("i1", [[False, True], [False, False]], [False, True]), ("i8", [[5, -128], [2, 1]], [7, -127])],
    "popcnt": [
        ("i8", [[0, -1, -128, 7]], [0, 8, 1, 3]),
        ("i4", [[-1, -8, 7]], [4, 1, 3]),
        ("ui64", [[2**64 - 1, 2**63, 5]], [64, 1, 2]),
    ],
    "power": [
        ("i32", [[2, -3, 0, 2, -1, -1, 1, 0, 3], [10, 3, 0, -1, -3, -2, -5, -1, 40]],
         [1024, -27, 1, 0, -1, 1, 1, 0, 3**40 % 2**32 - 2**32 if 3**40 % 2**32 >= 2**31 else 3**40 % 2**32]),
        ("ui8", [[2, 2, 3, 0], [7, 8, 255, 0]], [128, 0, pow(3, 255, 256), 1]),
        ("i4", [[3, -2, -1], [2, 3, -1]], [-7, -8, -1]),
        ("f64", [[2.0, -8.0, 0.0, 0.0, -2.0, INF], [-1.0, 0.5, 0.0, -1.0, 3.0, 0.0]], [0.5, NAN, 1.0, INF, -8.0, 1.0]),
    ],
    "remainder": [
        ("i32", [[7, -7, 7, -7, 5, LEAST], [3, 3, -3, -3, 0, -1]], [1, -1, 1, -1, 5, 0]),
        ("ui8", [[200, 7], [7, 0]], [4, 7]),
        ("i4", [[-8, 7, -3], [3, 0, 0]], [-2, 7, -3]),
        ("f32", [[5.5, -5.5, 1.0, INF, -0.0], [2.0, 2.0, 0.0, 1.0, 1.0]], [1.5, -1.5, NAN, NAN, -0.0]),
    ],
    "round_nearest_afz": [
        ("f32", [[0.5, -0.5, 1.5, 2.5, -2.5, 0.49999997, -0.2, 8388609.0, INF, NAN]],
         [1.0, -1.0, 2.0, 3.0, -3.0, 0.0, -0.0, 8388609.0, INF, NAN]),
    ],
    "round_nearest_even": [
        ("f32", [[0.5, -0.5, 1.5, 2.5, -2.5, INF, NAN]], [0.0, -0.0, 2.0, 2.0, -2.0, INF, NAN]),
        ("bf16", [[2.5, 3.5]], [2.0, 4.0]),
    ],
    "rsqrt": [("f32", [[4.0, 0.0, -0.0, -1.0, INF]], [0.5, INF, -INF, NAN, 0.0])],
    "shift_left": [
        ("i8", [[1, 1, -1, 1, 1, 64], [3, 7, 1, 8, -1, 1]], [8, -128, -2, 0, 0, -128]),
        ("i4", [[1, 1, 3, 1], [3, 4, 2, -1]], [-8, 0, -4, 0]),
        ("ui32", [[1, 3, 1], [31, 31, 32]], [2**31, 2**31, 0]),
    ],
    "shift_right_arithmetic": [
        ("i8", [[-128, -128, -128, 127, -1], [7, 8, -1, 8, 1]], [-1, -1, -1, 0, -1]),
        ("ui8", [[128, 127, 128], [1, 1, 9]], [192, 63, 255]),
        ("ui4", [[8, 7, 8], [1, 1, 5]], [12, 3, 15]),
    ],
    "shift_right_logical": [
        ("i8", [[-128, -1, -1, -1], [7, 1, 8, -1]], [1, 127, 0, 0]),
        ("i4", [[-8, -1, -1], [3, 1, 4]], [1, 7, 0]),
        ("ui64", [[2**64 - 1, 5, 5], [63, 64, 2**63]], [1, 0, 0]),
    ],
    "sign": [
        ("i8", [[-128, 0, 7]], [-1, 0, 1]),
        ("f32", [[-2.5, -0.0, 0.0, 1e-40, INF, NAN]], [-1.0, -0.0, 0.0, 1.0, 1.0, NAN]),
        ("complex<f64>", [[3 + 4j, 0j, complex(NAN, 1), -2j]], [0.6 + 0.8j, 0j, complex(NAN, NAN), complex(-0.0, -1)]),
    ],
    "sine": [("f32", [[0.0, -0.0, INF]], [0.0, -0.0, NAN])],
    "sqrt": [
        ("f32", [[4.0, -0.0, -1.0, INF]], [2.0, -0.0, NAN, INF]),
        ("complex<f64>", [[-4 + 0j, 0j]], [2j, 0j]),
    ],
    "subtract": [
        ("i8", [[-128, 5], [1, 7]], [127, -2]),
        ("ui8", [[0, 7], [1, 5]], [255, 2]),
        ("f16", [[65504.0, 1.0], [-65504.0, 2.0**-12]], [INF, 1.0]),
        ("complex<f64>", [[1 + 2j], [2 - 1j]], [-1 + 3j]),
    ],
    "tan": [("f32", [[0.0, -0.0, INF]], [0.0, -0.0, NAN])],
    "tanh": [("f32", [[0.0, -0.0, INF, -INF, NAN]], [0.0, -0.0, 1.0, -1.0, NAN])],
    "xor": [("i1", [[True, True], [False, True]], [True, False]), ("i8", [[5, -1], [3, 1]], [6, -2])],
}  # fmt: skip
ALL = [(op, *example) for op, examples in EXAMPLES.items() for example in examples]


@pytest.fixture(scope="module")
def programs():
    """All examples, a function each, by their place."""
    functions = []
    for number, (op, type, operands, _) in enumerate(ALL):
        tensor = f"tensor<{len(operands[0])}x{type}>"
        names = [f"%{i}" for i in range(len(operands))]
        functions.append(f"""
            func.func @example{number}({", ".join(f"{name}: {tensor}" for name in names)}) -> {tensor} {{
              %result = "stablehlo.{op}"({", ".join(names)}) : ({", ".join([tensor] * len(names))}) -> {tensor}
              return %result : {tensor}
            }}""")
    return tfrt.load(tfrt.compile("\n".join(functions), opt_level=2))


@pytest.mark.parametrize("number", range(len(ALL)), ids=[f"{op}-{type}" for op, type, *_ in ALL])
def test_examples(number, array, programs):
    op, type, operands, expected = ALL[number]
    arrays = [elements(values, type) for values in operands]
    wanted = elements(expected, type)
    for found in (array(f"stablehlo.{op}", *arrays), programs[f"example{number}"](*arrays)):
        assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
        assert bits(found) == bits(wanted)


@pytest.mark.parametrize("op", EXAMPLES)
def test_scalars_empty_arrays_and_views(op, array):
    type, operands, expected = EXAMPLES[op][0]
    arrays, wanted = [elements(values, type) for values in operands], elements(expected, type)
    assert bits(array(f"stablehlo.{op}", *[a[0].reshape(()) for a in arrays])) == bits(wanted[:1])
    assert array(f"stablehlo.{op}", *[a[:0].reshape(0, 2) for a in arrays]).shape == (0, 2)
    if len(wanted) > 1:
        backwards = [a[::-1] for a in arrays]
        assert bits(array(f"stablehlo.{op}", *backwards)) == bits(wanted[::-1])
    repeated = [np.broadcast_to(a[:1], (3,)) for a in arrays]
    assert bits(array(f"stablehlo.{op}", *repeated)) == bits(np.repeat(wanted[:1], 3))


ANALYTIC = {
    "atan2": (math.atan2, None),
    "cbrt": (math.cbrt, lambda z: cmath.rect(abs(z) ** (1 / 3), cmath.phase(z) / 3)),
    "cosine": (math.cos, cmath.cos),
    "exponential": (math.exp, cmath.exp),
    "exponential_minus_one": (math.expm1, lambda z: cmath.exp(z) - 1),
    "log": (lambda x: math.log(abs(x)), cmath.log),
    "log_plus_one": (lambda x: math.log1p(abs(x)), lambda z: cmath.log(1 + z)),
    "logistic": (lambda x: 1 / (1 + math.exp(-x)), lambda z: 1 / (1 + cmath.exp(-z))),
    "rsqrt": (lambda x: abs(x) ** -0.5, lambda z: 1 / cmath.sqrt(z)),
    "sine": (math.sin, cmath.sin),
    "sqrt": (lambda x: math.sqrt(abs(x)), cmath.sqrt),
    "tan": (math.tan, cmath.tan),
    "tanh": (math.tanh, cmath.tanh),
}
OF_POSITIVE = {"log", "log_plus_one", "rsqrt", "sqrt"}
TOLERANCES = {"f32": 5e-7, "f64": 2e-15, "f16": 2**-11, "bf16": 2**-8, "f8E4M3FN": 2**-4}


@pytest.mark.parametrize("type", TOLERANCES)
@pytest.mark.parametrize("op", ANALYTIC)
def test_functions_of_floats(op, type, array):
    x = elements([-2.5, -1.25, -0.75, -0.125, 0.375, 0.5, 1.0, 2.25, 3.5, 4.5], type)
    operands = [x, x[::-1]] if op == "atan2" else [np.abs(x)] if op in OF_POSITIVE else [x]
    function = ANALYTIC[op][0]
    expected = [function(*pair) for pair in zip(*[a.astype(np.float64).tolist() for a in operands], strict=True)]
    found = array(f"stablehlo.{op}", *operands)
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found.astype(np.float64), expected, rtol=TOLERANCES[type])


@pytest.mark.parametrize("type", ["complex<f32>", "complex<f64>"])
@pytest.mark.parametrize("op", [op for op in ANALYTIC if op != "atan2"])
def test_functions_of_complex_numbers(op, type, array):
    z = elements([0.5 + 0.25j, -1.5 + 2j, -0.75 - 0.5j, 2 - 3j, 1e-3 + 1e-3j], type)
    expected = [ANALYTIC[op][1](w) for w in z.tolist()]
    np.testing.assert_allclose(array(f"stablehlo.{op}", z), expected, rtol=2e-7 if type == "complex<f32>" else 1e-13)


def test_more_functions_of_complex_numbers(array):
    y, x = np.array([1 + 0.5j, -2 + 1j]), np.array([2 - 1j, 0.5 + 0.25j])
    # The arc tangent of the quotient, where its real part is positive.
    expected = [cmath.atan(a / b) for a, b in zip(y[:1].tolist(), x[:1].tolist(), strict=True)]
    np.testing.assert_allclose(array("stablehlo.atan2", y[:1], x[:1]), expected, rtol=1e-13)
    raised = array("stablehlo.power", x, y)
    np.testing.assert_allclose(raised, [a**b for a, b in zip(x.tolist(), y.tolist(), strict=True)], rtol=1e-13)
    small = array("stablehlo.log_plus_one", np.array([1e-20 + 0j, 1e-12 - 1e-12j]))
    np.testing.assert_allclose(small, [1e-20 + 0j, 1e-12 - 1e-12j], rtol=1e-11)
    far = array("stablehlo.logistic", np.array([-1000 + 1j, 1000 - 1j]))
    assert far.tolist() == [0, 1]
    assert array("stablehlo.rsqrt", np.array([0j])).real.tolist() == [INF]


def test_complex_quotients_at_the_edges(array):
    """As C99's Annex G has them."""
    dividends = [complex(INF, NAN), 1 + 1j, 1 + 2j, complex(NAN, NAN), 0j]
    divisors = [2 + 2j, complex(NAN, -INF), 0j, 1 + 1j, 0j]
    found = array("stablehlo.divide", np.array(dividends), np.array(divisors))
    assert [str(z) for z in found.tolist()] == ["(inf-infj)", "(-0+0j)", "(inf+infj)", "(nan+nanj)", "(nan+nanj)"]


@pytest.mark.parametrize("low", [1, [1, 2, 1]])
@pytest.mark.parametrize("high", [6, [6, 6, 5]])
def test_clamp_between_scalars_and_arrays(low, high, array):
    low, high, x = (np.array(values, np.int32) for values in (low, high, [0, 3, 9]))
    assert array("stablehlo.clamp", low, x, high).tolist() == np.minimum(np.maximum(x, low), high).tolist()


@pytest.mark.parametrize("amount", [0, 5, 31, 32, 2**32 - 1])
def test_shifts_by_one_amount(amount, array):
    x = np.array([1, 2**31 + 5, 2**32 - 1] * 100, np.uint32)
    everywhere = np.broadcast_to(np.uint32(amount), x.shape)
    assert array("stablehlo.shift_left", x, everywhere).tolist() == [(v << min(amount, 32)) % 2**32 for v in x.tolist()]
    assert array("stablehlo.shift_right_logical", x, everywhere).tolist() == [v >> min(amount, 32) for v in x.tolist()]


# What each op gives for elements of a type, as its section of the specification has it: integers are those that Python
# knows, and come back into the type's range afterwards.
SIGNED, UNSIGNED = {"i8": 8, "i32": 32, "i64": 64}, {"ui8": 8, "ui32": 32}
WIDTHS = SIGNED | UNSIGNED


def quotient(a, b, type):
    return -1 if b == 0 else abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def rest(a, b, type):
    return a if b == 0 else abs(a) % abs(b) * (-1 if a < 0 else 1)


def unsigned(a, type):
    return a % 2 ** WIDTHS[type]


def signed(a, type):
    width = WIDTHS[type]
    return (a + 2 ** (width - 1)) % 2**width - 2 ** (width - 1)


def raised(a, b, type):
    return pow(a, b, 2 ** WIDTHS[type]) if b >= 0 else {1: 1, -1: -1 if b % 2 else 1}.get(a, 0)


OF_INTEGERS = {
    "add": lambda a, b, type: a + b,
    "and": lambda a, b, type: a & b,
    "count_leading_zeros": lambda a, type: WIDTHS[type] - unsigned(a, type).bit_length(),
    "divide": quotient,
    "maximum": lambda a, b, type: max(a, b),
    "minimum": lambda a, b, type: min(a, b),
    "multiply": lambda a, b, type: a * b,
    "negate": lambda a, type: -a,
    "not": lambda a, type: ~a,
    "or": lambda a, b, type: a | b,
    "popcnt": lambda a, type: unsigned(a, type).bit_count(),
    "power": raised,
    "remainder": rest,
    "shift_left": lambda a, b, type: a << min(unsigned(b, type), 64),
    "shift_right_arithmetic": lambda a, b, type: signed(a, type) >> min(unsigned(b, type), 64),
    "shift_right_logical": lambda a, b, type: unsigned(a, type) >> min(unsigned(b, type), 64),
    "sign": lambda a, type: (a > 0) - (a < 0),
    "subtract": lambda a, b, type: a - b,
    "xor": lambda a, b, type: a ^ b,
}
ONE_OPERAND = {"count_leading_zeros", "negate", "not", "popcnt", "sign"}


def wrapped(a, type):
    return signed(a, type) if type in SIGNED else unsigned(a, type)


@settings(max_examples=20)
@given(st.sampled_from(sorted(WIDTHS)), st.data())
def test_random_graphs_of_integers(type, data):
    low, high = (
        (-(2 ** (WIDTHS[type] - 1)), 2 ** (WIDTHS[type] - 1) - 1) if type in SIGNED else (0, 2 ** WIDTHS[type] - 1)
    )
    value = st.sampled_from([low, low + 1, high, 0, 1, 2, WIDTHS[type], WIDTHS[type] - 1]) | st.integers(low, high)
    inputs = data.draw(st.lists(st.lists(value, min_size=4, max_size=4), min_size=1, max_size=3))
    values, lines, names = [list(v) for v in inputs], [], count(len(inputs))
    for op in data.draw(st.lists(st.sampled_from(sorted(OF_INTEGERS)), min_size=3, max_size=10)):
        if op in ("sign", "negate") and type in UNSIGNED:
            continue
        arity = 1 if op in ONE_OPERAND else 2
        operands = data.draw(st.lists(st.integers(0, len(values) - 1), min_size=arity, max_size=arity))
        function = OF_INTEGERS[op]
        values.append(
            [wrapped(function(*each, type), type) for each in zip(*[values[o] for o in operands], strict=True)]
        )
        arguments = ", ".join(f"%v{o}" for o in operands)
        lines.append(f'%v{next(names)} = "stablehlo.{op}"({arguments}) : ({", ".join(["!t"] * arity)}) -> !t')
    parameters = ", ".join(f"%v{i}: !t" for i in range(len(inputs)))
    text = f"func.func @main({parameters}) -> !t {{\n" + "\n".join(lines) + f"\nreturn %v{len(values) - 1} : !t\n}}"
    program = tfrt.load(tfrt.compile(text.replace("!t", f"tensor<4x{type}>"), opt_level=2))["main"]
    found = program(*[np.array(v, DTYPES[type].numpy) for v in inputs])
    assert found.tolist() == values[-1]


OF_FLOATS = {
    "abs": np.abs,
    "add": np.add,
    "ceil": np.ceil,
    "divide": np.divide,
    "floor": np.floor,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "multiply": np.multiply,
    "negate": np.negative,
    "remainder": np.fmod,
    "round_nearest_even": np.rint,
    "sqrt": np.sqrt,
    "subtract": np.subtract,
}


@settings(max_examples=20)
@given(st.sampled_from(["f32", "f64", "f16", "bf16"]), st.data())
def test_random_graphs_of_floats(type, data):
    """Each op is rounded once: what is exact in double precision is rounded to the type after each step."""
    dtype = DTYPES[type].numpy
    numbers = st.sampled_from([0.0, -0.0, 1.0, -1.5, 2.5, 3e4, 1e-4, INF, -INF, NAN])
    inputs = data.draw(st.lists(st.lists(numbers, min_size=4, max_size=4), min_size=1, max_size=3))
    arrays = [np.array(v).astype(dtype) for v in inputs]
    values, lines = list(arrays), []
    for op in data.draw(st.lists(st.sampled_from(sorted(OF_FLOATS)), min_size=3, max_size=10)):
        function = OF_FLOATS[op]
        operands = data.draw(st.lists(st.integers(0, len(values) - 1), min_size=function.nin, max_size=function.nin))
        wide = np.float64 if type == "f64" else np.float32
        with np.errstate(all="ignore"):
            values.append(np.asarray(function(*[values[o].astype(wide) for o in operands])).astype(dtype))
        arguments = ", ".join(f"%v{o}" for o in operands)
        lines.append(
            f'%v{len(values) - 1} = "stablehlo.{op}"({arguments}) : ({", ".join(["!t"] * len(operands))}) -> !t'
        )
    parameters = ", ".join(f"%v{i}: !t" for i in range(len(inputs)))
    text = f"func.func @main({parameters}) -> !t {{\n" + "\n".join(lines) + f"\nreturn %v{len(values) - 1} : !t\n}}"
    found = tfrt.load(tfrt.compile(text.replace("!t", f"tensor<4x{type}>"), opt_level=2))["main"](*arrays)
    assert bits(found) == bits(values[-1])


FLOATS_ONLY = ("atan2", "cbrt", "ceil", "cosine", "exponential", "floor", "log", "rsqrt", "tanh")


@pytest.mark.parametrize("op", FLOATS_ONLY)
def test_integers_that_are_refused(op, fails):
    x = np.ones(2, np.int32)
    operands = [x, x] if op == "atan2" else [x]
    fails(f"op 'stablehlo.{op}' does not take elements of i32", f"stablehlo.{op}", *operands)


@pytest.mark.parametrize(
    ("op", "type"),
    [("and", "f32"), ("subtract", "i1"), ("negate", "i1"), ("shift_left", "i1"), ("popcnt", "f64"),
     ("remainder", "complex<f32>"), ("floor", "complex<f64>"), ("not", "bf16"), ("count_leading_zeros", "i1")],
)  # fmt: skip
def test_types_that_are_refused(op, type, fails):
    operands = [elements([1, 0], type)] * (
        1 if op in ("negate", "popcnt", "floor", "not", "count_leading_zeros") else 2
    )
    fails(f"op 'stablehlo.{op}' does not take elements of {type}", f"stablehlo.{op}", *operands)


def test_operands_that_do_not_go_together(fails):
    x, y, z = np.ones((2, 3), np.float32), np.ones((3, 2), np.float32), np.ones((2, 3), np.int32)
    fails("(C1) expects operands of one shape, but got [2, 3], [3, 2]", "stablehlo.add", x, y)
    fails("(C1) expects operands of one element type, but got f32, i32", "stablehlo.add", x, z)
    fails("(C3) expects operands of one element type, but got i32, f32, f32", "stablehlo.clamp", z, x, x)
    message = "(C1) expects min to be a scalar or of shape [2, 3], but got [3, 2]"
    fails(message, "stablehlo.clamp", y, x, x)
    fails("op 'stablehlo.add' takes 2 inputs and is given 1", "stablehlo.add", x)


@pytest.mark.parametrize("op", EXAMPLES)
def test_ops_that_can_be_fused(op):
    """All of them, for the types that they take; but absolute values of complex numbers are not complex."""
    entry = CPU_OPS.get(f"stablehlo.{op}")
    fused = {type for type in DTYPES.values() if entry.elementwise(type) is not None}
    assert {DTYPES[type] for type, *_ in EXAMPLES[op]} <= fused
    assert op != "abs" or DType.COMPLEX64 not in fused
