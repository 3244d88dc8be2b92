"""Where numbers belong in a sorted line, found by halving what is left of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.kernels.numerics.packed import packed_once
from tfrt.kernels.numerics.quiet import quiet

Search = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes a line with an element and numbers of its type, and gives a place for each."""


def searching(*, after: bool) -> Search:
    """What finds how many elements of a line are less than a number, or with `after` no greater. NaN is the greatest.

    In a line that is not sorted, places are those that frameworks find: by as many halvings as bring a sorted line down
    to one place, each of which goes on in the first half where the element in the middle does not come before.
    """
    is_sorted = packed_once(lambda line: np.asarray((line[1:] >= line[:-1]).all()))

    def search(line: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        if is_sorted(line):
            return np.asarray(line.searchsorted(numbers, "right" if after else "left"))
        return _halve(line, numbers, after=after)

    def run(line: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        found: np.ndarray = quiet.call(search, line, numbers)
        return found

    return run


def _halve(line: np.ndarray, numbers: np.ndarray, *, after: bool) -> np.ndarray:
    low, high = np.zeros(numbers.shape, np.intp), np.full(numbers.shape, line.size, np.intp)
    unordered = numbers != numbers
    for _ in range(line.size.bit_length()):
        middle = low + (high - low) // 2
        element = line[np.minimum(middle, line.size - 1)]
        comes_before = ((element <= numbers) | unordered) if after else ~((numbers <= element) | (element != element))
        low, high = np.where(comes_before, middle, low), np.where(comes_before, high, middle)
    return high
