"""Operators that work element by element."""

import math

import ml_dtypes
import numpy as np
import pytest

from tests.kernels.onnx.running import check
from tfrt.executor.support.errors import KernelError

NAN, INF = float("nan"), float("inf")
f32 = np.float32


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("Abs", [-1, 2, -0.0], [1, 2, 0]),
        ("Acos", [1, 0], [0, math.pi / 2]),
        ("Acosh", [1, math.cosh(2)], [0, 2]),
        ("Asin", [0, 1], [0, math.pi / 2]),
        ("Asinh", [0, math.sinh(1)], [0, 1]),
        ("Atan", [0, 1], [0, math.pi / 4]),
        ("Atanh", [0, math.tanh(0.5)], [0, 0.5]),
        ("Ceil", [1.2, -1.2], [2, -1]),
        ("Cos", [0, math.pi], [1, -1]),
        ("Cosh", [0, 1], [1, math.cosh(1)]),
        ("Erf", [0, 1, -INF], [0, math.erf(1), -1]),
        ("Exp", [0, 1, -INF], [1, math.e, 0]),
        ("Floor", [1.2, -1.2], [1, -2]),
        ("HardSwish", [-4, 0, 3, 1], [0, 0, 3, 4 / 6]),
        ("Log", [1, 0, math.e], [0, -INF, 1]),
        ("Mish", [0, 1], [0, math.tanh(math.log1p(math.e))]),
        ("Neg", [1, -2], [-1, 2]),
        ("Reciprocal", [2, -4, 0], [0.5, -0.25, INF]),
        ("Relu", [-1, 0, 2], [0, 0, 2]),
        ("Round", [0.5, 1.5, -2.5], [0, 2, -2]),
        ("Sigmoid", [0, 1000, -1000], [0.5, 1, 0]),
        ("Sign", [-3, 0, 3], [-1, 0, 1]),
        ("Sin", [0, math.pi / 2], [0, 1]),
        ("Sinh", [0, 1], [0, math.sinh(1)]),
        ("Softplus", [0, 1000], [math.log(2), 1000]),
        ("Softsign", [1, -3], [0.5, -0.75]),
        ("Sqrt", [4, 0], [2, 0]),
        ("Tan", [0, 1], [0, math.tan(1)]),
        ("Tanh", [0, INF], [0, 1]),
        ("Identity", [1, NAN], [1, NAN]),
        ("LeakyRelu", [-1, 2], [-0.01, 2]),
        ("Elu", [-1, 2], [math.expm1(-1), 2]),
        ("Celu", [-1, 2], [math.expm1(-1), 2]),
        ("Selu", [0, 1], [0, 1.050701]),
        ("HardSigmoid", [-5, 0, 1], [0, 0.5, 0.7]),
        ("ThresholdedRelu", [0.5, 1, 2], [0, 0, 2]),
        ("Shrink", [-1, 0.2, 1], [-1, 0, 1]),
        ("Gelu", [0, 1], [0, 0.5 * (1 + math.erf(1 / math.sqrt(2)))]),
        ("Swish", [0, 1], [0, 1 / (1 + math.exp(-1))]),
    ],
)
def test_functions_of_floats(name, x, expected):
    check(name, [f32(x)], f32(expected))
    check(name, [np.float16(x)], np.float16(f32(expected)), rtol=2e-3)


@pytest.mark.parametrize(
    ("name", "x", "y", "expected"),
    [
        ("Add", [1, 2], 3, [4, 5]),
        ("Div", [7, -7], 2, [3.5, -3.5]),
        ("Equal", [1, NAN], [1, NAN], [True, False]),
        ("Greater", [1, 2], 1, [False, True]),
        ("GreaterOrEqual", [1, 2], 2, [False, True]),
        ("Less", [1, NAN], 2, [True, False]),
        ("LessOrEqual", [1, 3], 1, [True, False]),
        ("Max", [1, NAN], 2, [2, NAN]),
        ("Mean", [1, 2], 3, [2, 2.5]),
        ("Min", [1, 3], 2, [1, 2]),
        ("Mul", [2, 3], 4, [8, 12]),
        ("PRelu", [-1, 2], 0.5, [-0.5, 2]),
        ("Pow", [2, 3], 2, [4, 9]),
        ("Sub", [2, 3], 4, [-2, -1]),
        ("Sum", [2, 3], 4, [6, 7]),
    ],
)
def test_functions_of_two(name, x, y, expected):
    wanted = np.array(expected)
    check(name, [f32(x), f32(y)], wanted if wanted.dtype == bool else f32(expected))


@pytest.mark.parametrize(
    ("name", "x", "y", "expected"),
    [
        ("And", [True, True], [True, False], [True, False]),
        ("Or", [False, True], [False, False], [False, True]),
        ("Xor", [True, True], [True, False], [False, True]),
        ("BitwiseAnd", [6, 5], [3, 4], [2, 4]),
        ("BitwiseOr", [6, 5], [3, 4], [7, 5]),
        ("BitwiseXor", [6, 5], [3, 4], [5, 1]),
        ("Div", [7, -7], [2, 2], [3, -3]),
        ("Pow", [2, 3], [10, 0], [1024, 1]),
    ],
)
def test_functions_of_integers_and_truth(name, x, y, expected):
    check(name, [x, y], np.array(expected))


def test_more_operands():
    check("Sum", [f32([1]), f32([[2], [3]]), f32(4)], f32([[7], [8]]))
    check("Not", [[True, False]], np.array([False, True]))
    check("BitwiseNot", [np.int8([0, 5])], np.int8([-1, -6]))
    check("IsNaN", [f32([NAN, 1])], np.array([True, False]))
    check("IsInf", [f32([INF, -INF, NAN])], np.array([True, True, False]))
    check("IsInf", [f32([INF, -INF])], np.array([True, False]), detect_negative=0)
    check("Where", [[True, False], f32([1, 2]), f32(9)], f32([1, 9]))
    check("Clip", [f32([-1, 0.5, 3]), f32(0), f32(1)], f32([0, 0.5, 1]))
    check("Clip", [f32([-1, 3]), f32(1)], f32([-1, 1]), absent=(1,))
    check("Mod", [[-4, 7], [3, -3]], np.array([2, -2]))
    check("Mod", [f32([-4.5]), f32([3])], f32([-1.5]), fmod=1)
    check("Gelu", [f32([1])], f32([0.841192]), approximate="tanh")
    check("Dropout", [f32([1, 2])], f32([1, 2]), np.array([True, True]))


def test_shifts_of_more_bits_than_there_are():
    check("BitShift", [np.uint8([1, 255]), np.uint8([3, 9])], np.uint8([8, 0]), direction="LEFT")
    check("BitShift", [np.int8([-128, 64]), np.int8([1, 8])], np.int8([-64, 0]), direction="RIGHT")
    check("BitShift", [np.int8([-128]), np.int8([9])], np.int8([-1]), direction="RIGHT")


def test_halves_are_rounded_once():
    bf16 = ml_dtypes.bfloat16
    check("Mean", [np.array([1, 256], bf16), np.array([3, 257], bf16)], np.array([2, 256], bf16))


def test_no_elements():
    check("Add", [np.zeros((0, 3), f32), f32(1)], np.zeros((0, 3), f32))
    check("Relu", [f32(-1)], f32(0))


def test_it_is_said_what_is_wrong():
    with pytest.raises(KernelError, match="expects a direction LEFT or RIGHT, but got UP"):
        check("BitShift", [np.uint8([1]), np.uint8([1])], np.uint8([2]), direction="UP")
    with pytest.raises(KernelError, match=r"missing attribute 'direction' of op 'onnx.BitShift'"):
        check("BitShift", [np.uint8([1]), np.uint8([1])], np.uint8([2]))
    with pytest.raises(KernelError, match="leaves elements out only when a network is trained, which is not supported"):
        check("Dropout", [f32([1]), f32(0.5), True], f32([1]))
