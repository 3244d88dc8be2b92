"""How an op runs the functions that it refers to, its regions among them: one description for the op and its kernel.

Verification checks ops by it (`tfrt.dialects.shared.bodies`), loading checks files (`callees.py`); what passes, plans
and the analysis of effects know of branches and loops is `Control`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from types import EllipsisType
from typing import TypeVar

T = TypeVar("T")


class Control(Enum):
    """How a kernel runs its functions, so that plans can do it without the kernel.

    All results of the chosen function, or of the last iteration, are the kernel's.
    """

    CALL = auto()
    """Runs its function on all operands."""
    BRANCH = auto()
    """Runs its first or second function, as its first operand (an i1) says, on the others."""
    CASE = auto()
    """Runs the function whose index is the first operand (an i32), or else the last one, on the others."""
    REPEAT = auto()
    """Runs its function as often as the first operand (an i32) says, on the others, then on its results."""
    WHILE = auto()
    """As long as the first operand (an i1), later the last result, is true, runs its function on the others, then on
    its other results."""


ANY = "any"
"""In a `Runs`: a value of any type."""

Types = tuple[str | EllipsisType, ...]
"""Types as MLIR spells them; ``...`` stands for those of the op's own operands or results."""


@dataclass(frozen=True, slots=True)
class Runs:
    """What a kernel gives a function that it runs and takes from it: by default all operands, and all its results.

    A file whose functions do not fit the kernels that run them is refused when it is loaded.

    Attributes:
        takes: the types of what the function takes; ``...`` are the operands after the first `skips`.
        gives: the types of what it returns; ``...`` are the kernel's results.
        or_nothing: whether it may return nothing instead.
        skips: how many operands, in front, are the kernel's own.
        carries: whether the function runs on what it returned, too, so that operands and results must be alike.
        repeats: whether it may run more than once, each time on the operands themselves.
        is_sync: whether it must be synchronous.
    """

    takes: Types = (...,)
    gives: Types = (...,)
    or_nothing: bool = False
    skips: int = 0
    carries: bool = False
    repeats: bool = False
    is_sync: bool = False


RUNS = {
    Control.CALL: Runs(),
    Control.BRANCH: Runs(skips=1),
    Control.CASE: Runs(skips=1),
    Control.REPEAT: Runs(skips=1, carries=True),
    Control.WHILE: Runs(skips=1, gives=(..., "i1"), carries=True),
}
"""How kernels that do nothing but run functions run them."""


def expand(types: Types, rest: Sequence[T]) -> tuple[str | T, ...]:
    """The types with `rest` in place of ``...``."""
    found: list[str | T] = []
    for type in types:
        if isinstance(type, str):
            found.append(type)
        else:
            found += rest
    return tuple(found)
