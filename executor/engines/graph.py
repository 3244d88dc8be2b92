"""A function made ready to run: its kernels bound, tables by kernel number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from tfrt.executor.bef import BefFile, FunctionRecord
from tfrt.executor.engines.binding import BoundKernel, Callee

ANY_STREAM = -1
"""The stream of kernels that run at once, whatever the current stream is."""

Task = tuple[Callable[..., Any], tuple[int, ...], int | None, tuple[int, ...], tuple[int, ...]]
"""A kernel that is a task: what to call, its operands, its result and the users where there is one, its releases."""


class Graph:
    """A function ready to run. Tables are indexed by kernel number; kernel 0 is the pseudo kernel.

    Attributes:
        tokens: for each kernel with more than one operand, the tokens that its operands take, else None.
        releases: registers that a kernel reads and that hold buffers, which are dropped after their last use.

    Args:
        is_order_free: whether nobody can tell in which order kernels run. Then those that take less time to run than to
            hand over to another thread stay where they become ready.
    """

    __slots__ = (
        "arguments",
        "bef",
        "bound",
        "calls",
        "is_inline",
        "name",
        "needs_context",
        "one_stream",
        "record",
        "register_count",
        "releases",
        "result_counts",
        "result_registers",
        "results",
        "returns_tuple",
        "streams",
        "tasks",
        "tokens",
        "users",
    )

    def __init__(
        self, record: FunctionRecord, bound: Sequence[BoundKernel], bef: BefFile, *, is_order_free: bool = False
    ):
        kernels = record.kernels
        self.record = record
        self.name = record.name
        self.bef = bef
        self.register_count = len(record.use_counts)
        self.result_registers = record.result_registers
        self.bound: list[Any] = [None, *bound]
        self.calls: list[Any] = [None, *(b.call for b in bound)]
        self.is_inline = [False, *(b.inline is not None for b in bound)]
        self.needs_context = [False, *(b.needs_context for b in bound)]
        self.returns_tuple = [False, *(b.returns_tuple for b in bound)]
        self.arguments = [k.arguments for k in kernels]
        self.results = [k.results for k in kernels]
        self.result_counts = [len(k.results) for k in kernels]
        self.users = [k.users for k in kernels]
        self.streams = [k.stream for k in kernels]
        self.one_stream = [ANY_STREAM] * len(kernels)
        if is_order_free:
            for kernel, found in enumerate(bound, 1):
                if found.inline is not None or found.only_starts:
                    self.streams[kernel] = ANY_STREAM
        self.tokens = [[True] + [False] * (k.operand_count - 1) if k.operand_count > 1 else None for k in kernels]
        self.releases = _releases(record)
        self.tasks = [None, *(self._task(kernel, b) for kernel, b in enumerate(bound, 1))]

    def _task(self, kernel: int, bound: BoundKernel) -> Task | None:
        if bound.task is None:
            return None
        results, users = self.results[kernel], self.users[kernel]
        if len(results) == 1 and not bound.returns_tuple:
            return bound.task, self.arguments[kernel], results[0], users[0], self.releases[kernel]
        return bound.task, self.arguments[kernel], None, (), self.releases[kernel]

    def location(self, kernel: int) -> Any:
        """The source location of a kernel."""
        return self.bef.kernel_location(self.record.kernels[kernel])


class Runnable(Callee, Protocol):
    """A function of a loaded program, as the engines see it."""

    @property
    def graph(self) -> Graph:
        """The function, ready to run."""


def _releases(record: FunctionRecord) -> list[tuple[int, ...]]:
    """For each kernel, the registers that may be dropped after it: those that it reads or that nobody reads.

    Registers of scalars and the function's results are not worth it, or needed.
    """
    types = record.register_types
    kept = set(record.result_registers)
    if types is not None:
        kept.update(r for r, type in enumerate(types) if _is_small(type))
    unused = {r for r, count in enumerate(record.use_counts) if count == 0}
    return [
        tuple(r for r in (*kernel.arguments, *unused.intersection(kernel.results)) if r not in kept)
        for kernel in record.kernels
    ]


def _is_small(type: str) -> bool:
    """Whether values of an MLIR type are scalars or chains, not worth dropping early."""
    return type == "!tfrt.chain" or type == "index" or (type.lstrip("su")[:1] in ("i", "f", "b") and len(type) <= 5)
