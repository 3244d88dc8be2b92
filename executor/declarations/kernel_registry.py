"""The `@kernel` decorator, and kernels by op name. What a kernel is, `kernel.py` says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tfrt.executor.declarations.annotations import refuse_coroutines
from tfrt.executor.declarations.finding import Finding
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.runs import RUNS, Control, Runs

F = TypeVar("F", bound=Callable[..., Any])


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
    """The process-wide registry that `@kernel` fills. Modules are imported when a kernel may be in them."""

    def __init__(self) -> None:
        super().__init__()
        self._finding = Finding("kernel", self._kernels)

    def register(self, kernel: Kernel) -> None:
        """Add a kernel. The newest one of a name wins; the user's own stays in place of ours or a package's."""
        self._finding.add(kernel.name, kernel, kernel.function)

    def get(self, name: str) -> Kernel | None:
        """The kernel of that name, or None.

        Raises:
            UsageError: a module that may hold it cannot be imported, which is tried again each time; or it comes from
                two packages.
        """
        return self._finding.get(name)

    def names(self) -> frozenset[str]:
        """The names registered so far; modules that nobody has looked into yet are not imported for it."""
        return self._finding.names()


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
    laws: tuple[str, ...] = (),
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
            before the program runs, and returns the function of operands that is called each time, or a `Prepared`
            (`tfrt.executor.declarations.prepared`) of it. If the kernel is given an `ExecutionContext`, it is that
            function which is, under the same name; what prepares it is given None.
        overwrites: the kernel may write into memory of its operands; programs give it such as nobody else looks at.
            It may be `pure` nevertheless, but must not run twice.
        runs: how the kernel runs its functions, one after the other; the last one is also how it runs all further
            ones. Kernels with `control` need not say.
        exact: results of scalar types are values of them as `tfrt.executor.values.scalars` has it: floats rounded to
            the type's precision, integers within its range, Python's own numbers. Without it, results are converted,
            and `inline` and `native` only serve for results that are no scalars. This package's kernels are exact.
        cancels: whether the kernel may cancel the request; by default those may that are given an `ExecutionContext`,
            unless they are pure.
        laws: what the value is for certain operands, as in ``"x, 0 = x"``; see `tfrt.executor.declarations.laws`.

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
                laws=laws,
            )
        )
        return function

    return register
