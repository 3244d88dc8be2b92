"""Functions of complex numbers in double precision that numpy has not, or less accurately.

Source of the semantics: the specification of StableHLO, and C99's Annex G for numbers that are not finite.
"""

from __future__ import annotations

import numpy as np


def sign(z: np.ndarray) -> np.ndarray:
    """The number by its absolute value; 0 for 0, and NaN in both parts where there is one."""
    size = np.abs(z)
    divisor = np.where(size == 0, 1, size)
    found = np.where(size == 0, 0, combined(z.real / divisor, z.imag / divisor))
    return np.where(np.isnan(z), complex(np.nan, np.nan), found)


def divide(dividend: np.ndarray, divisor: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """The quotient; where numpy finds NaN, that of Annex G: of what is infinite, or divided by it, or by 0."""
    found = np.divide(dividend, divisor)
    lost = np.isnan(found)
    if np.any(lost):
        found = np.where(lost, _divided_at_the_edges(dividend, divisor), found)
    if out is None:
        return np.asarray(found)
    np.copyto(out, found)
    return out


def _divided_at_the_edges(dividend: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    by_zero = (divisor == 0) & ~(np.isnan(dividend.real) & np.isnan(dividend.imag))
    infinite = np.isinf(dividend) & np.isfinite(divisor)
    by_infinite = np.isfinite(dividend) & np.isinf(divisor)
    x, y = _boxed(dividend, infinite), _boxed(divisor, by_infinite)
    scale = np.where(by_infinite, 0.0, np.where(infinite, np.inf, np.nan)).astype(dividend.real.dtype)
    real = scale * (x.real * y.real + x.imag * y.imag)
    imag = scale * (x.imag * y.real - x.real * y.imag)
    infinity = np.copysign(np.inf, divisor.real)
    return combined(
        np.where(by_zero, infinity * dividend.real, real), np.where(by_zero, infinity * dividend.imag, imag)
    )


def _boxed(z: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Numbers with 1 for parts that are infinite, and 0 for others, with their signs, where that is asked for."""
    parts = [np.where(where, np.copysign(np.isinf(part), part), part) for part in (z.real, z.imag)]
    return combined(*parts)


def atan2(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``-i * log((x + i * y) / sqrt(x ** 2 + y ** 2))``."""
    return -1j * np.log((x + 1j * y) / np.sqrt(x * x + y * y))


def cbrt(z: np.ndarray) -> np.ndarray:
    """The cubic root whose angle is a third of the number's."""
    return polar(np.cbrt(np.abs(z)), np.angle(z) / 3)


def rsqrt(z: np.ndarray) -> np.ndarray:
    """One by the square root; of 0 that is infinite."""
    size, angle = np.abs(z), np.angle(z)
    return np.where(size == 0, complex(np.inf, np.nan), polar(1 / np.sqrt(size), -angle / 2))


def logistic(z: np.ndarray) -> np.ndarray:
    """``1 / (1 + exp(-z))``."""
    is_left = z.real < 0
    small = np.exp(np.where(is_left, z, -z))
    return np.where(is_left, small, 1) / (1 + small)


def log1p(z: np.ndarray) -> np.ndarray:
    """``log(1 + z)``, also where that is close to 0."""
    x, y = z.real, z.imag
    # |1 + z|^2 - 1 is x * (2 + x) + y * y.
    near = 0.5 * np.log1p(x * (2 + x) + y * y)
    far = np.log(np.hypot(1 + x, y))
    return combined(np.where(np.maximum(np.abs(x), np.abs(y)) < 0.5, near, far), np.arctan2(y, 1 + x))


def power(base: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """``exp(exponent * log(base))``; to the power of 0 it is 1, and 0 to any other one is 0."""
    return np.power(base, exponent)


def polar(size: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """The number of this absolute value and angle."""
    return combined(size * np.cos(angle), size * np.sin(angle))


def combined(real: np.ndarray, imag: np.ndarray) -> np.ndarray:
    """Complex numbers of their parts; multiplying by i would make NaN of what is infinite."""
    both = np.empty(np.broadcast_shapes(np.shape(real), np.shape(imag)), np.result_type(real, np.complex64))
    both.real, both.imag = real, imag
    return both
