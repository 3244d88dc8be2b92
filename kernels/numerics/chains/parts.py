"""Which parts of the arrays that it is given a chain of elementwise ops reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.prepared import Scribe, writing_of, written

Shape = tuple[int, ...]
Run = Callable[..., np.ndarray]


@dataclass(frozen=True, slots=True)
class Part:
    """An input of a chain.

    Attributes:
        array: the number of the array that it is of.
        shape: the whole array's.
        starts: where it begins in that, and how far apart its elements are, along each dimension; None where it is all
            of it.
    """

    array: int
    shape: Shape
    starts: tuple[tuple[int, int, int], ...] | None = None

    @property
    def index(self) -> tuple[slice, ...]:
        """What numpy takes for it."""
        assert self.starts is not None
        return tuple([slice(*each) for each in self.starts])

    @property
    def offset(self) -> int:
        """How many of the array's elements come before the first one."""
        steps = self._steps()
        return 0 if self.starts is None else sum(s * step for (s, _, _), step in zip(self.starts, steps, strict=True))

    @property
    def strides(self) -> list[int]:
        """How many elements of the array lie between two that are next to one another, along each dimension."""
        if self.starts is None:
            return self._steps()
        return [stride * step for (_, _, stride), step in zip(self.starts, self._steps(), strict=True)]

    def _steps(self) -> list[int]:
        return [prod(self.shape[axis + 1 :]) for axis in range(len(self.shape))]


def whole(shapes: Sequence[Shape]) -> list[Part]:
    """The inputs of a chain that reads arrays of these shapes as they are."""
    return [Part(number, shape) for number, shape in enumerate(shapes)]


def reading(run: Run, parts: Sequence[Part]) -> Run:
    """`run`, a chain of these parts, as a function of the arrays that they are of, and of `out`."""
    count = 1 + max(part.array for part in parts)
    indices = [None if part.starts is None else part.index for part in parts]
    arrays = [part.array for part in parts]
    inner = writing_of(run)

    def of_parts(*given: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        inputs = [given[n] if index is None else given[n][index] for n, index in zip(arrays, indices, strict=True)]
        return run(*inputs, out=out)

    if inner is None:
        return of_parts

    def write(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        assert inner is not None
        names = [f"{result}_p{n}" for n in range(len(arrays))]
        taking = [
            f"{name} = {operands[n]}[{scribe.constant(index, 'part')}]"
            for name, n, index in zip(names, arrays, indices, strict=True)
            if index is not None
        ]
        inputs: list[Any] = [
            operands[n] if index is None else name for name, n, index in zip(names, arrays, indices, strict=True)
        ]
        taken = [name for name, index in zip(names, indices, strict=True) if index is not None]
        return [*taking, *inner([*inputs, *operands[count:]], result, scribe), f"del {', '.join(taken)}"]

    return written(of_parts, write)
