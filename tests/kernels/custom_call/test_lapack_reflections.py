"""LAPACK's factors made of reflections: products of them give the matrix, and zeros are where they belong."""

import numpy as np
import pytest

GEQRF = ("lapack_sgeqrf_ffi", "lapack_dgeqrf_ffi", "lapack_cgeqrf_ffi", "lapack_zgeqrf_ffi")
ORGQR = ("lapack_sorgqr_ffi", "lapack_dorgqr_ffi", "lapack_cungqr_ffi", "lapack_zungqr_ffi")
GEQP3 = ("lapack_sgeqp3_ffi", "lapack_dgeqp3_ffi", "lapack_cgeqp3_ffi", "lapack_zgeqp3_ffi")
GEHRD = ("lapack_sgehrd_ffi", "lapack_dgehrd_ffi", "lapack_cgehrd_ffi", "lapack_zgehrd_ffi")
SYTRD = ("lapack_ssytrd_ffi", "lapack_dsytrd_ffi", "lapack_chetrd_ffi", "lapack_zhetrd_ffi")

each_type = pytest.mark.parametrize("number", range(4))


@each_type
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (2, 4, 4), (2, 6, 2), (3, 5)])
def test_orthogonal_factors(call, sample, close, number, shape):
    a = sample(number, *shape)
    factors, taus = call(GEQRF[number], a)
    count = min(shape[-2:])
    (q,) = call(ORGQR[number], factors[..., :count].copy(), taus)
    close(q.mT.conj() @ q, np.broadcast_to(np.eye(count), (*shape[:-2], count, count)))
    close(q @ np.triu(factors[..., :count, :]), a)


def test_an_example_of_orthogonal_factors(call):
    """Signs are LAPACK's: the diagonal has the opposite one of the column's first element."""
    factors, taus = call("lapack_dgeqrf_ffi", np.array([[3.0], [4.0]]))
    np.testing.assert_allclose(factors, [[-5], [0.5]])
    np.testing.assert_allclose(taus, [1.6])
    (q,) = call("lapack_dorgqr_ffi", factors, taus)
    np.testing.assert_allclose(q, [[-0.6], [-0.8]])


@each_type
def test_columns_in_the_order_of_what_is_left_of_them(call, sample, close, number):
    a = sample(number, 5, 4)
    a[:, 2] *= 10
    factors, order, taus = call(GEQP3[number], a, np.zeros(4, np.int32))
    assert order.dtype == np.int32
    assert order[0] == 3
    assert sorted(order.tolist()) == [1, 2, 3, 4]
    diagonal = np.abs(np.diagonal(factors))
    assert (diagonal[:-1] >= diagonal[1:]).all()
    (q,) = call(ORGQR[number], factors, taus)
    close(q @ np.triu(factors[:4]), a[:, order - 1])


def test_columns_that_come_first(call, sample, close):
    a = sample(1, 4, 3)
    factors, order, taus = call("lapack_dgeqp3_ffi", a, np.array([0, 0, 1], np.int32))
    assert order[0] == 3
    close(call("lapack_dorgqr_ffi", factors, taus)[0] @ np.triu(factors[:3]), a[:, order - 1])


@each_type
@pytest.mark.parametrize("batch", [(), (2,)])
def test_hessenberg_forms(call, sample, close, number, batch):
    a = sample(number, *batch, 5, 5)
    form, taus, info = call(GEHRD[number], a, low=1, high=5)
    assert not info.any()
    below = np.zeros_like(form)
    below[..., :4] = np.tril(form, -2)[..., :4]
    (q,) = call(ORGQR[number], np.ascontiguousarray(form[..., 1:, :4]), taus)
    whole = np.zeros_like(a) + np.eye(5, dtype=a.dtype)
    whole[..., 1:, 1:] = q
    close(whole @ np.triu(form, -1) @ whole.mT.conj(), a)


@each_type
@pytest.mark.parametrize("uplo", ["L", "U"])
def test_tridiagonal_forms_have_the_same_eigenvalues(call, sample, close, number, uplo):
    a = sample(number, 2, 5, 5)
    a = a + a.mT.conj()
    _, diagonal, beside, taus, info = call(SYTRD[number], a, uplo=ord(uplo))
    assert not info.any()
    assert (diagonal.shape, beside.shape, taus.shape) == ((2, 5), (2, 4), (2, 4))
    assert diagonal.dtype == beside.dtype == a.real.dtype
    for i in range(2):
        form = np.diag(diagonal[i]) + np.diag(beside[i], 1) + np.diag(beside[i], -1)
        close(np.linalg.eigvalsh(form), np.linalg.eigvalsh(a[i]))


@each_type
def test_tridiagonal_forms_are_reached_by_their_reflections(call, sample, close, number):
    a = sample(number, 4, 4)
    a = a + a.T.conj()
    found, diagonal, beside, taus, _ = call(SYTRD[number], a, uplo=ord("L"))
    (q,) = call(ORGQR[number], np.ascontiguousarray(found[1:, :3]), taus)
    whole = np.eye(4, dtype=a.dtype)
    whole[1:, 1:] = q
    form = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    close(whole @ form @ whole.T.conj(), a)
