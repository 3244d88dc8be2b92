"""Elementwise ops that are StableHLO's, and what is made of a few of them."""

import math

import numpy as np
import pytest

from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType

X = np.float32([[-1.5, -0.5], [0.25, 2.5]])
P = np.abs(X) + np.float32(0.1)
T = np.tanh(X)
N = np.int32([-7, 7, -8, 5])
J = np.int32([2, -2, 4, 3])


def each(function, values):
    return np.vectorize(function, otypes=[np.float64])(values.astype(np.float64)).astype(np.float32)


@pytest.mark.parametrize(
    ("op", "operand", "expected"),
    [
        ("Acos", T, each(math.acos, T)),
        ("Acosh", P + 1, each(math.acosh, P + 1)),
        ("Asin", T, each(math.asin, T)),
        ("Asinh", X, each(math.asinh, X)),
        ("Atan", X, each(math.atan, X)),
        ("Atanh", T, each(math.atanh, T)),
        ("BesselI0", np.float32([0, 0.5, -3, 800]), np.float32([1, 1.0634834, 4.8807926, np.inf])),
        ("BesselI1", np.float32([0, 0.5, -3, -800]), np.float32([0, 0.2578943, -3.9533702, -np.inf])),
        ("BesselI0e", np.float32([0, 1, -8, 600]), np.float32([1, 0.4657596, 0.1434318, 0.016290])),
        ("BesselI1e", np.float32([0, 1]), np.float32([0, 0.20791042])),
        ("Ceil", X, np.ceil(X)),
        ("Conj", X + 1j * X, X - 1j * X),
        ("Cos", X, each(math.cos, X)),
        ("Cosh", X, each(math.cosh, X)),
        ("Digamma", np.float32([1, 2]), np.float32([-0.5772157, 0.42278433])),
        ("Elu", X, np.where(X > 0, X, np.expm1(X))),
        ("Erf", X, each(math.erf, X)),
        ("Erfc", X, each(math.erfc, X)),
        ("Erfinv", each(math.erf, X / 2), X / 2),
        ("Expm1", X, each(math.expm1, X)),
        ("Floor", X, np.floor(X)),
        ("Imag", X + 2j * X, 2 * X),
        ("Inv", P, 1 / P),
        ("Invert", N, ~N),
        ("IsFinite", np.float32([1, np.inf, np.nan]), np.array([True, False, False])),
        ("IsInf", np.float32([1, np.inf, np.nan]), np.array([False, True, False])),
        ("IsNan", np.float32([1, np.inf, np.nan]), np.array([False, False, True])),
        ("Lgamma", P, each(math.lgamma, P)),
        ("LogicalNot", X > 0, X <= 0),
        ("PopulationCount", np.uint8([255, 5]), np.uint8([8, 2])),
        ("Real", X + 2j * X, X),
        ("Reciprocal", P, 1 / P),
        ("Relu6", X * 4, np.clip(X * 4, 0, 6)),
        ("Rint", np.float32([0.5, 1.5, -2.5]), np.float32([0, 2, -2])),
        ("Round", np.float32([0.5, 1.5, -2.5]), np.float32([0, 2, -2])),
        ("Round", N, N),
        ("Selu", np.float32([-1, 1]), np.float32([-1.1113307, 1.050701])),
        ("Sign", N, np.sign(N)),
        ("Sin", X, each(math.sin, X)),
        ("Sinh", X, each(math.sinh, X)),
        ("Softplus", np.float32([-200, 0, 200]), np.float32([0, math.log(2), 200])),
        ("Softsign", X, X / (1 + np.abs(X))),
        ("Tan", X, each(math.tan, X)),
        ("ToBool", np.float32([0]), np.array(True)),
        ("ToBool", np.float32(0), np.array(False)),
    ],
)
def test_of_one(array, op, operand, expected):
    found = array(f"tf.{op}", operand)
    if expected.dtype.kind == "c":
        expected = expected.astype(found.dtype)
    if op not in ("Conj", "Real", "Imag"):
        assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("op", "x", "y", "expected"),
    [
        ("Atan2", X, X[0], np.arctan2(X, X[0])),
        ("BitwiseAnd", N, J, N & J),
        ("BitwiseOr", N, J, N | J),
        ("BitwiseXor", N, J, N ^ J),
        ("Div", N, J, np.int32([-3, -3, -2, 1])),
        ("DivNoNan", X, np.float32([0, 2]), np.float32([[0, -0.25], [0, 1.25]])),
        ("FloorDiv", N, J, N // J),
        ("FloorMod", N, J, N % J),
        ("LeftShift", N, np.abs(J), N << np.abs(J)),
        ("LogicalAnd", X > 0, X > 1, X > 1),
        ("LogicalOr", X > 0, X > 1, X > 0),
        ("Mod", N, J, np.int32([-1, 1, 0, 2])),
        ("MulNoNan", np.float32([np.inf, 2]), np.float32([0, 3]), np.float32([0, 6])),
        ("NextAfter", X, X + 1, np.nextafter(X, X + 1)),
        ("Polygamma", np.float32(1), np.float32([1]), np.float32([math.pi**2 / 6])),
        ("Pow", P, X, P**X),
        ("RightShift", N, np.abs(J), N >> np.abs(J)),
        ("RightShift", np.uint8([128]), np.uint8([3]), np.uint8([16])),
        ("SquaredDifference", X, X[0], (X - X[0]) ** 2),
        ("TruncateDiv", N, J, np.int32([-3, -3, -2, 1])),
        ("TruncateMod", N, J, np.int32([-1, 1, 0, 2])),
        ("Xdivy", np.float32([0, 1]), np.float32([0, 2]), np.float32([0, 0.5])),
        ("Xlog1py", np.float32([0, 2]), np.float32([-1, 1]), np.float32([0, 2 * math.log(2)])),
        ("Xlogy", np.float32([0, 2]), np.float32([0, 3]), np.float32([0, 2 * math.log(3)])),
        ("Zeta", np.float32([2]), np.float32([1]), np.float32([math.pi**2 / 6])),
    ],
)
def test_of_two(array, op, x, y, expected):
    found = array(f"tf.{op}", x, y)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=2e-6)


def test_others(array):
    np.testing.assert_array_equal(array("tf.AddN", X, X, X), X + X + X)
    np.testing.assert_array_equal(array("tf.ClipByValue", X, np.float32(-1), np.float32(1)), np.clip(X, -1, 1))
    np.testing.assert_array_equal(array("tf.LeakyRelu", X, alpha=0.5), np.where(X > 0, X, X / 2))
    assert array("tf.ApproximateEqual", X, X + np.float32(0.1), tolerance=0.2).all()
    assert array("tf.Complex", X, X[0]).dtype == np.complex64
    np.testing.assert_allclose(array("tf.Angle", np.complex64([1j, -1, 1 - 1j])), [np.pi / 2, np.pi, -np.pi / 4])
    np.testing.assert_allclose(
        array("tf.ComplexAbs", (X + 1j * X).astype(np.complex64)), np.sqrt(2) * np.abs(X), rtol=1e-6
    )


def test_the_same_bits(array):
    assert array("tf.Bitcast", X, type=DType.I32).tolist() == X.view(np.int32).tolist()
    assert array("tf.Bitcast", X, type=DType.UI8).shape == (2, 2, 4)
    assert array("tf.Bitcast", array("tf.Bitcast", X, type=DType.UI8), Tout=DType.F32).tolist() == X.tolist()


@pytest.mark.parametrize(
    ("message", "op", "operands"),
    [
        ("Integer division by zero", "tf.FloorDiv", (N, J * 0)),
        ("Integer division by zero", "tf.Mod", (N, J * 0)),
        ("incompatible dtypes for binary operation", "tf.Pow", (X, N)),
        ("Dimensions must be equal, but are 2 and 4", "tf.Atan2", (X, np.zeros(4, np.float32))),
        ("tf.AddN: Inputs must have the same type and shape", "tf.AddN", (X, X[0])),
        ("missing attribute 'type' of op 'tf.Bitcast'", "tf.Bitcast", (X,)),
    ],
)
def test_what_they_refuse(fails, message, op, operands):
    fails(message, op, *operands)


def test_numbers_that_are_checked(array):
    assert array("tf.CheckNumerics", X, message="here").tolist() == X.tolist()
    for bad, what in (([np.nan, 1], "NaN"), ([-np.inf, 1], "Inf"), ([np.inf, np.nan], "Inf and NaN")):
        with pytest.raises(KernelError, match=f"here : Tensor had {what} values$"):
            array("tf.CheckNumerics", np.float32(bad), message="here")
