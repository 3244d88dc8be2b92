"""Elementwise ops: values against numpy and Python's own arithmetic, broadcasting, scalar tensors, messages."""

import cmath
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import ScalarHostTensor

INTEGERS = [np.uint8, np.uint16, np.uint32, np.uint64, np.int8, np.int16, np.int32, np.int64]
FLOATS = [np.float32, np.float64]
REAL = [*INTEGERS, np.float16, *FLOATS]
COMPLEX = [np.complex64, np.complex128]

ARITHMETIC = {
    "tf.Add": lambda a, b: a + b,
    "tf.AddV2": lambda a, b: a + b,
    "tf.Sub": lambda a, b: a - b,
    "tf.Mul": lambda a, b: a * b,
    "tf.RealDiv": lambda a, b: a / b if isinstance(a, float | complex) else int(a / b),
}
ORDER = {
    "tf.Less": lambda a, b: a < b,
    "tf.LessEqual": lambda a, b: a <= b,
    "tf.Greater": lambda a, b: a > b,
    "tf.GreaterEqual": lambda a, b: a >= b,
}
EQUALITY = {"tf.Equal": lambda a, b: a == b, "tf.NotEqual": lambda a, b: a != b}
EXTREMA = {"tf.Maximum": max, "tf.Minimum": min}


def each(function, lhs, rhs, dtype):
    """`function` of the elements one by one, broadcast by index arithmetic."""
    shape = np.broadcast_shapes(lhs.shape, rhs.shape)
    result = np.empty(shape, dtype)
    for index in np.ndindex(*shape):
        operands = []
        for operand in (lhs, rhs):
            own = index[len(shape) - operand.ndim :]
            at = tuple(0 if size == 1 else i for i, size in zip(own, operand.shape, strict=True))
            operands.append(operand[at].item())
        result[index] = function(*operands)
    return result


@pytest.mark.parametrize("dtype", [*REAL, *COMPLEX])
@pytest.mark.parametrize("op", ARITHMETIC)
def test_arithmetic(array, op, dtype):
    lhs, rhs = np.array([[12, 7], [4, 100]], dtype), np.array([3, 5], dtype)
    # 12 - 3 and so on fit into every type; nothing wraps around here.
    lhs = lhs if op != "tf.Mul" else lhs.clip(0, 20) if dtype not in COMPLEX else lhs
    expected = each(ARITHMETIC[op], lhs, rhs, dtype)
    np.testing.assert_allclose(array(op, lhs, rhs), expected, rtol=1e-3 if dtype is np.float16 else 1e-6)


@pytest.mark.parametrize("dtype", REAL)
@pytest.mark.parametrize("op", [*ORDER, *EQUALITY])
def test_comparisons(array, op, dtype):
    lhs, rhs = np.array([[1], [2], [3]], dtype), np.array([1, 3], dtype)
    result = array(op, lhs, rhs)
    assert result.dtype == bool
    np.testing.assert_array_equal(result, each((ORDER | EQUALITY)[op], lhs, rhs, bool))


@pytest.mark.parametrize("dtype", [bool, *COMPLEX])
@pytest.mark.parametrize("op", EQUALITY)
def test_equality_of_what_has_no_order(array, op, dtype):
    lhs, rhs = np.array([1, 0], dtype), np.array([1, 1], dtype)
    np.testing.assert_array_equal(array(op, lhs, rhs), each(EQUALITY[op], lhs, rhs, bool))


@pytest.mark.parametrize("dtype", REAL)
@pytest.mark.parametrize("op", EXTREMA)
def test_extrema(array, op, dtype):
    lhs, rhs = np.array([1, 7, 3], dtype), np.array([[2], [5]], dtype)
    np.testing.assert_array_equal(array(op, lhs, rhs), each(EXTREMA[op], lhs, rhs, dtype))


def test_integers_wrap_around(array):
    low, high = np.array([-(2**31)], np.int32), np.array([2**31 - 1], np.int32)
    assert array("tf.AddV2", high, np.array([1], np.int32)).tolist() == low.tolist()
    assert array("tf.Sub", low, np.array([1], np.int32)).tolist() == high.tolist()
    assert array("tf.Mul", high, np.array([2], np.int32)).tolist() == [-2]
    assert array("tf.RealDiv", low, np.array([-1], np.int32)).tolist() == low.tolist()
    assert array("tf.Neg", low).tolist() == array("tf.Abs", low).tolist() == low.tolist()
    assert array("tf.Sub", np.array([0], np.uint8), np.array([1], np.uint8)).tolist() == [255]


@given(st.lists(st.tuples(st.integers(-128, 127), st.integers(-128, 127).filter(bool)), max_size=20))
def test_integers_divide_toward_zero(array, pairs):
    dividends, divisors = (np.array([pair[i] for pair in pairs], np.int8) for i in (0, 1))
    expected = [(int(a / b) + 128) % 256 - 128 for a, b in pairs]
    assert array("tf.RealDiv", dividends, divisors).tolist() == expected


def test_division_by_zero(array, fails):
    fails("Divide by zero", "tf.RealDiv", np.array([1, 2], np.int32), np.array([1, 0], np.int32))
    assert array("tf.RealDiv", np.zeros(0, np.int32), np.array([0], np.int32)).size == 0
    quotients = array("tf.RealDiv", np.array([1, -1, 0], np.float32), np.zeros(1, np.float32))
    np.testing.assert_array_equal(quotients, [np.inf, -np.inf, np.nan])


@given(npst.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3, min_side=0), st.data())
def test_broadcasting(array, shapes, data):
    lhs, rhs = (data.draw(npst.arrays(np.int32, shape, elements=st.integers(-9, 9))) for shape in shapes.input_shapes)
    result = array("tf.AddV2", lhs, rhs)
    assert result.shape == shapes.result_shape
    np.testing.assert_array_equal(result, each(ARITHMETIC["tf.AddV2"], lhs, rhs, np.int32))


shapes = npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


@given(shapes, shapes)
def test_shapes_broadcast_exactly_where_numpys_do(run, fails, lhs, rhs):
    operands = np.zeros(lhs, np.float32), np.zeros(rhs, np.float32)
    try:
        expected = np.broadcast_shapes(lhs, rhs)
    except ValueError:
        pairs = zip(reversed(lhs), reversed(rhs), strict=False)
        left, right = next((a, b) for a, b in pairs if a != b and 1 not in (a, b))
        fails(f"Dimensions must be equal, but are {left} and {right}", "tf.Mul", *operands)
    else:
        assert run("tf.Mul", *operands).shape == expected


@pytest.mark.parametrize(("op", "value"), [("tf.AddV2", 4.0), ("tf.Less", True)])
def test_two_scalar_tensors_give_one(run, op, value):
    one, three = ScalarHostTensor(DType.F32, (2, 1), 1.0), ScalarHostTensor(DType.F32, (3,), 3.0)
    result = run(op, one, three)
    assert isinstance(result, ScalarHostTensor)
    assert (result.shape, result.value) == ((2, 3), value)
    assert type(result.value) is type(value)


def test_a_scalar_tensor_wraps_around_like_a_dense_one(run):
    high = ScalarHostTensor(DType.I8, (), 127)
    assert run("tf.AddV2", high, ScalarHostTensor(DType.I8, (), 1)).value == -128


@pytest.mark.parametrize("shape", [(), (2,), (1, 2), (3, 2), (2, 1, 2)])
def test_a_scalar_tensor_and_a_dense_one(array, shape):
    scalar, dense = ScalarHostTensor(DType.I32, shape, 10), np.array([1, 2], np.int32)
    full = np.full(shape, 10)
    np.testing.assert_array_equal(array("tf.Sub", scalar, dense), full - dense)
    np.testing.assert_array_equal(array("tf.Sub", dense, scalar), dense - full)
    np.testing.assert_array_equal(array("tf.Less", dense, scalar), dense < full)


def test_operands_must_be_of_one_type(fails):
    fails("incompatible dtypes for binary operation", "tf.AddV2", np.zeros(1, np.float32), np.zeros(1, np.int32))
    fails("incompatible dtypes for binary operation", "tf.Less", np.zeros(1, np.float32), np.zeros(1, np.int32))


@pytest.mark.parametrize(
    ("op", "dtype", "label"),
    [
        ("tf.AddV2", bool, "i1"),
        ("tf.Less", np.complex64, "complex64"),
        ("tf.Maximum", np.complex128, "complex128"),
        ("tf.Mul", bool, "i1"),
    ],
)
def test_types_without_the_operation(fails, op, dtype, label):
    fails(f"Unsupported input dtype: {label}", op, np.zeros(2, dtype), np.zeros(2, dtype))


UNARY = {
    "tf.Exp": math.exp,
    "tf.Log": math.log,
    "tf.Log1p": math.log1p,
    "tf.Rsqrt": lambda x: 1 / math.sqrt(x),
    "tf.Sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tf.Sqrt": math.sqrt,
    "tf.Tanh": math.tanh,
    "tf.Abs": abs,
    "tf.Neg": lambda x: -x,
    "tf.Square": lambda x: x * x,
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("op", UNARY)
def test_unary_ops(array, op, dtype):
    values = np.array([[0.25, 1.0, 1e-3], [3.5, 20.0, 7.0]], dtype)
    expected = np.array([[UNARY[op](x) for x in row] for row in values.tolist()])
    result = array(op, values)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, expected, rtol=16 * np.finfo(dtype).eps)


@pytest.mark.parametrize("op", UNARY)
def test_unary_ops_of_a_tensor_of_rank_0(array, op):
    np.testing.assert_allclose(array(op, np.array(0.5, np.float32)), UNARY[op](0.5), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.float16])
@pytest.mark.parametrize("op", ["tf.Abs", "tf.Neg", "tf.Square"])
def test_algebra_of_other_types(array, op, dtype):
    values = np.array([-3, 0, 11], dtype)
    assert array(op, values).tolist() == [UNARY[op](x) for x in values.tolist()]


def test_the_ends_of_the_real_line(array):
    values = np.array([-np.inf, -1e4, 0, 1e4, np.inf, np.nan], np.float32)
    np.testing.assert_array_equal(array("tf.Sigmoid", values), np.float32([0, 0, 0.5, 1, 1, np.nan]))
    np.testing.assert_array_equal(
        array("tf.Log", values), np.float32([np.nan, np.nan, -np.inf, np.log(np.float32(1e4)), np.inf, np.nan])
    )
    np.testing.assert_array_equal(array("tf.Rsqrt", values[2:]), np.float32([np.inf, 0.01, 0, np.nan]))


@pytest.mark.parametrize("op", ["tf.Log", "tf.Log1p", "tf.Rsqrt", "tf.Sigmoid", "tf.Tanh"])
def test_unary_ops_need_floats(fails, op):
    fails("unsupported dtype", op, np.ones(2, np.int32))
    fails("unsupported dtype", op, np.ones(2, bool))


def test_unary_algebra_needs_numbers(fails):
    fails("unsupported dtype", "tf.Neg", np.ones(2, bool))


@pytest.mark.parametrize("dtype", REAL)
def test_relu(array, dtype):
    values = np.array([[2, 0], [5, 9]], dtype)
    values = values if np.dtype(dtype).kind == "u" else values - 3
    assert array("tf.Relu", values).tolist() == [[max(x, 0) for x in row] for row in values.tolist()]


def test_relu_needs_real_numbers(fails):
    fails("unsupported dtype for relu", "tf.Relu", np.ones(2, bool))
    fails("unsupported dtype for relu", "tf.Relu", np.ones(2, np.complex64))


@pytest.mark.parametrize("target", [*REAL, bool])
@pytest.mark.parametrize("source", [*REAL, bool])
def test_casts(array, source, target):
    values = np.array([[0, 1], [3, 100]]).astype(source)
    result = array("tf.Cast", values, DstT=DType.of(np.dtype(target)))
    assert result.dtype == target
    assert result.tolist() == [[np.dtype(target).type(x).item() for x in row] for row in values.tolist()]


def test_casts_truncate_and_wrap_around(array):
    assert array("tf.Cast", np.array([1.9, -1.9], np.float32), DstT=DType.I32).tolist() == [1, -1]
    assert array("tf.Cast", np.array([300, -1], np.int32), DstT=DType.UI8).tolist() == [44, 255]
    beyond = np.array([300, -1, 2.0**31, np.nan], np.float32)
    assert array("tf.Cast", beyond, DstT=DType.UI8).tolist() == [44, 255, 0, 0]
    assert array("tf.Cast", beyond, DstT=DType.I32).tolist() == [300, -1, -(2**31), -(2**31)]
    assert array("tf.Cast", np.array([0.5, 0, np.nan], np.float32), DstT=DType.I1).tolist() == [True, False, True]


def test_casts_of_complex_numbers(array):
    values = np.array([1.5 + 2j, 2j, 0])
    assert array("tf.Cast", values, DstT=DType.F32).tolist() == [1.5, 0, 0]
    assert array("tf.Cast", values, DstT=DType.I1).tolist() == [True, True, False]
    assert array("tf.Cast", values, DstT=DType.COMPLEX64).tolist() == values.tolist()
    assert all(map(cmath.isfinite, array("tf.Cast", np.array([1]), DstT=DType.COMPLEX128)))


def test_bad_casts(fails):
    fails("cannot get destination type", "tf.Cast", np.zeros(1))
    fails("Unsupported cast from f64 to str", "tf.Cast", np.zeros(1), DstT=DType.STRING)
