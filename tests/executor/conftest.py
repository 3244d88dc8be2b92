"""Builds functions by hand, so that the executor is tested without a compiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tfrt.executor.bef import FunctionKind, FunctionRecord, KernelRecord
from tfrt.executor.engines import graph
from tfrt.executor.engines.binding import BoundKernel
from tfrt.executor.engines.graph import Graph
from tfrt.executor.support.location import FileLineCol, Location


@pytest.fixture
def temporary_kernels():
    """Kernels registered in a test are gone after it. Modules of kernels are imported once, so theirs stay."""
    from tfrt.executor.declarations.kernel_registry import BUILTIN

    before = dict(BUILTIN._kernels)
    yield
    ours = {k.name: k for k in BUILTIN._kernels.values() if k.function.__module__.startswith("tfrt.kernels.")}
    BUILTIN._kernels.clear()
    BUILTIN._kernels.update(ours | before)


@dataclass(frozen=True)
class Step:
    """One kernel: its function, the registers it reads, how many it writes (numbered on from the arguments).

    Where `is_task`, the function is what a task of the work queue calls.
    """

    call: Callable[..., Any]
    reads: Sequence[int] = ()
    results: int = 1
    stream: int = 0
    needs_context: bool = False
    is_task: bool = False


class _Locations:
    """Stands for a BEF file: kernel n of a function is at line n."""

    def kernel_location(self, kernel: KernelRecord) -> Location:
        return FileLineCol("test.mlir", kernel.location, 1)


@pytest.fixture
def make_graph() -> Callable[..., Graph]:
    return _make_graph


@pytest.fixture
def step() -> type[Step]:
    return Step


def _make_graph(arguments: int, steps: Sequence[Step], returns: Sequence[int]) -> Graph:
    total = arguments + sum(s.results for s in steps)
    readers: dict[int, list[int]] = {r: [] for r in range(total)}
    for number, s in enumerate(steps, 1):
        for register in s.reads:
            readers[register].append(number)
    sources = tuple(number for number, s in enumerate(steps, 1) if not s.reads)

    def users(register: int) -> tuple[int, ...]:
        return tuple(reversed(readers[register]))

    pseudo = KernelRecord(
        "", 0, (), (), (), (total, *range(arguments)), (sources, *(users(r) for r in range(arguments))), 0, 0
    )
    kernels, register = [pseudo], arguments
    for number, s in enumerate(steps, 1):
        results = tuple(range(register, register + s.results))
        register += s.results
        kernels.append(
            KernelRecord(
                f"k{number}",
                number,
                tuple(s.reads),
                (),
                (),
                results,
                tuple(users(r) for r in results),
                len(s.reads),
                s.stream,
            )
        )
    uses = tuple(len(readers[r]) + list(returns).count(r) for r in range(total))
    record = FunctionRecord(
        0,
        "f",
        FunctionKind.ASYNC,
        ("i32",) * arguments,
        ("i32",) * len(returns),
        0,
        uses,
        tuple(kernels),
        tuple(returns),
    )
    bound = [
        BoundKernel(
            name="test.kernel",
            call=s.call,
            needs_context=s.needs_context,
            returns_tuple=s.results != 1,
            task=s.call if s.is_task else None,
        )
        for s in steps
    ]
    return graph.make_graph(record, bound, _Locations())  # type: ignore[arg-type]
