"""Discrete Fourier transforms."""

import numpy as np
import pytest

X = np.random.default_rng(1).standard_normal((2, 4, 4, 6)).astype(np.float32)
C = (X + 1j * X[::-1]).astype(np.complex64)
AXES = {"": (-1,), "2D": (-2, -1), "3D": (-3, -2, -1)}


@pytest.mark.parametrize("suffix", AXES)
def test_they_are_numpys(array, suffix):
    axes = AXES[suffix]
    length = np.int32([X.shape[a] for a in axes])
    for name, expected in (("FFT", np.fft.fftn(C, axes=axes)), ("IFFT", np.fft.ifftn(C, axes=axes))):
        found = array(f"tf.{name}{suffix}", C)
        assert found.dtype == np.complex64
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    half = array(f"tf.RFFT{suffix}", X, length)
    assert half.dtype == np.complex64
    np.testing.assert_allclose(half, np.fft.rfftn(X, axes=axes), rtol=1e-4, atol=1e-4)
    whole = array(f"tf.IRFFT{suffix}", half, length)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, X, atol=1e-5)


def test_other_lengths(array):
    assert array("tf.RFFT", X, np.int32([8])).shape == (2, 4, 4, 5)
    assert array("tf.RFFT", X.astype(np.float64), np.int32([4])).dtype == np.complex128
