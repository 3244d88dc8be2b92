"""A function of a loaded program, with its kernels bound to their places in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from tfrt.executor.bef import BefFile, FunctionRecord
from tfrt.executor.declarations.annotations import Supplied
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.engines.binding import BoundKernel, Callee, bind
from tfrt.executor.engines.graph import Graph, make_graph
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.observer import Observer, Recorder, place_of
from tfrt.executor.runtime.resources import ResourceContext
from tfrt.executor.values.weights import Weights


class Loaded(Protocol):
    """A loaded program, as binding sees it; see `tfrt.executor.engines.program.Program`."""

    bef: BefFile
    host: HostContext
    kernels: dict[str, Kernel]
    weights: Weights
    resources: ResourceContext
    watcher: Recorder | None

    @property
    def observers(self) -> tuple[Observer, ...]:
        """Who watches its kernels, the innermost first."""


def bind_function(
    program: Loaded, record: FunctionRecord, functions: Sequence[Callee], *, is_order_free: bool
) -> Graph:
    """A function of `program`, ready to run.

    Args:
        functions: what its kernels call, by their places in the file.
        is_order_free: see `make_graph`.
    """
    shared: dict[tuple[str, int, int, tuple[str | None, ...]], BoundKernel] = {}
    observers, watcher = program.observers, program.watcher
    type_of = _known_types(record)
    exact = {name for name, kernel in program.kernels.items() if kernel.is_exact}
    bound: list[BoundKernel] = []
    for number, kernel in enumerate(record.kernels[1:], 1):
        # All at once, because to look up its fields by name takes as long as all the rest of this.
        name, _, arguments, attributes, callees, results, _, _, _ = kernel
        types = () if name in exact else tuple([type_of(register) for register in results])
        # Most kernels of a long function are of a few kinds.
        key = (name, len(arguments), len(results), types)
        made = None if attributes or callees else shared.get(key)
        if made is None:
            found = program.kernels[name]
            made = bind(
                found,
                kernel,
                program.bef,
                functions,
                program.host,
                types,
                program.weights,
                program.resources,
                partial(_observe, program, record, number, found) if observers else None,
                None if watcher is None else watcher.watched_queue,
            )
            if not (attributes or callees or observers) and found.signature.binds_alike:
                shared[key] = made
        bound.append(made)
    return make_graph(record, bound, program.bef, is_order_free=is_order_free)


def _observe(
    program: Loaded,
    record: FunctionRecord,
    number: int,
    kernel: Kernel,
    call: Callable[..., Any],
    makes_results: bool,
) -> Callable[..., Any]:
    """`call`, the function's kernel of that number, watched by all who watch the program."""
    signature = kernel.signature
    takes_context = any(what is Supplied.CONTEXT for _, what in signature.injected)
    is_plain = signature.returns_plain and kernel.is_exact and not takes_context
    place = place_of(program.bef, record, number, is_plain=is_plain, makes_results=makes_results)
    for observer in program.observers:
        call = observer.watched(call, place, program.host.run_when_ready)
    return call


def _known_types(record: FunctionRecord) -> Callable[[int], str | None]:
    """The MLIR type of a register, where it is known: of a file without types only the functions' results are."""
    if record.register_types is not None:
        return record.register_types.__getitem__
    return dict(zip(record.result_registers, record.result_types, strict=False)).get
