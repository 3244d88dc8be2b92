"""`fft`: sums over roots of unity, edges and refusals."""

import numpy as np
import pytest

from tfrt.executor.support.errors import KernelError


def by_definition(x, axes, sign):
    """The transform along axes as a product with a matrix of roots of unity, one after the other."""
    found = x.astype(np.complex128)
    for axis in axes:
        size = x.shape[axis]
        roots = np.exp(sign * 2j * np.pi * np.outer(np.arange(size), np.arange(size)) / size)
        found = np.moveaxis(np.tensordot(roots, found, (1, axis)), 0, axis)
        found = found / size if sign > 0 else found
    return found


def sample(shape, kind):
    random = np.random.default_rng(0)
    found = random.standard_normal(shape)
    return (found + 1j * random.standard_normal(shape) if np.dtype(kind).kind == "c" else found).astype(kind)


@pytest.mark.parametrize("kind", [np.complex64, np.complex128])
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(("name", "sign"), [("FFT", -1), ("IFFT", 1)])
def test_complex_numbers(array, kind, count, name, sign):
    x = sample((2, 3, 4, 5), kind)
    found = array("stablehlo.fft", x, fft_type=name, fft_length=x.shape[-count:])
    assert found.dtype == kind
    close = 1e-4 if kind is np.complex64 else 1e-12
    np.testing.assert_allclose(found, by_definition(x, range(4 - count, 4), sign), rtol=close, atol=close)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("last", [4, 5])
def test_real_numbers(array, kind, count, last):
    x = sample((2, 3, 4, last), kind)
    found = array("stablehlo.fft", x, fft_type="RFFT", fft_length=x.shape[-count:])
    close = 1e-4 if kind is np.float32 else 1e-12
    assert found.dtype == np.result_type(kind, np.complex64)
    whole = by_definition(x, range(4 - count, 4), -1)
    np.testing.assert_allclose(found, whole[..., : last // 2 + 1], rtol=close, atol=close)
    back = array("stablehlo.fft", found, fft_type="IRFFT", fft_length=x.shape[-count:])
    assert back.dtype == kind
    np.testing.assert_allclose(back, x, rtol=close, atol=close)


def test_an_example_in_a_program(in_program):
    x = np.array([1, 0, 0, 0], np.complex64)
    found = in_program(
        "stablehlo.fft %0, type = FFT, length = [4]", "tensor<4xcomplex<f32>> -> tensor<4xcomplex<f32>>", x
    )
    np.testing.assert_array_equal(found, np.ones(4))


@pytest.mark.parametrize(
    ("kind", "name", "shape", "expected"),
    [
        (np.complex64, "FFT", (2, 0), (2, 0)),
        (np.float32, "RFFT", (0, 5), (0, 3)),
        (np.float64, "RFFT", (2, 0), (2, 0)),
        (np.complex64, "IRFFT", (0, 3), (0, 5)),
    ],
)
def test_nothing(array, kind, name, shape, expected):
    length = [5] if name == "IRFFT" else shape[-1:]
    found = array("stablehlo.fft", np.zeros(shape, kind), fft_type=name, fft_length=length)
    assert found.shape == expected


@pytest.mark.parametrize(
    ("kind", "shape", "name", "length", "message"),
    [
        (np.float32, (4,), "FFT", [4], "(C2) expects an operand of complex numbers for FFT, but got f32"),
        (np.complex64, (4,), "RFFT", [4], "(C2) expects an operand of floats for RFFT, but got complex<f32>"),
        (np.complex64, (4,), "FFT", [4, 4], "(C1) expects at most 1 lengths in fft_length, but got 2"),
        (np.complex64, (4,), "FFT", [], "(C3) expects 1 to 3 lengths in fft_length, but got 0"),
        (np.float32, (4,), "RFFT", [5], "(C4) expects the operand's last dimensions to be [5], but got [4]"),
        (np.complex64, (4,), "DFT", [4], "(I2) expects fft_type to be one of FFT, IFFT, RFFT, IRFFT, but got DFT"),
    ],
)
def test_what_does_not_fit(run, kind, shape, name, length, message):
    with pytest.raises(KernelError) as error:
        run("stablehlo.fft", np.ones(shape, kind), fft_type=name, fft_length=length)
    assert error.value.message == message
