"""What the calls of LAPACK's routines have in common, as JAX makes them: ``lapack_spotrf_ffi`` and others.

Each is there for four element types. Matrices are the last two dimensions, whatever order of memory the program asks
for; what is configured by a letter comes as its code. Of what a routine returns, `info` is 0 where it succeeded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeVar

import numpy as np

from tfrt.executor.declarations.custom_calls import custom_call

F = TypeVar("F", bound=Callable[..., Any])

LOWER, LEFT, UNIT, VECTORS, ALL, SOME, NONE = map(ord, "LLUVASN")
TRANSPOSES = {ord("N"): "NO_TRANSPOSE", ord("T"): "TRANSPOSE", ord("C"): "ADJOINT"}


def lapack(real: str, complex: str | None = None) -> Callable[[F], F]:
    """Register the decorated array form for a routine, of another name for complex numbers, perhaps."""

    def register(form: F) -> F:
        for letter in "sdcz":
            routine = complex if complex is not None and letter in "cz" else real
            custom_call(f"lapack_{letter}{routine}_ffi")(form)
        return form

    return register


def each(function: Callable[..., Sequence[np.ndarray]], *arrays: np.ndarray, ranks: Sequence[int]) -> list[np.ndarray]:
    """What a function of single matrices, vectors and their like gives for stacks of them.

    Args:
        ranks: of what the function takes.
    """
    batch = arrays[0].shape[: arrays[0].ndim - ranks[0]]
    if not batch:
        return [np.asarray(found) for found in function(*arrays)]
    stacks = [a.reshape(prod(batch), *a.shape[a.ndim - rank :]) for a, rank in zip(arrays, ranks, strict=True)]
    if not len(stacks[0]):
        # What one would give says how large its results are.
        empty = function(*[np.zeros(stack.shape[1:], stack.dtype) for stack in stacks])
        return [np.zeros((*batch, *np.shape(found)), np.asarray(found).dtype) for found in empty]
    found = [function(*matrices) for matrices in zip(*stacks, strict=True)]
    return [np.stack(results).reshape(*batch, *np.shape(results[0])) for results in zip(*found, strict=True)]


def info(value: int = 0, shape: tuple[int, ...] = ()) -> np.ndarray:
    """What a routine says about how it went."""
    return np.full(shape, value, np.int32)
