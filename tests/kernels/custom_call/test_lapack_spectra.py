"""LAPACK's singular values, eigenvalues and Schur forms."""

import sys

import numpy as np
import pytest

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType

GESDD = ("lapack_sgesdd_ffi", "lapack_dgesdd_ffi", "lapack_cgesdd_ffi", "lapack_zgesdd_ffi")
GESVD = ("lapack_sgesvd_ffi", "lapack_dgesvd_ffi", "lapack_cgesvd_ffi", "lapack_zgesvd_ffi")
SYEVD = ("lapack_ssyevd_ffi", "lapack_dsyevd_ffi", "lapack_cheevd_ffi", "lapack_zheevd_ffi")
GEEV = ("lapack_sgeev_ffi", "lapack_dgeev_ffi", "lapack_cgeev_ffi", "lapack_zgeev_ffi")
GEES = ("lapack_sgees_ffi", "lapack_dgees_ffi", "lapack_cgees_ffi", "lapack_zgees_ffi")

each_type = pytest.mark.parametrize("number", range(4))


@each_type
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 4, 4)])
@pytest.mark.parametrize("mode", ["A", "S", "N"])
@pytest.mark.parametrize("names", [GESDD, GESVD])
def test_singular_values(call, sample, close, number, shape, mode, names):
    a = sample(number, *shape)
    _, values, left, right, info = call(names[number], a, mode=ord(mode))
    assert not info.any()
    assert values.dtype == a.real.dtype
    close(values, np.linalg.svd(a, compute_uv=False))
    *batch, rows, columns = shape
    count = min(rows, columns)
    inner = (rows, columns) if mode != "S" else (count, count)
    assert (left.shape, right.shape) == ((*batch, rows, inner[0]), (*batch, inner[1], columns))
    if mode != "N":
        close((left[..., :count] * values[..., None, :]) @ right[..., :count, :], a)


@each_type
@pytest.mark.parametrize("uplo", ["L", "U"])
@pytest.mark.parametrize("mode", ["V", "N"])
def test_eigenvalues_of_hermitian_matrices(call, sample, close, number, uplo, mode):
    a = sample(number, 2, 4, 4)
    a = a + a.mT.conj()
    given = np.tril(a) if uplo == "L" else np.triu(a)
    vectors, values, info = call(SYEVD[number], given, mode=ord(mode), uplo=ord(uplo))
    assert not info.any()
    assert values.dtype == a.real.dtype
    assert (np.diff(values) >= 0).all()
    if mode == "V":
        close(a @ vectors, vectors * values[..., None, :])
    else:
        close(values, np.linalg.eigvalsh(a))


@each_type
@pytest.mark.parametrize(("left", "right"), ["VV", "NV", "NN"])
def test_eigenvalues(call, sample, close, number, left, right):
    a = sample(number, 2, 4, 4)
    *values, u, v, info = call(GEEV[number], a, compute_left=ord(left), compute_right=ord(right))
    assert not info.any()
    assert all(part.dtype == (a.real.dtype if number < 2 else a.dtype) for part in values)
    values = values[0] if number > 1 else values[0] + 1j * values[1]
    close(np.sort_complex(values), np.sort_complex(np.linalg.eigvals(a)))
    close(a @ v, v * values[..., None, :]) if right == "V" else close(v, 0)
    if left == "V":
        close(u.mT.conj() @ a, values[..., :, None] * u.mT.conj())
        close(np.linalg.norm(u, axis=-2), 1)
    else:
        close(u, 0)


def test_eigenvalues_that_are_not_found_are_nan(call):
    a = np.stack([np.eye(2), np.full((2, 2), np.nan)])
    real, imaginary, _, _, info = call("lapack_dgeev_ffi", a, compute_left=ord("N"), compute_right=ord("V"))
    assert info.tolist() == [0, 1]
    np.testing.assert_array_equal(real, [[1, 1], [np.nan, np.nan]])
    np.testing.assert_array_equal(imaginary, [[0, 0], [np.nan, np.nan]])


@each_type
def test_schur_forms(call, sample, close, number):
    pytest.importorskip("scipy")
    a = sample(number, 2, 4, 4)
    form, vectors, *_, count, info = call(GEES[number], a, mode=ord("V"), sort=ord("N"))
    assert not info.any()
    assert not count.any()
    close(vectors @ form @ vectors.mT.conj(), a)
    close(np.tril(form, -2), 0)


def test_schur_forms_need_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    entry = CPU_OPS.get("custom_call.lapack_sgees_ffi")
    with pytest.raises(KernelError) as error:
        entry.arrays((TensorMetadata(DType.F32, (2, 2)),), {"mode": ord("V"), "sort": ord("N")}, None, None)
    assert error.value.message == "Schur forms need scipy: pip install 'tfrt[linalg]'"


def test_schur_forms_are_not_sorted(run):
    with pytest.raises(KernelError) as error:
        run("custom_call.lapack_sgees_ffi", np.eye(2, dtype=np.float32), mode=ord("V"), sort=ord("S"))
    assert error.value.message == "custom call of gees: eigenvalues cannot be sorted"
