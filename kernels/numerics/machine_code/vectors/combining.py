"""Vectors combined element by element, as pools combine what their windows see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfrt.kernels.numerics.machine_code.vectors.code import Code
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate

COMBINED = {
    "maximum": "{0} if {0} > {1} or {0} != {0} else {1}",
    "minimum": "{0} if {0} < {1} or {0} != {0} else {1}",
    "add": "{0} + {1}",
    "fmax": "{0} if {0} > {1} or {1} != {1} else {1}",
}
"""By the names of numpy's functions."""


def combined(code: Code, function: str, vectors: Sequence[str]) -> str:
    """The function of vectors, one after another, and of what changes nothing before them where that shows: sums begin
    with zero, and where all are NaN `fmax` gives the least there is."""
    first, *others = vectors
    if function == "add":
        first = evaluate(code, COMBINED["add"], [code.constant(0), first])
    elif function == "fmax":
        first = evaluate(code, COMBINED["fmax"], [code.constant(-np.inf), first])
    for other in others:
        first = evaluate(code, COMBINED[function], [first, other])
    return first
