"""Matrix products: values against sums written out, messages word for word."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

PLAIN = {"transpose_a": False, "transpose_b": False}
DTYPES = [
    np.float32, np.float64, np.int32, np.int64, np.uint32, np.uint64, np.complex64, np.complex128,
]  # fmt: skip


def product(a, b):
    """The product of two matrices, as lists of Python numbers."""
    rows, inner, columns = *a.shape, b.shape[1]
    a, b = a.tolist(), b.tolist()
    return [[sum(a[i][k] * b[k][j] for k in range(inner)) for j in range(columns)] for i in range(rows)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("transpose_b", [False, True])
def test_matmul(array, dtype, transpose_a, transpose_b):
    a, b = np.arange(1, 7).reshape(2, 3).astype(dtype), np.arange(3, 15).reshape(3, 4).astype(dtype)
    given_a, given_b = a.T.copy() if transpose_a else a, b.T.copy() if transpose_b else b
    result = array("tf.MatMul", given_a, given_b, transpose_a=transpose_a, transpose_b=transpose_b)
    assert result.dtype == dtype
    assert result.tolist() == product(a, b)


@given(st.lists(st.integers(0, 4), min_size=3, max_size=3), st.booleans(), st.booleans(), st.data())
def test_matmul_of_any_shapes(array, sizes, transpose_a, transpose_b, data):
    rows, inner, columns = sizes
    numbers = st.integers(-9, 9)
    a, b = (
        np.array(data.draw(st.lists(numbers, min_size=m * n, max_size=m * n)), np.float32).reshape(m, n)
        for m, n in ((rows, inner), (inner, columns))
    )
    attrs = {"transpose_a": transpose_a, "transpose_b": transpose_b}
    result = array("tf.MatMul", a.T.copy() if transpose_a else a, b.T.copy() if transpose_b else b, **attrs)
    assert result.shape == (rows, columns)
    np.testing.assert_array_equal(result, np.array(product(a, b)).reshape(rows, columns))


def test_integers_wrap_around(array):
    a = np.array([[2**30, 2**30]], np.int32)
    assert array("tf.MatMul", a, np.ones((2, 1), np.int32), **PLAIN).tolist() == [[-(2**31)]]


@pytest.mark.parametrize("op", ["tf.MatMul", "tf._FusedMatMul"])
def test_operands_that_do_not_fit(fails, op):
    matrix = np.zeros((2, 3), np.float32)

    def check(message, a, b, **attrs):
        fails(message, op, a, b, **({"fused_ops": ("BiasAdd",)} | attrs))

    check(
        "matmul arguments have incompatible shapes: In[0]: [2, 3], In[1]: [2, 3]. transpose_a: 0, transpose_b: 0",
        matrix,
        matrix,
        **PLAIN,
    )
    check(
        "matmul arguments have incompatible shapes: In[0]: [2, 3], In[1]: [3, 2]. transpose_a: 1, transpose_b: 0",
        matrix,
        matrix.T.copy(),
        transpose_a=True,
        transpose_b=False,
    )
    check("incompatible dtypes for MatMul: In[0]: f32, In[1]: i32", matrix, matrix.astype(np.int32), **PLAIN)
    check("argument 0 of matmul op is not a rank-2 tensor. Actual rank is 1", matrix[0], matrix, **PLAIN)
    check("argument 1 of matmul op is not a rank-2 tensor. Actual rank is 3", matrix, matrix[None], **PLAIN)
    check("'transpose_a' attribute is not specified for MatMul op", matrix, matrix, transpose_b=False)
    check("'transpose_b' attribute is not specified for MatMul op", matrix, matrix, transpose_a=False)


def test_types_without_products(fails):
    small, flags = np.zeros((2, 2), np.int16), np.zeros((2, 2), bool)
    fails("Unsupported input dtype: i16", "tf.MatMul", small, small, **PLAIN)
    fails("Unsupported input dtype: i1", "tf.MatMul", flags, flags, **PLAIN)
    numbers = np.zeros((2, 2), np.complex64)
    fails("Unsupported input dtype: complex64", "tf._FusedMatMul", numbers, numbers, fused_ops=("BiasAdd",), **PLAIN)


ACTIVATIONS = {
    (): lambda x: x,
    ("Relu",): lambda x: max(x, 0),
    ("Relu6",): lambda x: min(max(x, 0), 6),
    ("Elu",): lambda x: x if x >= 0 else math.exp(x) - 1,
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_fused_matmul(array, activation, dtype):
    a = np.array([[1, -2, 0.5], [3, 1, -1]], dtype)
    b = np.array([[1, 2], [-0.5, 1], [4, -3]], dtype)
    bias = np.array([0.25, -1], dtype)
    expected = [
        [ACTIVATIONS[activation](x + y) for x, y in zip(row, bias.tolist(), strict=True)] for row in product(a, b)
    ]
    assert any(x < 0 for row in expected for x in row) or activation
    plain = array("tf._FusedMatMul", a, b, bias, fused_ops=("BiasAdd", *activation), **PLAIN)
    np.testing.assert_allclose(plain, expected, rtol=1e-6)
    transposed = array(
        "tf._FusedMatMul",
        a.T.copy(),
        b.T.copy(),
        bias,
        fused_ops=("BiasAdd", *activation),
        transpose_a=True,
        transpose_b=True,
    )
    np.testing.assert_allclose(transposed, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("activation", "expected"), [((), [[-4, 9]]), (("Relu",), [[0, 9]]), (("Relu6",), [[0, 6]]), (("Elu",), [[-1, 9]])]
)
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_fused_matmul_of_integers(array, activation, expected, dtype):
    operands = [np.array(values, dtype) for values in ([[1, 2]], [[-3, 4], [-1, 2]], [1, 1])]
    assert array("tf._FusedMatMul", *operands, fused_ops=("BiasAdd", *activation), **PLAIN).tolist() == expected


@pytest.mark.parametrize(
    ("message", "bias", "fused_ops"),
    [
        ("FusedMatMul must specify fused operations", [0, 0], ()),
        ("Unsupported fusion type", [0, 0], ("Relu",)),
        ("Unsupported fusion type", [0, 0], ("BiasAdd", "Tanh")),
        ("Unsupported fusion type", [0, 0], ("BiasAdd", "Relu", "Relu")),
        ("Bias tensor must a vector", [[0, 0]], ("BiasAdd",)),
        ("The number of bias elements 3 doesn't match output inner dimension 2", [0, 0, 0], ("BiasAdd",)),
    ],
)
def test_bad_fusions(fails, message, bias, fused_ops):
    matrix = np.zeros((2, 2), np.float32)
    fails(message, "tf._FusedMatMul", matrix, matrix, np.array(bias, np.float32), fused_ops=fused_ops, **PLAIN)


def test_bad_biases(fails):
    matrix = np.zeros((2, 2), np.float32)
    attrs = {"fused_ops": ("BiasAdd",), **PLAIN}
    fails("FusedMatMul with BiasAdd needs a bias tensor", "tf._FusedMatMul", matrix, matrix, **attrs)
    bias = np.zeros(2, np.int32)
    fails("expected a tensor of dtype f32, got i32", "tf._FusedMatMul", matrix, matrix, bias, **attrs)
    fails("missing attribute 'fused_ops' of op 'tf._FusedMatMul'", "tf._FusedMatMul", matrix, matrix, **PLAIN)
