"""Products and factorisations of matrices."""

import numpy as np
import pytest

A = np.float32([[[4, 1], [1, 3]], [[2, 0], [0, 5]]])
B = np.float32([[[1, 2, 3], [4, 5, 6]]])


@pytest.mark.parametrize("op", ["tf.BatchMatMul", "tf.BatchMatMulV2", "tf.BatchMatMulV3"])
def test_products(array, op):
    np.testing.assert_array_equal(array(op, A, B), A @ B)
    np.testing.assert_array_equal(array(op, B, A, adj_x=True, adj_y=True), B.swapaxes(1, 2) @ A.swapaxes(1, 2))
    ints = A.astype(np.int32)
    np.testing.assert_array_equal(array(op, ints, ints), ints @ ints)


def test_adjoints_are_conjugated(array):
    complex_ = (A + 1j * A).astype(np.complex64)
    np.testing.assert_allclose(
        array("tf.BatchMatMulV2", complex_, complex_, adj_x=True), complex_.conj().swapaxes(1, 2) @ complex_
    )


def test_sums_of_products(array):
    np.testing.assert_array_equal(array("tf.Einsum", A, B, equation="bij,cjk->bik"), A @ B)
    np.testing.assert_array_equal(array("tf.Einsum", A, equation="bii->b"), np.float32([7, 7]))
    assert array("tf.Einsum", np.ones((2, 3), np.float16), equation="ij->i").dtype == np.float16


def test_factorisations(array, run):
    np.testing.assert_allclose(array("tf.Cholesky", A), np.linalg.cholesky(A), rtol=1e-6)
    np.testing.assert_allclose(array("tf.MatrixDeterminant", A), [11, 10], rtol=1e-6)
    np.testing.assert_allclose(array("tf.MatrixInverse", A) @ A, [np.eye(2)] * 2, atol=1e-6)
    np.testing.assert_allclose(A @ array("tf.MatrixSolve", A, A), A, rtol=1e-5)
    lower = array("tf.MatrixTriangularSolve", A, A, lower=True)
    np.testing.assert_allclose(np.tril(A) @ lower, A, rtol=1e-5)
    upper = array("tf.MatrixTriangularSolve", A, A, lower=False, adjoint=True)
    np.testing.assert_allclose(np.triu(A).swapaxes(1, 2) @ upper, A, rtol=1e-5)
    sign, logarithm = run("tf.LogMatrixDeterminant", A)
    np.testing.assert_allclose(sign.array * np.exp(logarithm.array), [11, 10], rtol=1e-5)
    values, vectors = (each.array for each in run("tf.SelfAdjointEigV2", A))
    np.testing.assert_allclose(A @ vectors, vectors * values[:, None, :], atol=1e-5)
    assert run("tf.SelfAdjointEigV2", A, compute_v=False)[1].shape == (0,)
    q, r = (each.array for each in run("tf.Qr", A))
    np.testing.assert_allclose(q @ r, A, atol=1e-5)
    s, u, v = (each.array for each in run("tf.Svd", A))
    np.testing.assert_allclose(u * s[:, None, :] @ v.swapaxes(1, 2), A, atol=1e-5)
    assert run("tf.Svd", A, compute_uv=False)[1].shape == (0,)


def test_further_factors_and_systems(array, run):
    factors, rows = (each.array for each in run("tf.Lu", np.float32([[[1, 2], [4, 3]], [[2, 0], [1, 1]]])))
    np.testing.assert_allclose(factors, [[[4, 3], [0.25, 1.25]], [[2, 0], [0.5, 1]]])
    assert rows.tolist() == [[1, 0], [0, 1]]
    values, vectors = (each.array for each in run("tf.Eig", A))
    assert values.dtype == np.complex64
    np.testing.assert_allclose(A @ vectors, vectors * values[:, None, :], atol=1e-5)
    assert run("tf.Eig", A.astype(np.float64), compute_v=False)[0].array.dtype == np.complex128
    diagonals = np.float32([[1, 1, 0], [4, 5, 6], [0, 2, 2]])
    found = array("tf.TridiagonalSolve", diagonals, np.float32([[1], [2], [3]]))
    np.testing.assert_allclose(found, [[0.19], [0.24], [0.42]], rtol=1e-5)
    assert array("tf.Cross", np.int32([[1, 0, 0]]), np.int32([[0, 1, 0]])).tolist() == [[0, 0, 1]]


@pytest.mark.parametrize(
    ("message", "op", "operands", "attrs"),
    [
        ("BatchMatMul takes matrices, got f32 [2] and f32 [2, 2, 2]", "tf.BatchMatMulV2", (A[0, 0], A), {}),
        ("Matrix size-incompatible: In[0]: [1, 2, 3], In[1]: [2, 2, 2]", "tf.BatchMatMulV2", (B, A), {}),
        ("tf.Einsum: 'ij,jk' is about 2 tensors, got 1", "tf.Einsum", (A[0],), {"equation": "ij,jk"}),
        ("tf.Cholesky: Matrix is not positive definite", "tf.Cholesky", (-A,), {}),
        ("tf.MatrixInverse: Singular matrix", "tf.MatrixInverse", (A * 0,), {}),
        ("tf.MatrixTriangularSolve: Singular matrix", "tf.MatrixTriangularSolve", (A * 0, A), {}),
        ("tf.Svd: SVD did not converge", "tf.Svd", (A * np.nan,), {}),
        ("tf.Lu: Input is not invertible.", "tf.Lu", (A * 0,), {}),
        ("tf.Lu: expects square matrices, got f32 [1, 2, 3]", "tf.Lu", (B,), {}),
        (
            "tf.TridiagonalSolve: expects three diagonals and right sides, got f32 [2, 2, 2] and f32 [2, 2, 2]",
            "tf.TridiagonalSolve",
            (A, A),
            {},
        ),
        (
            "tf.Cross: expects vectors of 3 elements in tensors of one shape, got f32 [2, 2, 2] and f32 [2, 2, 2]",
            "tf.Cross",
            (A, A),
            {},
        ),
    ],
)
def test_what_they_refuse(fails, message, op, operands, attrs):
    fails(message, op, *operands, **attrs)
