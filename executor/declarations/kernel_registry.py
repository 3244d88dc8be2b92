"""Kernels: the functions that ops run, the decorator that registers them, and how one is bound to a call site.

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
* parameters annotated `HostContext`, `ExecutionContext`, `Location`, `ResultCount` or `Files` are supplied by the
  executor and are neither operands nor attributes.

Results: None where the op has none; the value where it has one; a tuple where it has several. A kernel whose
return annotation is a ``tuple[...]`` always returns a tuple, whatever the number; one whose annotation is a number,
``str`` or `Chain` never returns an `AsyncValue`, so nobody looks; one whose annotation is `AsyncValue` takes no time
itself, so it is called at once. A result that is not yet
available is returned as a pending `AsyncValue`; a result that failed as an `AsyncValue` that holds the error.
An exception fails all results. Scalars are converted to the types of the op's results, see
`tfrt.executor.values.results`.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import threading
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property, partial
from types import EllipsisType
from typing import Any, NewType, TypeVar

from tfrt.executor.support.errors import UsageError, describe
from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.attributes import Stored
from tfrt.executor.values.chain import Chain

F = TypeVar("F", bound=Callable[..., Any])

Attributes = NewType("Attributes", tuple)
"""Annotation: the op's other attributes, in the file's order, decoded as the file's attribute types say."""

Functions = NewType("Functions", tuple)
"""Annotation: the other functions the op refers to, in the file's order."""

ResultCount = NewType("ResultCount", int)
"""Annotation: how many results the op has."""

ENTRY_POINT_GROUP = "tfrt.kernels"
"""Installed packages name a module under this entry-point group; importing it registers their kernels."""

_ANY = Stored("any")

_SCALARS = (bool, int, float, complex)

_PLAIN = (*_SCALARS, str, Chain)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a kernel function declares; see the module docstring.

    `operands` is the number of operands, or None where the kernel takes a variable number of them. `takes_chain`
    says whether a chain is among those declared.
    `attributes` pairs parameter names with storage; `functions` and `injected` hold parameter names, the
    latter with what is injected: ``host``, ``context``, ``location``, ``result_count`` or ``files``. `operand_classes`
    and `result_class` are annotations that are scalars' classes; None stands for all others.
    """

    operands: int | None
    minimum_operands: int
    takes_chain: bool
    attributes: tuple[tuple[str, Stored], ...]
    all_attributes: str | None
    functions: tuple[str, ...]
    all_functions: str | None
    injected: tuple[tuple[str, str], ...]
    returns_tuple: bool
    returns_plain: bool = False
    returns_async: bool = False
    operand_classes: tuple[type | None, ...] = ()
    result_class: type | None = None

    @property
    def binds_alike(self) -> bool:
        """Whether it is bound alike wherever it has as many operands and results, and no attributes or functions."""
        return not any(what == "location" for _, what in self.injected)


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
        is_sync: whether it must be synchronous.
    """

    takes: tuple[str | EllipsisType, ...] = (...,)
    gives: tuple[str | EllipsisType, ...] = (...,)
    or_nothing: bool = False
    skips: int = 0
    carries: bool = False
    is_sync: bool = False


_RUNS = {
    Control.CALL: Runs(),
    Control.BRANCH: Runs(skips=1),
    Control.CASE: Runs(skips=1),
    Control.REPEAT: Runs(skips=1, carries=True),
    Control.WHILE: Runs(skips=1, gives=(..., "i1"), carries=True),
}


@dataclass(frozen=True)
class Kernel:
    """A registered kernel; see `kernel` for what its attributes mean."""

    name: str
    function: Callable[..., Any]
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

    @cached_property
    def may_cancel(self) -> bool:
        """Whether it may cancel the request, as far as one can know."""
        if self.cancels is not None:
            return self.cancels
        takes_context = any(what == "context" for _, what in self.signature.injected)
        return takes_context and not self.is_pure and not is_of_this_package(self.function)

    @cached_property
    def is_exact(self) -> bool:
        """Whether its results are values of their types as registers hold them, and nobody need look."""
        return self.exact or is_of_this_package(self.function)

    @property
    def is_pure(self) -> bool:
        """Whether nobody can tell when it runs, except by its results."""
        return self.pure or self.constant or self.inline is not None

    @cached_property
    def signature(self) -> Signature:
        """The declaration, read from the function's signature on first use: import time stays short.

        Raises:
            UsageError: the signature breaks one of the rules of the module docstring.
        """
        return _read_signature(self)


class KernelRegistry:
    """Kernels by op name. Kernels that come with this package are imported when first looked up."""

    def __init__(self, parent: KernelRegistry | None = None):
        self._kernels: dict[str, Kernel] = {}
        self._parent = parent

    def register(self, kernel: Kernel) -> None:
        """Add a kernel; the newest one of a name wins, so that a user may replace ours."""
        self._kernels[kernel.name] = kernel

    def get(self, name: str) -> Kernel | None:
        """The kernel of that op name, or None; may import the module that registers it."""
        found = self._kernels.get(name)
        if found is None and self._parent is not None:
            return self._parent.get(name)
        return found

    def names(self) -> frozenset[str]:
        """The names registered so far; modules that nobody has looked into yet are not imported for it."""
        return frozenset(self._kernels) | (self._parent.names() if self._parent else frozenset())


class _BuiltinRegistry(KernelRegistry):
    """The process-wide registry that `@kernel` fills.

    Kernels mirror dialects: those of dialect ``d`` are in the module ``tfrt.kernels.d``, or in the modules of that
    package, one op family each. A package's modules are imported one after another until an op is found.
    """

    def __init__(self) -> None:
        super().__init__()
        self._unsearched: dict[str, list[str]] = {}
        self._entry_points_loaded = False
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """In a forked process: who was importing a module is gone."""
        self._searching = threading.RLock()

    def get(self, name: str) -> Kernel | None:
        """The kernel of that op name, or None.

        Raises:
            UsageError: a module that may hold it cannot be imported; that is tried again each time.
        """
        found = self._kernels.get(name)
        if found is not None:
            return found
        dialect = name.partition(".")[0]
        with self._searching:
            if dialect not in self._unsearched:
                self._unsearched[dialect] = list(modules_of(dialect))
            import_until(self._unsearched[dialect], lambda: name in self._kernels)
            if name not in self._kernels and not self._entry_points_loaded:
                _import_entry_points()
                self._entry_points_loaded = True
        return self._kernels.get(name)


def import_until(modules: list[str], is_found: Callable[[], bool]) -> None:
    """Import modules, the first one first, until something is found; those that have been imported leave the list.

    Raises:
        UsageError: one cannot be imported; it stays in the list.
    """
    while modules and not is_found():
        module = modules[0]
        with _said_what_fails(module):
            importlib.import_module(module)
        # Importing it may have led here again.
        if modules and modules[0] == module:
            del modules[0]


@contextmanager
def _said_what_fails(source: str) -> Iterator[None]:
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"cannot import kernels from '{source}': {describe(error)}") from error


def modules_of(dialect: str, *, ops_first: bool = False) -> Iterator[str]:
    """The modules that may hold kernels of a dialect: the one named after it, then those inside it.

    In a package those named ``ops_…`` hold ops of op handlers; they come last, unless `ops_first`.
    """
    name = f"tfrt.kernels.{dialect}"
    spec = importlib.util.find_spec(name) if dialect.isidentifier() else None
    if spec is None:
        return
    yield name
    for folder in spec.submodule_search_locations or ():
        modules = [m for m in os.listdir(folder) if m.endswith(".py") and not m.startswith("__")]
        for module in sorted(modules, key=lambda m: (m.startswith("ops_") is not ops_first, m)):
            yield f"{name}.{module.removesuffix('.py')}"


BUILTIN = _BuiltinRegistry()


def kernel(
    name: str,
    *,
    inline: str | None = None,
    blocking: bool = False,
    pure: bool = False,
    constant: bool = False,
    native: str | None = None,
    control: Control | None = None,
    enqueued: bool = False,
    prepares: bool = False,
    overwrites: bool = False,
    runs: Runs | tuple[Runs, ...] = (),
    exact: bool = False,
    cancels: bool | None = None,
) -> Callable[[F], F]:
    """Register the decorated function as the kernel of op `name`; the function itself is returned unchanged.

    Args:
        name: the op's full name, e.g. ``"tfrt.add.i32"``.
        inline: a Python expression with the kernel's value for plain, available operands, written with
            ``{0}``, ``{1}``, … for operands and ``{name}`` for attributes; only for kernels that are cheap and pure
            and never fail.
        blocking: the kernel may block (I/O, sleeping): it runs on the blocking pool, its results pending.
        pure: the kernel has no side effects and sees none: it may run at any time after its operands are there, or
            twice. It may fail. If it reads a tensor's elements, it relies on the program, which gives it no chain to
            return, that nobody writes them at that time.
        constant: the kernel is pure, has no operands, and its value, which nobody can change, is always the same.
        native: like `inline`, as machine code is made of it: integers have 64 bits and wrap around, floats double
            precision, and names are those of `tfrt.executor.engines.plans.native_runtime`. It may fail, with any
            exception, for then the kernel itself is run; several results are a tuple. Without it, `inline` has to
            serve.
        control: for kernels that do nothing but run functions.
        enqueued: the kernel takes so long that others should not wait for it: it runs as a task of the work queue,
            its results pending. It must not block.
        prepares: the function takes no operands. It is called once for each place in a program, with what is known
            before the program runs, and returns the function of operands that is called each time.
        overwrites: the kernel may write into memory of its operands; programs give it such as nobody else looks at.
            It may be `pure` nevertheless, but must not run twice.

    Raises:
        UsageError: (when a function is decorated) it is a coroutine function or a generator function.
        runs: how the kernel runs its functions, one after the other; the last one is also how it runs all further
            ones. Kernels with `control` need not say.
        exact: results of scalar types are values of them as `tfrt.executor.values.scalars` has it: floats rounded to
            the type's precision, integers within its range, Python's own numbers. Without it, results are converted,
            and `inline` and `native` only serve for results that are no scalars. This package's kernels are exact.
        cancels: whether the kernel may cancel the request; by default those may that are given an `ExecutionContext`,
            unless they are pure.
    """
    if control is not None:
        runs = _RUNS[control]
    if isinstance(runs, Runs):
        runs = (runs,)

    def register(function: F) -> F:
        refuse_coroutines(f"kernel '{name}'", function)
        BUILTIN.register(
            Kernel(
                name,
                function,
                inline,
                blocking,
                pure,
                constant,
                native,
                control,
                enqueued,
                prepares,
                overwrites,
                runs,
                exact,
                cancels,
            )
        )
        return function

    return register


def is_of_this_package(function: Callable[..., Any]) -> bool:
    """Whether a kernel, or native function, comes with this package: then its results are exact, see `kernel`."""
    return (getattr(function, "__module__", None) or "").startswith("tfrt.kernels.")


def refuse_coroutines(what: str, function: Callable[..., Any]) -> None:
    """Refuse a function that, when called, only makes something which somebody else would have to run.

    Raises:
        UsageError: it is a coroutine function or a generator function.
    """
    call = function if inspect.isroutine(function) or isinstance(function, partial) else type(function).__call__
    if inspect.iscoroutinefunction(call):
        kind, advice = "coroutine", "run it to its end with asyncio.run in a kernel that is blocking=True"
    elif inspect.isasyncgenfunction(call) or inspect.isgeneratorfunction(call):
        kind, advice = "generator", "return the values"
    else:
        return
    raise UsageError(f"{what} cannot be a {kind} function: {advice}, or return a tfrt.AsyncValue and set it later")


def _import_entry_points() -> None:
    from importlib.metadata import entry_points

    for entry in entry_points(group=ENTRY_POINT_GROUP):
        with _said_what_fails(entry.value):
            entry.load()


def _injectables() -> dict[Any, str]:
    from tfrt.executor.runtime.host_context import ExecutionContext, HostContext
    from tfrt.executor.support.files import Files
    from tfrt.executor.support.location import Location

    return {
        HostContext: "host",
        ExecutionContext: "context",
        Location: "location",
        ResultCount: "result_count",
        Files: "files",
    }


def _read_signature(kernel: Kernel) -> Signature:
    from tfrt.executor.engines.program import Function

    function = kernel.function
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError) as error:
        raise UsageError(f"kernel '{kernel.name}': its annotations cannot be resolved: {error}") from error
    injectables = _injectables()
    operands, minimum, variadic, takes_chain = 0, 0, False, False
    classes: list[type | None] = []
    attributes: list[tuple[str, Stored]] = []
    functions: list[str] = []
    injected: list[tuple[str, str]] = []
    all_attributes = all_functions = None
    for parameter in inspect.signature(function).parameters.values():
        hint = hints.get(parameter.name)
        # Location is a union type, which is hashable; anything unhashable is an attribute's business.
        what = injectables.get(hint) if hint.__hash__ is not None else None
        if what is not None:
            injected.append((parameter.name, what))
        elif hint is Attributes:
            all_attributes = parameter.name
        elif hint is Functions:
            all_functions = parameter.name
        elif hint is Function:
            functions.append(parameter.name)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            variadic = True
        elif parameter.kind is parameter.KEYWORD_ONLY:
            attributes.append((parameter.name, _storage(hint)))
        elif parameter.kind is parameter.VAR_KEYWORD:
            raise UsageError(f"kernel '{kernel.name}': '**{parameter.name}' is not allowed in a kernel")
        elif injected and parameter.kind is not parameter.VAR_POSITIONAL:
            raise UsageError(f"kernel '{kernel.name}': operand '{parameter.name}' must come before {injected[0][0]}")
        else:
            operands += 1
            classes.append(hint if hint in _SCALARS else None)
            minimum += parameter.default is parameter.empty
            takes_chain |= hint is Chain
    names = [name for name, _ in attributes]
    if names != sorted(names):
        raise UsageError(
            f"kernel '{kernel.name}': attributes must be declared in alphabetical order, "
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
        returns_tuple=typing.get_origin(hints.get("return")) is tuple,
        returns_plain=hints.get("return") in _PLAIN,
        returns_async=hints.get("return") is AsyncValue,
        operand_classes=tuple(classes),
        result_class=hints.get("return") if hints.get("return") in _SCALARS else None,
    )


def _storage(hint: Any) -> Stored:
    if typing.get_origin(hint) is typing.Annotated:
        for extra in typing.get_args(hint)[1:]:
            if isinstance(extra, Stored):
                return extra
    return _ANY
