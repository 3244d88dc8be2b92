"""What changes nothing when it is combined with elements, as the initial values mostly are that frameworks write."""

from __future__ import annotations

from typing import Any

import numpy as np


def neutral_of(function: np.ufunc, dtype: np.dtype) -> Any:
    """A number that changes no other by a function, but for the sign of zeros; None where there is none."""
    if function not in (np.maximum, np.minimum):
        return function.identity
    if dtype.kind not in "biuf":
        return None
    if dtype.kind == "b":
        return function is np.minimum
    limits = np.iinfo(dtype) if dtype.kind != "f" else None
    least, greatest = (-np.inf, np.inf) if limits is None else (limits.min, limits.max)
    return least if function is np.maximum else greatest
