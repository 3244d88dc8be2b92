"""Singular values and eigenvalues, by numpy's loops of single precision and without them."""

import numpy as np
import pytest

from tfrt.kernels.numerics.linear_algebra import spectra


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("has_loops", [True, False])
def test_values_and_vectors(monkeypatch, kind, has_loops):
    if not has_loops:
        monkeypatch.setattr(spectra, "_in_single", lambda *_: None)
    random = np.random.default_rng(0)
    a = random.standard_normal((2, 3, 3)).astype(kind)
    close = 1e-4 if np.dtype(kind).char in "fF" else 1e-10
    for full in (True, False):
        u, s, v = spectra.svd(a, full=full)
        np.testing.assert_allclose((u * s[..., None, :]) @ v, a, atol=close)
        np.testing.assert_allclose(spectra.singular_values(a), s, atol=close)
        assert s.dtype == a.real.dtype
    hermitian = a + a.mT.conj()
    for lower in (True, False):
        values, vectors = spectra.eigh(np.tril(hermitian) if lower else np.triu(hermitian), lower=lower)
        np.testing.assert_allclose(hermitian @ vectors, vectors * values[..., None, :], atol=close)
        np.testing.assert_allclose(spectra.eigvalsh(hermitian, lower=lower), values, atol=close)
    values, vectors = spectra.eig(a)
    np.testing.assert_allclose(a @ vectors, vectors * values[..., None, :], atol=close)
    np.testing.assert_allclose(np.sort_complex(spectra.eigvals(a)), np.sort_complex(values), atol=close)


@pytest.mark.parametrize("function", [spectra.singular_values, spectra.eigvals])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_is_no_number_has_no_values(function, kind):
    with pytest.raises(np.linalg.LinAlgError):
        function(np.full((2, 2), np.nan, kind))
