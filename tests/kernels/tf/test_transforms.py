"""Discrete Fourier transforms."""

import numpy as np
import pytest

X = np.random.default_rng(1).standard_normal((2, 4, 4, 6)).astype(np.float32)
C = (X + 1j * X[::-1]).astype(np.complex64)
OPS = [
    ("tf.FFT", "tf.IFFT", "tf.RFFT", "tf.IRFFT"),
    ("tf.FFT2D", "tf.IFFT2D", "tf.RFFT2D", "tf.IRFFT2D"),
    ("tf.FFT3D", "tf.IFFT3D", "tf.RFFT3D", "tf.IRFFT3D"),
]


@pytest.mark.parametrize(("dimensions", "ops"), list(enumerate(OPS, 1)), ids=[ops[0] for ops in OPS])
def test_they_are_numpys(array, dimensions, ops):
    forward, backward, real, from_half = ops
    axes = tuple(range(-dimensions, 0))
    length = np.int32([X.shape[a] for a in axes])
    for op, expected in ((forward, np.fft.fftn(C, axes=axes)), (backward, np.fft.ifftn(C, axes=axes))):
        found = array(op, C)
        assert found.dtype == np.complex64
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    half = array(real, X, length)
    assert half.dtype == np.complex64
    np.testing.assert_allclose(half, np.fft.rfftn(X, axes=axes), rtol=1e-4, atol=1e-4)
    whole = array(from_half, half, length)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, X, atol=1e-5)


def test_other_lengths(array):
    assert array("tf.RFFT", X, np.int32([8])).shape == (2, 4, 4, 5)
    assert array("tf.RFFT", X.astype(np.float64), np.int32([4])).dtype == np.complex128
