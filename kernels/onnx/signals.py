"""Fourier transforms and what goes with them."""

from __future__ import annotations

import numpy as np

from tfrt.kernels.shared.operators import axis_of, dtype_named, ints, operator

Array = np.ndarray


def _complex(x: Array) -> Array:
    """Real numbers, or pairs along the last dimension, as complex ones."""
    result = np.zeros(x.shape[:-1], np.result_type(x.dtype, np.complex64))
    result.real = x[..., 0]
    if x.shape[-1] == 2:
        result.imag = x[..., 1]
    return result


def _pairs(x: Array, dtype: np.dtype) -> Array:
    return np.stack([x.real, x.imag], -1).astype(dtype)


@operator("DFT", in_single=True, shaped_by=(1, 2))
def dft(
    x: Array,
    length: Array | None = None,
    axis_input: Array | None = None,
    *,
    axis: int | None = None,
    inverse: int = 0,
    onesided: int = 0,
) -> Array:
    """The discrete Fourier transform along an axis, which up to opset 19 is an attribute, cut or filled with zeros."""
    default = -2 if axis is None else axis
    place = axis_of(default if axis_input is None else ints(axis_input)[0], x.ndim)
    count = x.shape[place] if length is None else ints(length)[0]
    values = _complex(x)
    if inverse and onesided:
        count = 2 * (count - 1) if length is None else count
        return np.fft.irfft(values, count, place)[..., np.newaxis].astype(x.dtype)
    if inverse:
        return _pairs(np.fft.ifft(values, count, place), x.dtype)
    found = np.fft.rfft(values.real, count, place) if onesided else np.fft.fft(values, count, place)
    return _pairs(found, x.dtype)


@operator("STFT", in_single=True, shaped_by=(1, 3))
def stft(
    signal: Array, step: Array, window: Array | None = None, length: Array | None = None, *, onesided: int = 1
) -> Array:
    """Fourier transforms of frames of a signal, `step` apart, each times a window."""
    stride = ints(step)[0]
    size = len(window) if length is None and window is not None else ints(length)[0]
    values = _complex(signal if signal.ndim == 3 else signal[..., np.newaxis])
    frames = np.lib.stride_tricks.sliding_window_view(values, size, 1)[:, ::stride]
    if window is not None:
        frames = frames * window
    found = np.fft.fft(frames, axis=-1)
    return _pairs(found[..., : size // 2 + 1] if onesided else found, signal.dtype)


@operator("MelWeightMatrix", shaped_by=range(5))
def mel_weight_matrix(
    bins: Array, length: Array, rate: Array, low: Array, high: Array, *, output_datatype: str = "f32"
) -> Array:
    """Triangles that are as wide as ears hear: for each line of a spectrum what it counts in each of the bins."""
    count, lines = ints(bins)[0], ints(length)[0] // 2 + 1
    edges = 2595 * np.log10(1 + np.array([float(low.reshape(())), float(high.reshape(()))]) / 700)
    step = (edges[1] - edges[0]) / (count + 2)
    hertz = 700 * (10 ** ((edges[0] + step * np.arange(count + 2)) / 2595) - 1)
    places = np.floor((ints(length)[0] + 1) * hertz / ints(rate)[0]).astype(np.int64)
    result = np.zeros((lines, count))
    for number in range(count):
        first, center, last = places[number : number + 3]
        if center == first:
            result[center, number] = 1
        else:
            result[first : center + 1, number] = (np.arange(first, center + 1) - first) / (center - first)
        if last > center:
            result[center:last, number] = (last - np.arange(center, last)) / (last - center)
    return result.astype(dtype_named(output_datatype))


def _window(name: str, weights: tuple[float, ...]) -> None:
    @operator(name, shaped_by=(0,))
    def run(size: Array, *, output_datatype: str = "f32", periodic: int = 1) -> Array:
        """A sum of cosines over so many elements."""
        count = ints(size)[0]
        angle = 2 * np.pi * np.arange(count) / (count if periodic else count - 1)
        total = sum(weight * np.cos(number * angle) for number, weight in enumerate(weights))
        return np.asarray(total).astype(dtype_named(output_datatype))


_window("BlackmanWindow", (0.42, -0.5, 0.08))
_window("HammingWindow", (25 / 46, -21 / 46))
_window("HannWindow", (0.5, -0.5))
