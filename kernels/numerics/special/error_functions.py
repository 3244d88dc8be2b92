"""The error function, its inverse, and the modified Bessel function of order 1, in double precision.

Ranges have a rational approximation each, which interpolates the function at Chebyshev nodes: the coefficients were
solved for with 50 digits, and are of the least degrees whose relative error is below the precision. The ``SHORT`` ones
are for results in single precision, and have errors below 1e-9; the ``SINGLE`` ones are also evaluated in it, or nearly
so, and serve a whole function: they were fitted so that the greatest relative errors are equal. For the
ranges and variables see W. J. Cody, "Rational Chebyshev approximations for the error function" (1969), and M. Giles,
"Approximating the erfinv function" (2012).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.kernels.numerics.special.approximation import Rational, by_range, in_blocks, polynomial, ratio

# lg0 1.461632144968362341262659542325721328468
_ERF: Rational = (
    (1.1283791670955126, 0.14214874428063382, 0.04530431496553584, 0.0018273246406360385, 0.00019496984753178997,),
    (1.0, 0.45930937793412957, 0.09325302973969972, 0.010582353560685183, 0.0006812436819785099,
     2.029955528683424e-05,),
)  # fmt: skip
_ERFCX: Rational = (
    (1.0000000000061475, 1.9174150541208184, 1.8293748727720025, 1.0971271198620272, 0.44685614828909787,
     0.12598738653257832, 0.024032217289083745, 0.002852668943880476, 0.00016357124680051294,),
    (1.0, 3.0457942213139275, 4.266185618629667, 3.6174606551146113, 2.0537449232983582, 0.8131837317170921,
     0.2258350303960212, 0.042740952473668145, 0.005056224223225985, 0.00028992248346680914,),
)  # fmt: skip
_ERFCX_TAIL: Rational = (
    (0.5641895835477563, 3.612207896230042, 16.914453506184113, 48.591326111033126, 100.62126936206926,
     138.7667292760605, 120.96593299531104, 50.8173945301229,),
    (1.0, 6.402471795944244, 30.480088253000332, 89.32711898380228, 192.8366005106985, 285.81932840399986,
     289.83979570920116, 177.98985601692297, 50.889169001461354,),
)  # fmt: skip
_ERF_INV: Rational = (
    (0.886226925452758, 0.3173517151466377, 0.0821874007399821, 0.015157465850130341, 0.002068013369593152,
     0.0002138758784584124, 1.620975943106941e-05, 8.15966513374523e-07, 2.0970090401385502e-08,),
    (1.0, 0.09629367621434598, 0.05449688836123475, 0.004216093980326368, 0.000917730589473679, 5.103751576338583e-05,
     4.608037714840018e-06, 1.3324975315128634e-07, 1.938647388944854e-09, -8.715071569473518e-12,),
)  # fmt: skip
_ERF_INV_TAIL: Rational = (
    (2.714760997939285, 4.788100252793122, 3.5372945061267576, 1.409979095653303, 0.32460117737680755,
     0.0426098175678917, 0.002897028188334765, 7.640184299824488e-05,),
    (1.0, 1.3799916951721947, 0.7754371759086012, 0.2245523708754384, 0.03478666259036637, 0.002668693127276897,
     7.638920171948643e-05, 2.1286141299086682e-10, -2.3744702146783052e-12,),
)  # fmt: skip
_ERF_INV_SHORT: Rational = (
    (0.8862269254308608, 0.3065146326215237, 0.06051177841532312, 0.008064950397701387, 0.0006964789021832221,
     3.1383701693882e-05,),
    (1.0, 0.08406533685796881, 0.03323994936193136, 0.0019374285271384559, 0.00021152999648322248,
     1.861872737202762e-06,),
)  # fmt: skip
_ERF_INV_TAIL_SHORT: Rational = (
    (2.832976798739227, 4.519395940257251, 3.9913252050550474, 2.208600166985133, 0.7994874474499171,
     0.17235757378859257, 0.016905402255796353,),
    (1.0, 1.241704720321364, 0.9665080088351643, 0.4364272401799655, 0.12601799231772398, 0.016199735724814604,
     9.344856955727999e-05, -6.541324316121503e-06,),
)  # fmt: skip
_I1E: Rational = (
    (0.5, 0.03432517246345859, 0.053605212718979806, 0.0035368284817650485, 0.0015722325954833753,
     9.34519801731818e-05, 1.746370968164681e-05, 8.359857838198229e-07, 7.411510217366809e-08, 2.235873109361456e-09,
     7.993384002664964e-11, 3.1870129281132836e-13,),
    (1.0, 1.0686503449269174, 0.5508607703648725, 0.18169462841579098, 0.04286579606548118, 0.007652650480198598,
     0.0010652849926924776, 0.0001171817401166461, 1.0178615387982105e-05, 6.864197081967395e-07,
     3.443121920256848e-08, 1.1638184253757711e-09, 1.9684541597708123e-11,),
)  # fmt: skip
_I1E_TAIL: Rational = (
    (0.38939845902587233, -0.8587157630822229, 1.9758104631059619, -2.5817067748884517, 2.735818591948218,
     -1.9376797600544622, 0.978886247129914, -0.288168037054329, 0.03689326409629522, 0.004838407328352462,
     -0.0012595326812233517, 4.444056867101439e-05,),
    (1.0, -2.180199141036098, 5.019983088627887, -6.505487997233249, 6.8656215254082475, -4.807664755935412,
     2.3971061908658324, -0.6824844452919931, 0.07884808607718179, 0.014090092860524138, -0.0028554700969049634,
     5.178399613575919e-05, 3.253539650718736e-07,),
)  # fmt: skip

ERF_SINGLE: Rational = (
    (1.1283791458095753, 0.19059172395989374, 0.052768949218385264, 0.003772439112119295, 0.0002848369583522722,
     2.0459902955764856e-06,),
    (1.0, 0.5022402491884915, 0.11418180804591213, 0.01498298153757604, 0.001163823108320926, 3.804704568057758e-05,),
)  # fmt: skip
"""``erf(x) / x`` as a function of ``x**2``, within 1.9e-8 up to..."""

ERF_SINGLE_END = float(np.float32(4.1))
"""...3.925, where there is no number between the result and 1; here the ratio is just above that."""

ERFCX_SINGLE = (
    0.5641770419647111, 1.1290095871723607, 1.9614333007356155, 2.9695191147824604, 1.756094177658335,
    2.2659726183605406, -2.8108792599288894, -74.1356559824672, 195.28706599206092, -195.61838835505296,
    73.25111347537323,
)  # fmt: skip
"""``exp(x**2) * erfc(x) / q`` as a polynomial of ``q = 1 / (x + 2)``, within 3.5e-9 up to..."""

ERFC_SINGLE_END = 10.25
"""...where nothing is left, not even a denormal number."""

_ERFCX_AROUND = 0.34375


def _around(coefficients: tuple[float, ...], place: float) -> tuple[float, ...]:
    """A polynomial as one of the difference to that place."""
    found = list(coefficients)
    for first in range(len(found) - 1):
        for number in reversed(range(first, len(found) - 1)):
            found[number] += place * found[number + 1]
    return tuple(found)


_ERFCX_SHIFTED = _around(ERFCX_SINGLE, _ERFCX_AROUND)
"""``ERFCX_SINGLE`` in the middle of its range, where terms do not cancel one another."""

_UPPER_HALF = np.int32(-(1 << 12))
"""All bits of a float but the lower half of those of its fraction."""

_FROM = 0.5
"""From where on ``erfc`` is computed by itself."""

_ERF_INV_END = 0.9966
"""Up to where ``erf_inv`` is computed from ``-log(1 - x * x)``, which is 5 there; further on it is from ``1 - |x|``."""


def erf(x: np.ndarray) -> np.ndarray:
    """The error function."""
    size = np.abs(x)
    return by_range(
        x,
        (size < 1, lambda v: v * ratio(v * v, _ERF)),
        (size >= 1, lambda v: np.copysign(1 - _erfc_far(np.abs(v)), v)),
    )


def erf_single(x: np.ndarray) -> np.ndarray:
    """`erf` in single precision, within six units in the last place; all in one, for speed."""
    bounded = np.clip(x, np.float32(-ERF_SINGLE_END), np.float32(ERF_SINGLE_END))
    found = ratio(bounded * bounded, ERF_SINGLE)
    found *= bounded
    return np.clip(found, np.float32(-1), np.float32(1), out=found)


def erf_of_floats(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """The error function of floats of any type."""
    return _of_floats(erf, erf_single, x, out)


def erfc_of_floats(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """One less the error function, of floats of any type."""
    return _of_floats(erfc, erfc_single, x, out)


def erf_inv_of_floats(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """The inverse of the error function, of floats of any type."""
    return _of_floats(erf_inv, erf_inv_single, x, out)


def _of_floats(
    of_doubles: Callable[..., np.ndarray],
    of_singles: Callable[..., np.ndarray],
    x: np.ndarray,
    out: np.ndarray | None,
) -> np.ndarray:
    out = np.empty(x.shape, x.dtype) if out is None else out
    function, dtype = (of_singles, np.float32) if x.dtype == np.float32 else (of_doubles, np.float64)
    return in_blocks(function, x, dtype=np.dtype(dtype), out=out)


def erfc(x: np.ndarray) -> np.ndarray:
    """One less the error function, without cancellation."""
    return by_range(
        x,
        (x >= _FROM, _erfc_far),
        (x <= -_FROM, lambda v: 2 - _erfc_far(-v)),
        (np.abs(x) < _FROM, lambda v: 1 - v * ratio(v * v, _ERF)),
    )


def erfc_single(x: np.ndarray) -> np.ndarray:
    """`erfc` in single precision, within six units in the last place; all in one, for speed."""
    size = np.asarray(np.minimum(np.abs(x), np.float32(ERFC_SINGLE_END)))
    # The square is exact for the upper half of the bits; what it would lose counts, for it is in an exponent.
    head = (size.view(np.int32) & _UPPER_HALF).view(np.float32)
    rest = (head - size) * (head + size)
    inverse = np.reciprocal(size + 2)
    far = np.asarray(polynomial(inverse - _ERFCX_AROUND, _ERFCX_SHIFTED))
    far *= inverse
    far += far * np.expm1(rest)
    # numpy's exponential of singles is within three units in the last place only.
    far *= np.exp((-head * head).astype(np.float64)).astype(np.float32)
    # One less its value of the other sign, twice: to choose by signs takes numpy longer than all of this.
    sign = np.copysign(np.float32(1), x)
    far *= sign
    far += 1 - sign
    return far


def _erfc_far(x: np.ndarray) -> np.ndarray:
    """From `_FROM` on."""
    # The square is exact for the upper half of the bits; what it would lose counts, for it is in an exponent.
    head = np.minimum(x, 40).astype(np.float32).astype(np.float64)
    rest = (np.minimum(x, 40) - head) * (np.minimum(x, 40) + head)
    scale = np.exp(-head * head) * np.exp(-rest)
    return scale * by_range(x, (x < 4, lambda v: ratio(v, _ERFCX)), (x >= 4, lambda v: ratio(1 / v, _ERFCX_TAIL) / v))


def erf_inv(x: np.ndarray) -> np.ndarray:
    """The inverse of the error function: infinite at 1 and -1, NaN beyond them."""
    size = np.abs(x)
    is_near = size < _ERF_INV_END

    def tail(v: np.ndarray) -> np.ndarray:
        found = ratio(np.sqrt(-np.log1p(-np.abs(v))) - 3, _ERF_INV_TAIL)
        return np.copysign(np.where(np.abs(v) == 1, np.inf, found), v)

    return by_range(
        x,
        (is_near, lambda v: v * ratio(-np.log1p(-v * v), _ERF_INV)),
        (~is_near & (size <= 1), tail),
    )


def erf_inv_single(x: np.ndarray) -> np.ndarray:
    """`erf_inv` of numbers of single precision, for a result of single precision.

    Random normal numbers come from here, so what XLA loses near 1, by ``1 - x * x`` in single precision, is lost here,
    too; all else is exact enough.
    """
    weight = np.negative(np.log1p(-x * x)).astype(np.float64)
    found = by_range(
        weight,
        (weight < 5, lambda w: ratio(w, _ERF_INV_SHORT)),
        (weight >= 5, lambda w: ratio(np.minimum(np.sqrt(w), 5) - 3, _ERF_INV_TAIL_SHORT)),
    )
    return np.where(np.isinf(weight), np.copysign(np.inf, x), x * found)


def bessel_i1e(x: np.ndarray) -> np.ndarray:
    """``exp(-|x|)`` times the modified Bessel function of the first kind of order 1."""
    size = np.abs(x)
    return by_range(
        x,
        (size <= 8, lambda v: v * ratio(np.abs(v), _I1E)),
        (size > 8, lambda v: np.sign(v) * ratio(16 / np.abs(v) - 1, _I1E_TAIL) / np.sqrt(np.abs(v))),
    )
