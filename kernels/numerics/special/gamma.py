"""The gamma function's logarithm and its derivatives, and the Hurwitz zeta function, in double precision.

Small arguments have rational approximations, found as those of `error_functions` are; large ones the asymptotic series
of Stirling (NIST DLMF 5.11.1, 5.11.2), negative ones the reflection formulas (5.5.3, 5.5.4). The zeta function is
summed by Euler and Maclaurin's formula: F. Johansson, "Rigorous high-precision computation of the Hurwitz zeta function
and its derivatives" (2015), formula 5.
"""

from __future__ import annotations

import math

import numpy as np

from tfrt.kernels.numerics.special.approximation import Rational, by_range, polynomial, ratio

_LGAMMA_NEAR: Rational = (
    (2.9185385342336714, 182.67068785646788, 2623.413869715773, 13928.698941074428, 32947.15166107801,
     37733.20314135673, 21501.95800928222, 6022.198532728693, 782.4723906060688, 41.25266749187155,
     0.6387992230522542, 0.0005871405684018768,),
    (1.0, 98.095955667486, 1960.2380581483324, 13912.81466563879, 43377.53210795373, 65758.59606667687,
     50821.369779801986, 20211.320442773285, 4030.4041405269945, 374.9245071287513, 13.917452828265118,
     0.14037084302413155,),
)  # fmt: skip
_LGAMMA_FAR: Rational = (
    (3.654067869982952, 13.567237462213066, -4.7435828351054985, -15.147807265292254, -0.33646013873671543,
     2.484025895941671, 0.4946976813636371, 0.027382048674113958, 0.00037979042095941513,),
    (1.0, 10.4846374561601, 20.00460768606726, 12.311253841576221, 2.912480074350149, 0.2732485041641737,
     0.009277522668637794, 7.930626999166655e-05, -7.980662810921003e-08, 2.1918649597876277e-10,),
)  # fmt: skip
_DIGAMMA_NEAR: Rational = (
    (5948010.51266756, 18276468.8661239, 14874972.979596967, 4213216.083365143, 390570.07238747104, 7762.628018339829,),
    (1.0, 8693791.585974358, 15747332.837626435, 8676169.477515304, 1728583.498206144, 110921.42440487663,
     1369.9608919511315,),
)  # fmt: skip
_DIGAMMA_FAR: Rational = (
    (-5224865.390832601, -14462644.664019952, -6932551.204489304, 4160249.956269069, 4101425.408790717,
     1178733.4256305522, 150609.1192278937, 8961.580665387388, 233.35345206025164, 2.218301364142024,
     0.00474183259362092,),
    (1.0, 5224857.7509777, 11446801.529034264, 8919763.93120806, 3239889.512565198, 595996.7625055108,
     56144.086160719424, 2603.984106310886, 53.82092140997826, 0.400395434437756, 0.0006136773140864514,),
)  # fmt: skip

_BERNOULLI = tuple(
    numerator / denominator
    for numerator, denominator in (
        (1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510), (43867, 798), (-174611, 330),
        (854513, 138), (-236364091, 2730),
    )
)  # fmt: skip
"""The Bernoulli numbers of even index, from the second on."""

_STIRLING = tuple(b / ((2 * k + 1) * (2 * k + 2)) for k, b in enumerate(_BERNOULLI))
_STIRLING_DERIVED = tuple(b / (2 * k + 2) for k, b in enumerate(_BERNOULLI))
_EULER_MACLAURIN = tuple(b / math.factorial(2 * k + 2) for k, b in enumerate(_BERNOULLI))

_DIGAMMA_ROOT = 1.4616321449683622
_DIGAMMA_ROOT_REST = 9.549995429965697e-17
"""Where digamma is zero: the sum of both."""

_FACTORIALS = np.array([float(math.factorial(n)) for n in range(171)] + [math.inf])

_TERMS = 10
"""How many terms of the zeta function's series are summed one by one."""


def lgamma(x: np.ndarray) -> np.ndarray:
    """The logarithm of the gamma function's absolute value; infinite at integers up to 0, and at both infinities."""
    return by_range(x, (x > 0, _lgamma_of_positive), (x <= 0, _lgamma_reflected))


def _lgamma_of_positive(x: np.ndarray) -> np.ndarray:
    return by_range(
        x,
        (x < 0.5, lambda v: _lgamma_near(v + 1) - np.log(v)),
        ((x >= 0.5) & (x < 3), _lgamma_near),
        ((x >= 3) & (x < 9), lambda v: ratio(v, _LGAMMA_FAR)),
        (x >= 9, _stirling),
    )


def _lgamma_near(x: np.ndarray) -> np.ndarray:
    # Zero at 1 is positive, too.
    return (x - 1) * (x - 2) * ratio(x, _LGAMMA_NEAR) + 0.0


def _stirling(x: np.ndarray) -> np.ndarray:
    inverse = 1 / x
    logarithm = np.log(x)
    # This way it does not overflow before the result does.
    main = (logarithm - 1) * (x - 0.5) + (0.5 * math.log(2 * math.pi) - 0.5)
    return main + inverse * polynomial(inverse * inverse, _STIRLING)


def _lgamma_reflected(x: np.ndarray) -> np.ndarray:
    # The distance to the nearest integer is exact.
    sine = np.abs(np.sin(np.pi * (x - np.rint(x))))
    is_pole = (x == np.rint(x)) | np.isinf(x)
    usual = np.where(is_pole, -0.5, x)
    found = np.log(np.pi / np.where(is_pole, 1, np.abs(usual) * sine)) - _lgamma_of_positive(-usual)
    return np.where(is_pole, np.inf, found)


def digamma(x: np.ndarray) -> np.ndarray:
    """The logarithmic derivative of the gamma function; NaN at integers up to 0."""
    return by_range(
        x,
        (x > 0, _digamma_of_positive),
        (x <= 0, _digamma_reflected),
    )


def _digamma_of_positive(x: np.ndarray) -> np.ndarray:
    return by_range(
        x,
        (x < 1, lambda v: _digamma_near(v + 1) - 1 / v),
        ((x >= 1) & (x < 2), _digamma_near),
        ((x >= 2) & (x < 10), lambda v: ratio(v, _DIGAMMA_FAR)),
        (x >= 10, _digamma_asymptotic),
    )


def _digamma_near(x: np.ndarray) -> np.ndarray:
    return (x - _DIGAMMA_ROOT - _DIGAMMA_ROOT_REST) * ratio(x, _DIGAMMA_NEAR)


def _digamma_asymptotic(x: np.ndarray) -> np.ndarray:
    inverse = 1 / x
    square = inverse * inverse
    return np.log(x) - 0.5 * inverse - square * polynomial(square, _STIRLING_DERIVED)


def _digamma_reflected(x: np.ndarray) -> np.ndarray:
    rest = x - np.rint(x)
    is_pole = (rest == 0) | np.isinf(x)
    usual = np.where(is_pole, -0.5, x)
    found = _digamma_of_positive(1 - usual) - np.pi / np.tan(np.pi * np.where(is_pole, 0.25, rest))
    return np.where(is_pole, np.nan, found)


def polygamma(n: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The derivative of `digamma` of order `n`; NaN unless that is an integer from 0 on."""
    order, x = np.broadcast_arrays(n, x)
    is_order = (order >= 0) & (order == np.floor(order))
    usual = np.where(is_order, order, 1)
    factorial = _FACTORIALS[np.minimum(usual, len(_FACTORIALS) - 1).astype(np.intp)]
    higher = np.where(usual % 2 == 1, 1, -1) * factorial * zeta(usual + 1, x)
    found = np.where(usual == 0, digamma(x) if np.any(usual == 0) else higher, higher)
    return np.where(is_order, found, np.nan)


def zeta(s: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The Hurwitz zeta function, the sum of ``(q + k) ** -s`` for all k from 0 on.

    It is infinite for an `s` of 1, and NaN for less. For a `q` of 0 or less, `s` must be an integer; at the poles there
    it is infinite if that is even, and NaN if it is odd.
    """
    s, q = np.broadcast_arrays(s, q)
    is_even = s % 2 == 0
    is_positive = q > 0
    if np.all(is_positive):
        found = _zeta_of_positive(s, q)
    else:
        rest = q - np.floor(q)
        usual = np.where(is_positive, q, np.where(rest == 0, 0.5, rest))
        found = _zeta_of_positive(s, usual)
        # The terms below 0 are those of another zeta function, up to where they end.
        start = np.where(is_positive, 0.5, 1 - usual)
        below = _zeta_of_positive(s, start) - _zeta_of_positive(s, np.where(is_positive, 0.5, 1 - q))
        negative = np.where(s == np.floor(s), found + np.where(is_even, below, -below), np.nan)
        at_pole = np.where(is_even, np.inf, np.nan)
        found = np.where(is_positive, found, np.where(rest == 0, at_pole, negative))
    found = np.where(np.isnan(s) | np.isnan(q), np.nan, found)
    return np.where(s > 1, found, np.where(s == 1, np.inf, np.nan))


def _zeta_of_positive(s: np.ndarray, q: np.ndarray) -> np.ndarray:
    s = np.where(s > 1, s, 2)
    total = np.power(q, -s)
    for k in range(1, _TERMS):
        total = total + np.power(q + k, -s)
    end = q + _TERMS
    term = np.power(end, -s)
    inverse = 1 / end
    series = np.zeros_like(total)
    for k in reversed(range(len(_EULER_MACLAURIN))):
        following = (s + (2 * k + 1)) * (s + (2 * k + 2)) * inverse * inverse * series
        series = _EULER_MACLAURIN[k] + following
    rest = np.power(end, 1 - s) / (s - 1) + term * (0.5 + s * inverse * series)
    # Where powers fall that fast the rest is nothing, and its factors may be too large.
    return np.where(term < 1e-22 * total, total, total + rest)
