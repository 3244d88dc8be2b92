"""The error function, one less it, and its inverse, of vectors of singles, in LLVM's intermediate representation."""

from __future__ import annotations

import numpy as np

from tfrt.kernels.numerics.machine_code.vectors.code import Code
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.machine_code.vectors.functions import bounded_ratio, exp, polynomial
from tfrt.kernels.numerics.machine_code.vectors.logarithms import log_plus_one
from tfrt.kernels.numerics.special.error_functions import ERF_SINGLE, ERF_SINGLE_END, ERFC_SINGLE_END, ERFCX_SINGLE

_ERF_INV = (1.5014093592824607, 0.24664028615313327, -0.004177386781267251, -0.0012527418777820518,
            0.0002183444395805494, -4.963348250691193e-06, -3.4627047986071064e-06, 4.661707506365762e-07,
            2.3232647541032846e-08, -8.791062770179137e-09)  # fmt: skip
"""``erf_inv(x) / x`` as a polynomial of ``w - 2.5``, where ``w = -log(1 - x**2)`` is below 5, within 5.6e-9; and..."""

_ERF_INV_TAIL = (2.8329768139643745, 1.0016748399212985, 0.009444526458896364, -0.007635287426474014,
                 0.005693391785230107, -0.0036067716155837983, 0.0014684867430851606, -3.8579014139837045e-05,
                 -0.0002963523656262685, 0.0001027825591381136)  # fmt: skip
"""...one of ``sqrt(w) - 3`` elsewhere, within 1.6e-8; fitted like ``ERF_SINGLE``."""


def erf(code: Code, x: str) -> str:
    """The error function, within six units in the last place."""
    return bounded_ratio(code, x, ERF_SINGLE, ERF_SINGLE_END)


def erfc(code: Code, x: str) -> str:
    """One less the error function, without cancellation; within six units in the last place."""
    size = evaluate(code, "abs({0})", [x])
    # NaN is itself.
    size = evaluate(code, "{1} if {1} < {0} else {0}", [size, code.constant(ERFC_SINGLE_END)])
    inverse = evaluate(code, "one / ({0} + {1})", [size, code.constant(2)])
    square = evaluate(code, "{0} * {0}", [size])
    # What the square has lost counts, for it is in an exponent.
    lost = code.fma(size, size, evaluate(code, "-{0}", [square]))
    falling = exp(code, evaluate(code, "-{0}", [square]))
    scaled = evaluate(code, "{0} * {1}", [inverse, polynomial(code, inverse, ERFCX_SINGLE)])
    scaled = code.fma(scaled, evaluate(code, "-{0}", [lost]), scaled)
    far = evaluate(code, "{0} * {1}", [falling, scaled])
    return evaluate(code, "{0} if {1} > zero else {2} - {0}", [far, x, code.constant(2)])


def erf_inv(code: Code, x: str) -> str:
    """The inverse of the error function; what ``1 - x * x`` loses near one is lost, as in
    `tfrt.kernels.numerics.special.error_functions.erf_inv_single`."""
    weight = evaluate(code, "-{0}", [log_plus_one(code, evaluate(code, "-({0} * {0})", [x]))])
    near = polynomial(code, evaluate(code, "{0} - {1}", [weight, code.constant(2.5)]), _ERF_INV)
    root = evaluate(code, "sqrt({0}) - {1}", [weight, code.constant(3)])
    far = polynomial(code, root, _ERF_INV_TAIL)
    found = evaluate(code, "{0} * ({1} if {2} < {3} else {4})", [x, near, weight, code.constant(5), far])
    return evaluate(code, "{1} * {2} if abs({1}) == one else {0}", [found, x, code.constant(np.inf)])
