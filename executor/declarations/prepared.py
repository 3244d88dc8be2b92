"""What a kernel that `prepares` may say of the function that it has prepared, beside returning it.

Such functions of arrays are mostly one or two calls of numpy. A generated plan then has these calls themselves (see
`tfrt.executor.engines.plans.generate`): the function says how it is *written*, as statements that do what it does. They
are the same program twice, so whoever writes one has tests that run both (a plan from its table calls the function).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Protocol, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


class Scribe(Protocol):
    """What names the values that statements need."""

    def constant(self, value: Any, wish: str = "") -> str:
        """A name for a value; `wish` is a part of it, for people to read."""

    def attribute(self, value: Any, attribute: str) -> str:
        """A name for an attribute of a value, which is looked up whenever the plan is called: it may be a thread's."""

    def is_number(self, operand: str) -> bool:
        """Whether an operand is known to be a number of Python's, and not an array without dimensions."""


class Write(Protocol):
    """How a function is written: statements that assign its one result to the name `result`.

    They may assign names that begin with `result` and an underscore, too, and delete these again.
    """

    def __call__(self, operands: Sequence[str], result: str, scribe: Scribe, /) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared function whose one result is an array, there when it returns, and that writes to no operand but,
    where the kernel `overwrites`, the last.

    Attributes:
        is_new: whether the result has no memory in common with operands but, where the kernel `overwrites`, the last.
        write: how it is written, or None.
    """

    call: Callable[..., Any]
    is_new: bool
    write: Write | None = None


def written(function: F, write: Write) -> F:
    """A function that is how it says that it is written.

    It is another object than the one given, so that `write` may refer to that and nothing refers to itself. An array
    form is written for its inputs, and for one operand more, which is `out`.
    """
    assert isinstance(function, FunctionType)
    code, variables, name = function.__code__, function.__globals__, function.__name__
    made = FunctionType(code, variables, name, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    made.write = write  # type: ignore[attr-defined]
    return cast(F, made)


def writing_of(function: Callable[..., Any]) -> Write | None:
    """How a function is written, or None where it does not say."""
    return getattr(function, "write", None)
