"""Kernels: the functions that ops run, and what they declare.

A kernel is one Python function::

    @kernel("tfrt.add.i32")
    def add_i32(lhs: int, rhs: int) -> int: ...

Its signature is its whole declaration:

* positional parameters are operands; ``*args`` takes a variable number of them. An op may pass a chain as one more
  operand, the last, to a kernel that declares none: it only orders the kernel after others;
* keyword-only parameters are attributes. BEF stores an op's attributes in alphabetical order of their MLIR
  names, without the names, so they must be declared in that order; annotations from `tfrt.executor.values.attributes`
  say how each is stored. A parameter annotated `Attributes` takes those that no other parameter does, as a tuple;
* keyword-only parameters annotated `Function` are the functions an op refers to: symbol attributes in
  alphabetical order of their names, then regions in order. `Functions` takes those that no other parameter does;
* parameters annotated `HostContext`, `ExecutionContext`, `Location`, `ResultCount`, `Files` or `Weights` are supplied
  by the executor and are neither operands nor attributes.

Results: None where the op has none; the value where it has one; a tuple where it has several. A kernel whose
return annotation is a ``tuple[...]`` always returns a tuple, whatever the number; one whose annotation is a number,
``str`` or `Chain` never returns an `AsyncValue`, so nobody looks; one whose annotation is `AsyncValue` takes no time
itself, so it is called at once. A result that is not yet
available is returned as a pending `AsyncValue`; a result that failed as an `AsyncValue` that holds the error.
An exception fails all results. Scalars are converted to the types of the op's results, see
`tfrt.executor.values.results`.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

from tfrt.executor.declarations.annotations import Supplied, annotations_of, supplied_as
from tfrt.executor.declarations.runs import Control, Runs
from tfrt.executor.support.errors import UsageError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.attributes import Stored
from tfrt.executor.values.chain import Chain

_ANY = Stored("any")

_SCALARS = (bool, int, float, complex)

_PLAIN = (*_SCALARS, str, Chain)

_INJECTED = frozenset(
    (
        Supplied.HOST,
        Supplied.CONTEXT,
        Supplied.LOCATION,
        Supplied.RESULT_COUNT,
        Supplied.FILES,
        Supplied.WEIGHTS,
        Supplied.RESOURCES,
    )
)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a kernel function declares; see the module docstring.

    `operands` is the number of operands, or None where the kernel takes a variable number of them. `takes_chain`
    says whether a chain is among those declared.
    `attributes` pairs parameter names with storage; `functions` and `injected` hold parameter names, the
    latter with what is supplied. `operand_classes`
    and `result_class` are annotations that are scalars' classes; None stands for all others.
    """

    operands: int | None
    minimum_operands: int
    takes_chain: bool
    attributes: tuple[tuple[str, Stored], ...]
    all_attributes: str | None
    functions: tuple[str, ...]
    all_functions: str | None
    injected: tuple[tuple[str, Supplied], ...]
    returns_tuple: bool
    returns_plain: bool = False
    returns_async: bool = False
    operand_classes: tuple[type | None, ...] = ()
    result_class: type | None = None

    @property
    def binds_alike(self) -> bool:
        """Whether it is bound alike wherever it has as many operands and results, and no attributes or functions."""
        return not any(what is Supplied.LOCATION for _, what in self.injected)


@dataclass(frozen=True)
class Kernel:
    """A registered kernel; see `tfrt.executor.declarations.kernel_registry.kernel` for
    what its attributes mean."""

    name: str
    function: Callable[..., Any]
    _: KW_ONLY
    inline: str | None = None
    blocking: bool = False
    pure: bool = False
    constant: bool = False
    native: str | None = None
    control: Control | None = None
    enqueued: bool = False
    prepares: bool = False
    overwrites: bool = False
    runs: tuple[Runs, ...] = ()
    exact: bool = False
    cancels: bool | None = None
    laws: tuple[str, ...] = ()

    @cached_property
    def may_cancel(self) -> bool:
        """Whether it may cancel the request, as far as one can know."""
        if self.cancels is not None:
            return self.cancels
        takes_context = any(what is Supplied.CONTEXT for _, what in self.signature.injected)
        return takes_context and not self.is_pure and not is_of_this_package(self.function)

    @cached_property
    def is_exact(self) -> bool:
        """Whether its results are values of their types as registers hold them, and nobody need look."""
        return self.exact or is_of_this_package(self.function)

    @property
    def is_pure(self) -> bool:
        """Whether nobody can tell when it runs, except by its results."""
        return self.pure or self.constant or self.inline is not None

    @property
    def never_fails(self) -> bool:
        """Whether it is pure and, moreover, never fails."""
        return self.constant or self.inline is not None

    @cached_property
    def signature(self) -> Signature:
        """The declaration, read from the function's signature on first use: import time stays short.

        Raises:
            UsageError: the signature breaks one of the rules of the module docstring.
        """
        return _read_signature(self)


def unknown_kernel(name: str) -> Kernel:
    """What stands for a kernel that is not known, only to the host that runs the program: it may do anything."""
    return Kernel(name, _do_anything)


def _do_anything(*_: object) -> None: ...


def is_of_this_package(function: Callable[..., Any]) -> bool:
    """Whether a kernel, or native function, comes with this package: then its results are exact, see `kernel`."""
    return (getattr(function, "__module__", None) or "").startswith("tfrt.kernels.")


def _read_signature(kernel: Kernel) -> Signature:
    what = f"kernel '{kernel.name}'"
    hints = annotations_of(what, kernel.function)
    returned = hints.get("return")
    operands, minimum, variadic, takes_chain = 0, 0, False, False
    classes: list[type | None] = []
    attributes: list[tuple[str, Stored]] = []
    functions: list[str] = []
    injected: list[tuple[str, Supplied]] = []
    all_attributes = all_functions = None
    for parameter in inspect.signature(kernel.function).parameters.values():
        name, hint = parameter.name, hints.get(parameter.name)
        supplied = supplied_as(hint)
        if supplied is Supplied.ATTRIBUTES:
            all_attributes = name
        elif supplied is Supplied.FUNCTIONS:
            all_functions = name
        elif supplied is Supplied.FUNCTION:
            functions.append(name)
        elif supplied in _INJECTED:
            injected.append((name, supplied))
        elif supplied is not None:
            raise UsageError(f"{what}: '{name}' is what only ops of the core runtime are given")
        elif parameter.kind is parameter.VAR_POSITIONAL:
            variadic = True
        elif parameter.kind is parameter.KEYWORD_ONLY:
            attributes.append((name, _storage(hint)))
        elif parameter.kind is parameter.VAR_KEYWORD:
            raise UsageError(f"{what}: '**{name}' is not allowed in a kernel")
        elif injected:
            raise UsageError(f"{what}: operand '{name}' must come before {injected[0][0]}")
        else:
            operands += 1
            classes.append(hint if hint in _SCALARS else None)
            minimum += parameter.default is parameter.empty
            takes_chain |= hint is Chain
    names = [name for name, _ in attributes]
    if names != sorted(names):
        raise UsageError(
            f"{what}: attributes must be declared in alphabetical order, "
            f"as the file stores them: {', '.join(sorted(names))}"
        )
    return Signature(
        operands=None if variadic or minimum != operands or kernel.prepares else operands,
        minimum_operands=minimum,
        takes_chain=takes_chain,
        attributes=tuple(attributes),
        all_attributes=all_attributes,
        functions=tuple(functions),
        all_functions=all_functions,
        injected=tuple(injected),
        returns_tuple=typing.get_origin(returned) is tuple,
        returns_plain=returned in _PLAIN,
        returns_async=returned is AsyncValue,
        operand_classes=tuple(classes),
        result_class=returned if returned in _SCALARS else None,
    )


def _storage(hint: Any) -> Stored:
    if typing.get_origin(hint) is typing.Annotated:
        for extra in typing.get_args(hint)[1:]:
            if isinstance(extra, Stored):
                return extra
    return _ANY
