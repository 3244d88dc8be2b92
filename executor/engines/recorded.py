"""What a call has come to elsewhere, in a plan, from which it goes on.

A plan that cannot go on (`tfrt.executor.engines.plans`) says what the function's first kernels, in the file's order,
came to. Whoever goes on starts the call from its beginning, in its own order, and takes that instead of running them
again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the first kernels of a call have come to.

    Attributes:
        registers: the arguments, and what kernels up to `done` have written. Of registers whose users are all among
            these kernels, the values do not matter.
        done: the last kernel that has run to its end.
        outcome: what the kernel after `done` came to: returns what it has returned, or raises what it has raised. None
            if it has not begun.
    """

    registers: Sequence[Any]
    done: int
    outcome: Callable[[], Any] | None = None


def returns(value: Any) -> Callable[..., Any]:
    """Something that has come to `value`, whatever it is called with."""
    return lambda *_: value


def returning(outcome: Callable[[], Any]) -> Callable[..., Any]:
    """Something that has come to `outcome`, whatever it is called with."""
    return lambda *_: outcome()
