"""Ops between element types: conversions against exact arithmetic, bits, parts, comparisons, and choices."""

import math
from fractions import Fraction

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.values.dtype import DType

INF, NAN = math.inf, math.nan
DTYPES = {dtype.mlir: dtype for dtype in DType}
WIDTHS = (2, 4, 8, 16, 32, 64)
LIMITS = {f"i{n}": (-(2 ** (n - 1)), 2 ** (n - 1) - 1) for n in WIDTHS} | {f"ui{n}": (0, 2**n - 1) for n in WIDTHS}
# The bits of mantissas, with the one that is not stored; the least exponent of a normal number; the greatest number.
FORMATS = {
    "f64": (53, -1022, Fraction(2**53 - 1) * 2**971),
    "f32": (24, -126, Fraction(2**24 - 1) * 2**104),
    "f16": (11, -14, Fraction(65504)),
    "bf16": (8, -126, Fraction(2**8 - 1) * 2**120),
    "f8E5M2": (3, -14, Fraction(57344)),
    "f8E4M3": (4, -6, Fraction(240)),
}
COMPLEX = ("complex<f32>", "complex<f64>")


def elements(values, type):
    if type in ("ui64", "i64"):
        return np.array(values, DTYPES[type].numpy)
    return np.array(values).astype(DTYPES[type].numpy)


def rounded(value, type):
    """A number of a type's format: the nearest one, ties to even; infinite where it is too large."""
    if not isinstance(value, Fraction):
        return value
    bits, least, greatest = FORMATS[type]
    exponent = math.frexp(abs(value.numerator) / value.denominator)[1] if value else least
    ulp = Fraction(2) ** (max(exponent - 1, least) - bits + 1)
    # Fractions round ties to even.
    nearest = round(value / ulp) * ulp
    return math.copysign(INF, value) if abs(nearest) > greatest else float(nearest)


def converted(value, type):
    """What the specification, or XLA where that is open, makes of a number."""
    if type == "i1":
        return value != 0
    if type in FORMATS:
        return rounded(Fraction(value) if math.isfinite(value) and value else value, type)
    low, high = LIMITS[type]
    if isinstance(value, int):
        return (value - low) % (high - low + 1) + low
    return 0 if math.isnan(value) else high if value > high else low if value < low else int(value)


NUMBERS = {
    "i1": [False, True],
    **{type: sorted({low, low + 1, 0, 1, 2, high // 3, high - 1, high}) for type, (low, high) in LIMITS.items()},
    **{
        type: [float(v) for v in elements([0, -0.0, 1, -1.5, 2.75, 127.5, -129, 0.0, INF, -INF, NAN], type)]
        for type in FORMATS
    },
}
NUMBERS["i2"], NUMBERS["ui2"] = [-2, -1, 0, 1], [0, 1, 2, 3]
NUMBERS["f64"] += [2.0**31, -(2.0**63), 2.0**64, 1 + 2.0**-24 + 2.0**-50, 1 + 2.0**-8 + 2.0**-40, 1e300, 240.5, 464.1]
NUMBERS["f32"] += [2.0**31, -(2.0**63), 2.0**64, 1 + 2.0**-8, 1 + 3 * 2.0**-8, 2.0**127, 65519.0, 65520.0, 2.0**-140]
# Into these, integers that single precision does not hold are rounded twice, as XLA does it.
TWICE = {"f16", "bf16", "f8E5M2", "f8E4M3"}


@pytest.mark.parametrize("target", ["i1", *LIMITS, *FORMATS])
@pytest.mark.parametrize("source", NUMBERS)
def test_conversions(source, target, array):
    numbers = [v for v in NUMBERS[source] if not (target in TWICE and source in LIMITS and abs(v) > 2**24)]
    found = array("stablehlo.convert", elements(numbers, source), dtype=DTYPES[target])
    assert found.dtype == DTYPES[target].numpy
    expected = [converted(v, target) for v in numbers]
    if target in FORMATS:
        wide = found.astype(np.float64)
        np.testing.assert_array_equal(wide, np.array(expected, np.float64))
        assert np.signbit(wide).tolist() == [math.copysign(1, v) < 0 for v in map(float, numbers)] or NAN in numbers
    else:
        assert found.astype(object).tolist() == expected


@pytest.mark.parametrize("target", LIMITS)
def test_single_numbers_at_the_limits(target, array):
    """Arrays with nothing else that an integer cannot hold."""
    low, high = LIMITS[target]
    for number in (low - 1.5, low - 0.5, high + 0.5, high + 1.0, float(low), NAN):
        found = array("stablehlo.convert", np.array([number]), dtype=DTYPES[target])
        assert found.astype(object).tolist() == [converted(number, target)]


@pytest.mark.parametrize("target", COMPLEX)
@pytest.mark.parametrize("source", ["i1", "i4", "ui8", "i32", "bf16", "f8E4M3", "f32", *COMPLEX])
def test_conversions_to_complex_numbers(source, target, array):
    found = array("stablehlo.convert", elements([0, 1], source), dtype=DTYPES[target])
    assert found.dtype == DTYPES[target].numpy
    assert found.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("i1", [True, False]),
        ("i8", [-1, 0]),
        ("f32", [-1.5, 0.0]),
        ("bf16", [-1.5, 0.0]),
        ("complex<f32>", [-1.5 + 2j, 3j]),
    ],
)
def test_conversions_of_complex_numbers(target, expected, array):
    found = array("stablehlo.convert", np.array([-1.5 + 2j, 3j]), dtype=DTYPES[target])
    assert found.dtype == DTYPES[target].numpy
    assert found.astype(complex).tolist() == expected


@pytest.mark.parametrize("source", ["i1", "i4", "i32", "bf16", "f32", "complex<f32>"])
def test_converted_elements_are_in_memory_of_their_own(source):
    """What is done to them in place does not change the operand."""
    known = TensorMetadata(DTYPES[source], (3,))
    x = elements([1, 0, 1], source)
    for dtype in {DTYPES[source], DType.F32 if source.startswith("complex") else DTYPES[source]}:
        form = CPU_OPS.get("stablehlo.convert").arrays((known,), {}, None, (TensorMetadata(dtype, (3,)),))
        out = np.zeros(3, dtype.numpy)
        assert form(x, out=out) is out
        for found in (form(x), out):
            assert not np.shares_memory(found, x)
            assert found.astype(complex).tolist() == [1, 0, 1]


def test_conversions_are_rounded_once(array):
    """Halfway but for bits that single precision does not hold."""
    x = np.array([1 + 2.0**-8 + 2.0**-40, 1 + 3 * 2.0**-8 - 2.0**-40, -1 - 2.0**-8 - 2.0**-40, 5e-324, 1e308])
    found = array("stablehlo.convert", x, dtype=DType.BF16).astype(np.float64)
    assert found.tolist() == [1 + 2.0**-7, 1 + 2.0**-7, -1 - 2.0**-7, 0.0, INF]


# Operand and its type, the result's type, and the result.
BITS = [
    ([1.0, -0.0], "f32", "i32", [0x3F800000, -(2**31)]),
    ([1.0, NAN], "bf16", "ui16", [0x3F80, 0x7FC0]),
    ([1, -1], "i4", "ui4", [1, 15]),
    ([True, False], "i1", "i1", [True, False]),
    ([0x04030201], "i32", "i8", [[1, 2, 3, 4]]),
    ([[1, 2, 3, 4]], "i8", "i32", [0x04030201]),
    ([0x5A, -1], "i8", "ui4", [[10, 5], [15, 15]]),
    ([[10, 5], [15, 15]], "ui4", "i8", [0x5A, -1]),
    ([[-6, 5]], "i4", "ui8", [0x5A]),
    ([0x1B], "ui8", "i2", [[-1, -2, 1, 0]]),
    ([[3, 2, 1, 0]], "ui2", "ui8", [0x1B]),
    ([0x05], "ui8", "i1", [[True, False, True, False, False, False, False, False]]),
    ([[True, False, True] + [False] * 5], "i1", "ui8", [5]),
    ([1 + 2j], "complex<f64>", "complex<f32>", [[1.875j, 2j]]),
    ([0x3FF0000000000000], "ui64", "f64", [1.0]),
    ([1.0], "f64", "f32", [[0.0, 1.875]]),
]


@pytest.mark.parametrize(("values", "source", "target", "expected"), BITS, ids=[f"{b[1]}-{b[2]}" for b in BITS])
def test_bits(values, source, target, expected, array, in_program):
    operand = elements(values, source)
    wanted = elements(expected, target)
    spelled = [f"tensor<{''.join(f'{n}x' for n in np.shape(v))}{t}>" for v, t in ((values, source), (expected, target))]
    for found in (
        array("stablehlo.bitcast_convert", operand, dtype=DTYPES[target]),
        array("stablehlo.bitcast_convert", np.stack([operand, operand])[1], dtype=DTYPES[target]),
        in_program("stablehlo.bitcast_convert %0", " -> ".join(spelled), operand),
    ):
        assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
        assert found.astype(object).tolist() == wanted.astype(object).tolist()


def test_parts(array):
    z = np.array([[1 + 2j, -0.0 - 3j]], np.complex64)
    real, imag = array("stablehlo.real", z), array("stablehlo.imag", z)
    assert (real.dtype, real.tolist(), imag.tolist()) == (np.float32, [[1, 0]], [[2, -3]])
    assert array("stablehlo.complex", real, imag).tolist() == z.tolist()
    assert array("stablehlo.complex", real, imag).dtype == np.complex64
    assert array("stablehlo.abs", np.array([3 - 4j])).tolist() == [5.0]
    x = np.array([1.5, -2], np.float16)
    assert array("stablehlo.real", x).tolist() == x.tolist()
    assert array("stablehlo.imag", x).tolist() == [0, 0]
    assert array("stablehlo.imag", x).dtype == np.float16


@pytest.mark.parametrize("type", ["f16", "bf16", "f32", "f64", "f8E5M2", "f8E4M3FN"])
def test_numbers_that_are_finite(type, array):
    found = array("stablehlo.is_finite", elements([0, -1.5, INF, NAN], type))
    assert found.dtype == bool
    # A format without infinity has NaN in its place.
    assert found.tolist() == [True, True, False, False]


DIRECTIONS = {
    "EQ": lambda a, b: a == b,
    "NE": lambda a, b: a != b,
    "GE": lambda a, b: a >= b,
    "GT": lambda a, b: a > b,
    "LE": lambda a, b: a <= b,
    "LT": lambda a, b: a < b,
}
ORDERED = {
    "i1": ([False, False, True, True], [False, True, False, True]),
    "i4": ([-8, 0, 7, 7], [7, 0, -8, -1]),
    "ui4": ([15, 0, 8], [7, 0, 8]),
    "i8": ([-128, 0, 127], [127, 0, -128]),
    "ui32": ([2**32 - 1, 0, 1], [0, 0, 2]),
    "f32": ([1.0, -0.0, NAN, INF, NAN], [2.0, 0.0, NAN, -INF, 1.0]),
    "bf16": ([1.0, -0.0, NAN, INF], [2.0, 0.0, NAN, -INF]),
    "f8E4M3FN": ([1.0, -0.0, NAN], [2.0, 0.0, 1.0]),
}


@pytest.mark.parametrize("type", ORDERED)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_comparisons(direction, type, array):
    x, y = ORDERED[type]
    found = array("stablehlo.compare", elements(x, type), elements(y, type), comparison_direction=direction)
    assert found.dtype == bool
    assert found.tolist() == [DIRECTIONS[direction](a, b) for a, b in zip(x, y, strict=True)]


@pytest.mark.parametrize("type", ["f16", "bf16", "f32", "f64"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_total_order(direction, type, array, in_program):
    """From the least one on."""
    x = elements([-NAN, -INF, -1.5, -1.0, -0.0, 0.0, 1.0, 1.5, INF, NAN], type)
    x[0] = np.copysign(x[:1].astype(np.float64), -1).astype(x.dtype)[0]
    lhs, rhs = np.repeat(x, len(x)), np.tile(x, len(x))
    places = range(len(x))
    expected = [DIRECTIONS[direction](a, b) for a in places for b in places]
    found = array("stablehlo.compare", lhs, rhs, comparison_direction=direction, compare_type="TOTALORDER")
    assert found.tolist() == expected
    types = f"tensor<100x{type}>, tensor<100x{type}> -> tensor<100xi1>"
    assert in_program(f"stablehlo.compare {direction}, %0, %1, TOTALORDER", types, lhs, rhs).tolist() == expected


def test_equality_of_complex_numbers(array):
    x, y = np.array([1 + 2j, 0j, complex(NAN, 1)]), np.array([1 + 2j, complex(0, -0.0), complex(NAN, 1)])
    assert array("stablehlo.compare", x, y, comparison_direction="EQ").tolist() == [True, True, False]
    assert array("stablehlo.compare", x, y, comparison_direction="NE").tolist() == [False, False, True]


@pytest.mark.parametrize("type", ["i1", "i4", "ui64", "bf16", "f32", "complex<f64>"])
def test_select(type, array):
    x, y = elements([1, 0, 1], type), elements([0, 1, 1], type)
    found = array("stablehlo.select", np.array([True, True, False]), x, y)
    assert (found.dtype, found.astype(complex).tolist()) == (x.dtype, [1, 0, 1])
    for pred in (True, False):
        found = array("stablehlo.select", np.array(pred), x, y)
        assert found.astype(complex).tolist() == (x if pred else y).astype(complex).tolist()


# Bits of exponents and mantissas, then numbers and what they become.
PRECISIONS = [
    ("f32", 5, 10, [1.0, 65504.0, 65520.0, -1e30, 6.1035156e-05, 6.0e-05, -1e-8, NAN, INF, -0.0],
     [1.0, 65504.0, INF, -INF, 6.1035156e-05, 0.0, -0.0, NAN, INF, -0.0]),
    ("f32", 8, 7, [1 + 2.0**-8, 1 + 3 * 2.0**-8, 2.0**-133, 3.4e38], [1.0, 1 + 2.0**-6, 2.0**-133, INF]),
    ("f32", 8, 23, [1e-45, -3.4e38, NAN], [1e-45, -3.4e38, NAN]),
    ("f64", 11, 0, [1.4, 1.5, 1.6, 3.0, NAN], [1.0, 2.0, 2.0, 2.0, INF]),
    ("f16", 5, 3, [6e-8, 1.0625, 1.1875], [0.0, 1.0, 1.25]),
    ("bf16", 4, 3, [1.0625, 300.0, 0.01, -1.1875], [1.0, INF, 0.0, -1.25]),
    ("f8E5M2", 4, 1, [1.25, 1.75, 57344.0], [1.0, 2.0, INF]),
]  # fmt: skip


@pytest.mark.parametrize(("type", "exponent", "mantissa", "values", "expected"), PRECISIONS)
def test_reduced_precision(type, exponent, mantissa, values, expected, array):
    x = elements(values, type)
    found = array("stablehlo.reduce_precision", x, exponent_bits=exponent, mantissa_bits=mantissa)
    assert found.dtype == x.dtype
    wide, wanted = found.astype(np.float64), elements(expected, type).astype(np.float64)
    np.testing.assert_array_equal(wide, wanted)
    assert np.signbit(wide).tolist() == np.signbit(wanted).tolist()


def test_constants(array):
    value = np.array([[1, 2]], np.uint8)
    assert array("stablehlo.constant", value=value).tolist() == [[1, 2]]
    assert array("stablehlo.constant", value=value).dtype == np.uint8


def test_ops_in_programs_are_those_of_eager_callers(array):
    text = """
      func.func @main(%x: tensor<4xf32>, %y: tensor<4xf32>)
          -> (tensor<4xi8>, tensor<4xi1>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>, tensor<4xcomplex<f32>>,
              tensor<4xf32>) {
        %converted = stablehlo.convert %x : (tensor<4xf32>) -> tensor<4xi8>
        %less = stablehlo.compare LT, %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
        %picked = stablehlo.select %less, %x, %y : tensor<4xi1>, tensor<4xf32>
        %short = stablehlo.reduce_precision %x, format = e5m2 : tensor<4xf32>
        %finite = stablehlo.is_finite %x : (tensor<4xf32>) -> tensor<4xi1>
        %z = stablehlo.complex %x, %y : tensor<4xcomplex<f32>>
        %imag = stablehlo.imag %z : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
        return %converted, %less, %picked, %short, %finite, %z, %imag :
          tensor<4xi8>, tensor<4xi1>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>, tensor<4xcomplex<f32>>, tensor<4xf32>
      }"""
    x, y = np.array([1.3, -500, NAN, 2], np.float32), np.array([2, -700, 1, 2], np.float32)
    less = array("stablehlo.compare", x, y, comparison_direction="LT")
    expected = [
        array("stablehlo.convert", x, dtype=DType.I8),
        less,
        array("stablehlo.select", less, x, y),
        array("stablehlo.reduce_precision", x, exponent_bits=5, mantissa_bits=2),
        array("stablehlo.is_finite", x),
        array("stablehlo.complex", x, y),
        y,
    ]
    for opt_level in (0, 2):
        found = tfrt.load(tfrt.compile(text, opt_level=opt_level))["main"](x, y)
        for one, other in zip(found, expected, strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
    assert expected[0].tolist() == [1, -128, 0, 2]


X, N, Z = np.ones((2, 3), np.float32), np.ones((2, 3), np.int32), np.ones((2, 3), np.complex64)
REFUSED = [
    ("missing attribute 'dtype' of op 'stablehlo.convert'", "convert", [X], {}),
    ("op 'stablehlo.is_finite' does not take elements of i32", "is_finite", [N], {}),
    ("op 'stablehlo.real' does not take elements of i32", "real", [N], {}),
    ("op 'stablehlo.imag' does not take elements of i32", "imag", [N], {}),
    ("op 'stablehlo.complex' does not take elements of i32", "complex", [N, N], {}),
    ("(C1) expects operands of one element type, but got f32, i32", "complex", [X, N], {}),
    ("(C2) expects operands of one shape, but got [2, 3], [2]", "complex", [X, X[:, 0]], {}),
    ("(C1) expects operands of one element type, but got f32, i32", "compare", [X, N], {"comparison_direction": "EQ"}),
    ("(C2) expects operands of one shape, but got [2, 3], [3]", "compare", [X, X[0]], {"comparison_direction": "EQ"}),
    ("comparison_direction must be one of EQ, NE, GE, GT, LE, LT, not LESS", "compare", [X, X],
     {"comparison_direction": "LESS"}),
    ("missing attribute 'comparison_direction' of op 'stablehlo.compare'", "compare", [X, X], {}),
    ("(C2) expects operands of one element type, but got f32, i32", "select", [X > 0, X, N], {}),
    ("(C2) expects on_true and on_false of one shape, but got [2, 3], [3]", "select", [X > 0, X, X[0]], {}),
    ("(C1) expects pred to be a scalar or of shape [2, 3], but got [3]", "select", [X[0] > 0, X, X], {}),
    ("op 'stablehlo.select' takes a pred of i1, not of i32", "select", [N, X, X], {}),
    ("(C2) expects exponent_bits of at least 1, but got 0", "reduce_precision", [X],
     {"exponent_bits": 0, "mantissa_bits": 1}),
    ("(C3) expects mantissa_bits of at least 0, but got -1", "reduce_precision", [X],
     {"exponent_bits": 1, "mantissa_bits": -1}),
    ("op 'stablehlo.reduce_precision' does not take elements of i32", "reduce_precision", [N],
     {"exponent_bits": 1, "mantissa_bits": 1}),
    ("(C2) expects both or neither of complex elements, but got complex<f32> and i64", "bitcast_convert", [Z],
     {"dtype": DType.I64}),
    ("(C1) expects a last dimension of size 2, but got [2, 3]", "bitcast_convert", [X], {"dtype": DType.F64}),
    ("(C1) expects elements that others are made of, but got f32 and f6E2M3FN", "bitcast_convert", [X],
     {"dtype": DType.F6E2M3FN}),
]  # fmt: skip


@pytest.mark.parametrize(("message", "op", "operands", "attributes"), REFUSED)
def test_what_is_refused(message, op, operands, attributes, fails):
    fails(message, f"stablehlo.{op}", *operands, **attributes)
