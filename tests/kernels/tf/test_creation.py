"""Ops that make tensors."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.values.dtype import DType

M = np.arange(9, dtype=np.float32).reshape(3, 3)


def scalar(value, dtype=np.int32):
    return np.array(value, dtype)


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "expected"),
    [
        ("tf.Fill", (np.array([2, 1]), scalar(7)), {}, np.full((2, 1), 7, np.int32)),
        ("tf.OnesLike", (M,), {}, np.ones((3, 3), np.float32)),
        ("tf.Empty", (np.array([2]),), {"dtype": DType.I8}, np.zeros(2, np.int8)),
        ("tf.Range", (scalar(5), scalar(0), scalar(-2)), {}, np.array([5, 3, 1], np.int32)),
        ("tf.Range", (scalar(0, "f4"), scalar(1, "f4"), scalar(0.4, "f4")), {}, np.float32([0, 0.4, 0.8])),
        ("tf.LinSpace", (scalar(1, "f4"), scalar(2, "f4"), scalar(3)), {}, np.float32([1, 1.5, 2])),
        ("tf.OneHot", (np.array([1, -1]), scalar(2), scalar(5), scalar(3)), {}, np.array([[3, 5], [3, 3]], np.int32)),
        (
            "tf.OneHot",
            (np.array([1, 0, 0]), scalar(2), scalar(5), scalar(3)),
            {"axis": 0},
            np.array([[3, 5, 5], [5, 3, 3]], np.int32),
        ),
        ("tf.MatrixBandPart", (M, scalar(1), scalar(0)), {}, np.tril(M) - np.tril(M, -2)),
        ("tf.MatrixBandPart", (M, scalar(-1), scalar(1)), {}, np.tril(M, 1)),
        ("tf.MatrixDiag", (M[0],), {}, np.diag(M[0])),
        ("tf.MatrixDiagPart", (M,), {}, np.diag(M)),
        ("tf.Diag", (M[0],), {}, np.diag(M[0])),
        ("tf.Diag", (M[:1, :2],), {}, np.diag(M[0, :2]).reshape(1, 2, 1, 2)),
        ("tf.DiagPart", (M,), {}, np.diag(M)),
        ("tf.DiagPart", (np.arange(4).reshape(1, 2, 1, 2),), {}, np.array([[0, 3]])),
        ("tf.MatrixSetDiag", (M, M[0]), {}, M - np.diag(np.diag(M)) + np.diag(M[0])),
        (
            "tf.MatrixDiagV3",
            (M[0, :2], scalar(1), scalar(-1), scalar(-1), scalar(9, "f4")),
            {},
            np.float32([[9, 0, 9], [9, 9, 1], [9, 9, 9]]),
        ),
        (
            "tf.MatrixDiagPartV3",
            (M, np.array([-1, 1]), scalar(9, "f4")),
            {},
            np.float32([[9, 1, 5], [0, 4, 8], [3, 7, 9]]),
        ),
        ("tf.MatrixSetDiagV3", (M, np.float32([9, 9]), scalar(-1)), {}, np.float32([[0, 1, 2], [9, 4, 5], [6, 9, 8]])),
    ],
)
def test_what_they_give(array, op, operands, attrs, expected):
    found = array(op, *operands, **attrs)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("message", "op", "operands"),
    [
        ("tf.Fill: sizes must be non-negative, got [-1]", "tf.Fill", (np.array([-1]), scalar(0))),
        ("tf.Range: Requires delta != 0", "tf.Range", (scalar(0), scalar(1), scalar(0))),
        (
            "tf.Range: Requires start <= limit when delta > 0, got 2, 1 and delta 1",
            "tf.Range",
            (scalar(2), scalar(1), scalar(1)),
        ),
        ("tf.LinSpace: Requires num > 0, got 0", "tf.LinSpace", (scalar(0, "f4"), scalar(1, "f4"), scalar(0))),
        ("tf.OneHot: depth must be non-negative, got -1", "tf.OneHot", (scalar(0), scalar(-1), scalar(1), scalar(0))),
        ("tf.DiagPart: expects each dimension twice, in the same order, got f32 [3]", "tf.DiagPart", (M[0],)),
        ("k [3, 3] is out of range for matrices of 3 x 3", "tf.MatrixDiagPartV3", (M, scalar(3), scalar(0, "f4"))),
    ],
)
def test_what_they_refuse(fails, message, op, operands):
    fails(message, op, *operands)


def test_a_placeholder_that_is_not_fed():
    text = (
        "func.func @main() -> tensor<2xf32> {\n"
        '  %0 = "tf.Placeholder"() {dtype = f32, shape = #tf_type.shape<2>} : () -> tensor<2xf32>\n'
        "  return %0 : tensor<2xf32>\n}\n"
    )
    message = "You must feed a value for placeholder tensor of dtype f32: make it an argument of the function"
    for level in range(4):
        program = tfrt.load(tfrt.compile(text, "p.mlir", opt_level=level))
        with pytest.raises(tfrt.InvalidArgumentError) as caught:
            program["main"]()
        assert str(caught.value) == f"p.mlir:2:8: {message}"
