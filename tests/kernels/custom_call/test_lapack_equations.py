"""LAPACK's factors and solutions, as JAX calls for them: what products of them must be, and how failures are said."""

import numpy as np
import pytest

POTRF = ("lapack_spotrf_ffi", "lapack_dpotrf_ffi", "lapack_cpotrf_ffi", "lapack_zpotrf_ffi")
TRSM = ("lapack_strsm_ffi", "lapack_dtrsm_ffi", "lapack_ctrsm_ffi", "lapack_ztrsm_ffi")
GETRF = ("lapack_sgetrf_ffi", "lapack_dgetrf_ffi", "lapack_cgetrf_ffi", "lapack_zgetrf_ffi")
GTSV = ("lapack_sgtsv_ffi", "lapack_dgtsv_ffi", "lapack_cgtsv_ffi", "lapack_zgtsv_ffi")

each_type = pytest.mark.parametrize("number", range(4))


def code(letter):
    return ord(letter)


@each_type
@pytest.mark.parametrize("uplo", ["L", "U"])
def test_cholesky_factors_leave_the_other_triangle(call, sample, close, number, uplo):
    a = sample(number, 2, 4, 4)
    a = a @ a.mT.conj() + 4 * np.eye(4, dtype=a.dtype)
    found, info = call(POTRF[number], a, uplo=code(uplo))
    assert info.tolist() == [0, 0]
    assert info.dtype == np.int32
    triangle = np.tril(found) if uplo == "L" else np.triu(found)
    close(triangle @ triangle.mT.conj() if uplo == "L" else triangle.mT.conj() @ triangle, a)
    rest = (np.triu, 1) if uplo == "L" else (np.tril, -1)
    close(rest[0](found, rest[1]), rest[0](a, rest[1]))


def test_the_first_part_that_is_not_positive_definite(call):
    a = np.array(
        [[[4, 0, 0], [2, 1, 0], [0, 0, -1]], [[4, 0, 0], [0, 1, 0], [0, 0, 1]], [[-1, 0, 0], [0, 1, 0], [0, 0, 1]]]
    )
    _, info = call("lapack_dpotrf_ffi", a.astype(float), uplo=code("L"))
    assert info.tolist() == [2, 0, 1]
    assert call("lapack_dpotrf_ffi", a[0].astype(float), uplo=code("L"))[1] == 2


@each_type
@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("transpose", ["N", "T", "C"])
@pytest.mark.parametrize(("uplo", "diag"), [("L", "N"), ("U", "U")])
def test_triangular_systems(call, sample, close, number, side, transpose, uplo, diag):
    a = sample(number, 4, 4) / 4 + np.eye(4)
    a = a.astype(sample(number, 1).dtype)
    b = sample(number, *((4, 2) if side == "L" else (2, 4)))
    (found,) = call(TRSM[number], a, b, side=code(side), uplo=code(uplo), trans_x=code(transpose), diag=code(diag))
    triangle = np.tril(a) if uplo == "L" else np.triu(a)
    if diag == "U":
        np.fill_diagonal(triangle, 1)
    triangle = {"N": triangle, "T": triangle.T, "C": triangle.T.conj()}[transpose]
    close(triangle @ found if side == "L" else found @ triangle, b)


def permuted(pivots, rows):
    order = list(range(rows))
    for row, pivot in enumerate(pivots):
        order[row], order[pivot - 1] = order[pivot - 1], order[row]
    return order


@each_type
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (70, 70), (40, 70)])
def test_triangular_factors(call, sample, close, number, shape):
    a = sample(number, 2, *shape)
    found, pivots, info = call(GETRF[number], a)
    count = min(shape)
    assert pivots.dtype == info.dtype == np.int32
    assert info.tolist() == [0, 0]
    lower = np.tril(found[..., :count], -1) + np.eye(shape[0], count)
    for i in range(2):
        close(lower[i] @ np.triu(found[i, :count]), a[i][permuted(pivots[i], shape[0])])
    # Each pivot is the largest of its column.
    parts = np.abs(lower.real) + np.abs(lower.imag)
    assert parts.max() <= (1 if number < 2 else 2)


def test_an_example_of_triangular_factors(call):
    found, pivots, info = call("lapack_dgetrf_ffi", np.array([[1.0, 2], [4, 4]]))
    np.testing.assert_array_equal(found, [[4, 4], [0.25, 1]])
    assert (pivots.tolist(), info.tolist()) == ([2, 2], 0)


def test_the_first_pivot_that_is_zero(call):
    found, pivots, info = call("lapack_sgetrf_ffi", np.ones((3, 3), np.float32))
    np.testing.assert_array_equal(found, [[1, 1, 1], [1, 0, 0], [1, 0, 0]])
    assert (pivots.tolist(), info.tolist()) == ([1, 2, 3], 2)


def test_matrices_without_elements(call):
    found, pivots, info = call("lapack_sgetrf_ffi", np.ones((2, 0, 0), np.float32))
    assert (found.shape, pivots.shape, info.tolist()) == ((2, 0, 0), (2, 0), [0, 0])


@each_type
@pytest.mark.parametrize("batch", [(), (3,)])
def test_tridiagonal_systems(call, sample, close, number, batch):
    """Some of their rows are swapped, for the diagonal is small."""
    below, diagonal, above, right = (sample(number, *batch, 6, *rest) for rest in ((), (), (), (2,)))
    *_, found, info = call(GTSV[number], below, diagonal, above, right)
    assert not info.any()
    whole = diagonal[..., None, :] * np.eye(6)
    whole[..., range(1, 6), range(5)] = below[..., 1:]
    whole[..., range(5), range(1, 6)] = above[..., :-1]
    close(whole @ found, right)


def test_tridiagonal_systems_without_a_solution(call):
    zeros = np.zeros(2)
    assert call("lapack_dgtsv_ffi", zeros, np.array([1.0, 0]), zeros, np.ones((2, 1)))[-1] == 2
