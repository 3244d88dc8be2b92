"""A BEF file on a host: its functions, ready to call.

Loading finds the kernels and native functions that the file names; a function is decoded, and its kernels are bound to
their places in it, when it is first called.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tfrt.executor.bef import BefFile, FunctionKind, open_bef, read_bef
from tfrt.executor.declarations.callees import disagreements
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.native_functions import find_native_function
from tfrt.executor.engines.binding import weights_that_do_not_fit
from tfrt.executor.engines.function import Function
from tfrt.executor.engines.plans.planned import Plans
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.observer import Observer, Recorder
from tfrt.executor.runtime.resources import ResourceContext
from tfrt.executor.support.collector import collector_relaxed
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import LoadError, UsageError
from tfrt.executor.support.living import Living
from tfrt.executor.support.once import once_per_object
from tfrt.executor.support.progress import Listener, step, telling
from tfrt.executor.support.spans import span
from tfrt.executor.values.weights import Weights, weights_of

if TYPE_CHECKING:
    from tfrt.executor.engines.debugger import Debugger

_LOADING = 3
"""The steps of loading a program."""

loaded: Living[Program] = Living()
"""The programs of this process."""


def load(
    source: bytes | bytearray | memoryview | str | Path,
    *,
    host: HostContext | None = None,
    weights: Weights | str | os.PathLike[str] | Mapping[str, Any] | None = None,
    progress: Listener | None = None,
) -> Program:
    """Load a BEF file, given as its bytes or as a path, for running on `host`.

    Files are read into memory, so that they may be overwritten meanwhile; buffers are viewed, not copied.

    Args:
        host: by default a new host with a single-threaded work queue.
        weights: what the program was compiled without (see `tfrt.compile`): a safetensors file, which is mapped, so it
            must stay as it is while the program lives; an ``.npz`` file; or arrays by name. Nobody writes to them.
        progress: told of each step as it begins.

    Raises:
        BefError: it is not a valid BEF file.
        LoadError: it names kernels or native functions that nobody registered, or functions that do not fit the
            kernels that run them; or weights are missing, or have another type or shape than it says.
        UsageError: the file, or that of the weights, cannot be read.
    """
    with span("load", "program"), collector_relaxed(), telling(progress):
        return _load(source, host, weights)


def _load(
    source: bytes | bytearray | memoryview | str | Path,
    host: HostContext | None,
    weights: Weights | str | os.PathLike[str] | Mapping[str, Any] | None,
) -> Program:
    step(f"read {source if isinstance(source, str | Path) else 'the program'}", 0, _LOADING)
    bef = open_bef(source) if isinstance(source, str | Path) else read_bef(source)
    step("read the weights", 1, _LOADING)
    found = weights_of(weights)
    step("find kernels", 2, _LOADING)
    program = Program(bef, HostContext() if host is None else host, found)
    step("done", _LOADING, _LOADING)
    return program


class Program:
    """A loaded file. ``program["name"]`` is a function; iterating yields the names.

    Attributes:
        functions: the named functions, in file order.
        all_functions: all functions in file order, those of regions (which have no name) included.
        resources: what kernels keep from call to call, the variables among it.
        plans: how functions run faster, or None where the host wants none.
        watcher: who watches this program's calls and kernels, beside those who watch the host's.
    """

    def __init__(
        self,
        bef: BefFile,
        host: HostContext,
        weights: Weights | None = None,
        *,
        resources: ResourceContext | None = None,
        watcher: Recorder | None = None,
    ):
        self.bef = bef
        self.host = host
        self.weights = Weights() if weights is None else weights
        self.resources = ResourceContext() if resources is None else resources
        self.watcher = watcher
        self.kernels: dict[str, Kernel] = _find_kernels(bef, host)
        if wrong := weights_that_do_not_fit(bef, self.kernels, host, self.weights):
            raise LoadError(tuple(wrong))
        self.all_functions = tuple(Function(self, signature) for signature in bef.functions.signatures)
        has_plans = host.plans and watcher is None
        self.plans = Plans(self, host.plan_threshold, host.native) if has_plans else None
        self.functions: Mapping[str, Function] = MappingProxyType(
            {function.name: function for function in self.all_functions if function.name}
        )
        # Last: whoever finds it there, at any time and on any thread, finds all of it.
        loaded.add(self)
        host.programs.add(self)

    @property
    def observers(self) -> tuple[Observer, ...]:
        """Who watches its kernels, the innermost first."""
        return self.host.observers if self.watcher is None else (*self.host.observers, self.watcher)

    @once_per_object
    def in_order(self) -> tuple[Function, ...]:
        """The functions, to be run as the dataflow executor runs them, with all that they call."""
        return tuple(Function(self, signature, keeps_order=True) for signature in self.bef.functions.signatures)

    def run_anew(self) -> None:
        """Let functions find out anew how they run, since who watches the host has changed. Calls under way go on."""
        in_order: tuple[Function, ...] = self.__dict__.get("in_order", ())
        for function in (*self.all_functions, *in_order):
            function.run_anew()

    def step(self, name: str | None = None, /, *arguments: Any, breaks: Sequence[str] = (), **named: Any) -> Debugger:
        """Start a function and stop before its first kernel, or where `breaks` says, to go on step by step.

        Args:
            name: the function: by default the only one, or ``main``.
            *arguments: as for calling it.
            **named: likewise.
            breaks: see `Debugger.break_at`.

        Raises:
            UsageError: there is no such function, the arguments do not fit, nothing is meant by one of `breaks`, or
                there is a trace meanwhile.
        """
        from tfrt.executor.engines.debugger import Debugger
        from tfrt.executor.engines.stepping import Stepping

        names = list(self.functions)
        function = self[names[0] if name is None and len(names) == 1 else "main" if name is None else name]
        if self.host.events is not None:
            raise UsageError("a program is not stepped through while there is a trace")
        converted = function._convert(function._in_order(arguments, named) if named else arguments)
        stepping = Stepping(self.bef, breaks)
        watched = Program(self.bef, self.host, self.weights, resources=self.resources, watcher=stepping)
        return Debugger(stepping, self.host, function.name, watched[function.name].execute, converted)

    def _repr_html_(self) -> str | None:
        from tfrt.executor.engines import notebook
        from tfrt.executor.support.notebook import shown

        return shown(lambda: notebook.program(self.bef, has_threads=self.host.work_queue.has_threads), self)

    def to_svg(self) -> str:
        """A picture of the functions as graphs, regions within the kernels that run them, as text of one file."""
        from tfrt.executor.engines import pictures

        return pictures.to_svg(self.bef)

    def to_dot(self) -> str:
        """The same as Graphviz text, for ``dot -Tpdf``."""
        from tfrt.executor.engines import pictures

        return pictures.to_dot(self.bef)

    def __getitem__(self, name: str) -> Function:
        """The function of that name.

        Raises:
            UsageError: there is none.
        """
        function = self.functions.get(name)
        if function is None:
            raise UsageError(f"no function '{name}'; the program has: {', '.join(self.functions) or 'none'}")
        return function

    def __contains__(self, name: object) -> bool:
        return name in self.functions

    def __iter__(self) -> Any:
        return iter(self.functions)

    def __len__(self) -> int:
        return len(self.functions)


def _find_kernels(bef: BefFile, host: HostContext) -> dict[str, Kernel]:
    """The kernels and native functions that the file names, looked up now so that none is missing later."""
    kernels: dict[str, Kernel] = {}
    missing: dict[str, str] = {}
    for name in bef.kernel_names:
        kernel = host.registry.get(name)
        if kernel is None:
            missing[name] = f"unknown kernel name '{name}'"
        else:
            kernels[name] = kernel
    diagnostics = [Diagnostic("error", message, _first_use(bef, name)) for name, message in missing.items()]
    for function in bef.functions.signatures:
        if function.kind is FunctionKind.NATIVE and find_native_function(function.name) is None:
            diagnostics.append(Diagnostic("error", f"native function '{function.name}' is not registered"))
    diagnostics += disagreements(bef, kernels)
    if diagnostics:
        raise LoadError(tuple(diagnostics))
    return kernels


def _first_use(bef: BefFile, kernel: str) -> Any:
    for index in range(len(bef.functions)):
        for record in bef.functions.kernels_named(index, (kernel,)):
            return bef.kernel_location(record)
    return None
