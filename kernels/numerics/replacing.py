"""Functions of arrays that others take the place of, once they have taken long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np

Run = Callable[..., np.ndarray]
"""Takes arrays, and perhaps `out`, an array for the result."""


def replaced_once(is_due: Callable[[float], bool], run: Run, successor: Callable[[Sequence[np.ndarray]], Run]) -> Run:
    """`run`, and from some call on what takes its place.

    Args:
        is_due: whether that is wanted, given the seconds that `run` has taken in all.
        successor: makes it, once, for the arrays of the call after which it is due.
    """
    spent, current = 0.0, run

    def timed(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        nonlocal spent, current
        if current is not run:
            return current(*arrays, out=out)
        start = perf_counter()
        found = run(*arrays, out=out)
        spent += perf_counter() - start
        if is_due(spent):
            spent = -np.inf
            current = successor(arrays)
        return found

    return timed
