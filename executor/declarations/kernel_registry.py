"""The `@kernel` decorator, and kernels by op name. What a kernel is, `kernel.py` says."""

from __future__ import annotations

import importlib
import importlib.util
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tfrt.executor.declarations.annotations import refuse_coroutines
from tfrt.executor.declarations.kernel import RUNS, Control, Kernel, Runs
from tfrt.executor.support.errors import UsageError, describe
from tfrt.executor.support.fork import restart_after_fork

F = TypeVar("F", bound=Callable[..., Any])

ENTRY_POINT_GROUP = "tfrt.kernels"
"""Installed packages name a module under this entry-point group; importing it registers their kernels."""


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
        runs: how the kernel runs its functions, one after the other; the last one is also how it runs all further
            ones. Kernels with `control` need not say.
        exact: results of scalar types are values of them as `tfrt.executor.values.scalars` has it: floats rounded to
            the type's precision, integers within its range, Python's own numbers. Without it, results are converted,
            and `inline` and `native` only serve for results that are no scalars. This package's kernels are exact.
        cancels: whether the kernel may cancel the request; by default those may that are given an `ExecutionContext`,
            unless they are pure.

    Raises:
        UsageError: (when a function is decorated) it is a coroutine function or a generator function.
    """
    if control is not None:
        runs = RUNS[control]

    def register(function: F) -> F:
        refuse_coroutines(f"kernel '{name}'", function)
        BUILTIN.register(
            Kernel(
                name=name,
                function=function,
                inline=inline,
                blocking=blocking,
                pure=pure,
                constant=constant,
                native=native,
                control=control,
                enqueued=enqueued,
                prepares=prepares,
                overwrites=overwrites,
                runs=(runs,) if isinstance(runs, Runs) else runs,
                exact=exact,
                cancels=cancels,
            )
        )
        return function

    return register


def _import_entry_points() -> None:
    from importlib.metadata import entry_points

    for entry in entry_points(group=ENTRY_POINT_GROUP):
        with _said_what_fails(entry.value):
            entry.load()
