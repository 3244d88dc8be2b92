"""What generated source means: its scopes, each one function's registers, and its exits, where a plan may stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from tfrt.executor.declarations.runs import Control
from tfrt.executor.engines.graph import Graph


@dataclass(frozen=True, slots=True)
class LoopNames:
    """A loop in generated source: the names of what it counts and carries.

    Attributes:
        go_on: the loop's kernel; see `tfrt.executor.engines.plans.table.Loop`.
        total: the name of the number of iterations, or of a while loop's condition.
        index: the name of the iteration's number, for `Control.REPEAT`.
        carried: the names of the values that go from iteration to iteration, a while loop's condition excluded.
    """

    kind: Control
    go_on: Callable[..., Any]
    total: str
    index: str
    carried: tuple[str, ...]


@dataclass(slots=True)
class Scope:
    """One function's registers in generated source: the plan's own function, or one that is inlined into it.

    Attributes:
        prefix: what the names of its registers begin with.
        names: the expression, a name or a literal, that stands for each register.
        constants: the values of registers that are literals.
        parent, kernel: where it is inlined; None and 0 for the plan's own function.
        loop: the loop whose body it is.
    """

    graph: Graph
    prefix: str
    parent: Scope | None = None
    kernel: int = 0
    loop: LoopNames | None = None
    names: dict[int, str] = field(default_factory=dict)
    constants: dict[int, Any] = field(default_factory=dict)

    def bind(self, register: int, outer: Scope, outer_register: int) -> None:
        """Let a register stand for one of another scope."""
        self.names[register] = outer.names[outer_register]
        if outer_register in outer.constants:
            self.constants[register] = outer.constants[outer_register]

    def value(self, register: int, variables: Mapping[str, Any]) -> Any:
        """A register's value, given the plan's local variables; None where it has been dropped."""
        if register in self.constants:
            return self.constants[register]
        return variables.get(self.names[register])


Site = tuple[Scope, int]
"""What a line does: a kernel of a scope, or 0 where it is none's."""


class Stands(Enum):
    """Where a plan stands when it takes an exit."""

    BEFORE = auto()
    """The kernel has not begun; kernel 0 is the function's begin."""
    RAISED = auto()
    """The kernel has raised the exception that is being handled."""
    RETURNED = auto()
    """The kernel has returned."""
    HANDED_OVER = auto()
    """A function that the plan ran in the kernel's stead has raised the `HandOver` that is being handled."""
    AT_ITERATION = auto()
    """The loop whose body the scope is is about to begin an iteration."""
    IN_ITERATION = auto()
    """The body of that loop, called as a function, has raised the `HandOver` that is being handled."""


@dataclass(frozen=True, slots=True)
class Exit:
    """One place where a plan may stop.

    Attributes:
        results: the names that hold what the kernel has returned, for `Stands.RETURNED`.
    """

    stands: Stands
    scope: Scope
    kernel: int
    results: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated function.

    Attributes:
        sites: for each line, from 1 on, what it does.
        is_loop: whether it is a loop of a function, not a function.
    """

    function: Callable[..., Any]
    source: str
    sites: list[Site | None]
    is_loop: bool = False
