"""A function made ready to run: its kernels bound to their places, with what each reads and wakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Protocol

from tfrt.executor.bef import BefFile, FunctionRecord, KernelRecord
from tfrt.executor.engines.binding import BoundKernel, Callee
from tfrt.executor.support.errors import Call
from tfrt.executor.support.location import Location
from tfrt.executor.support.once import once_per_object
from tfrt.executor.values.brief import brief

ANY_STREAM = -1
"""The stream of kernels that run at once, whatever the current stream is."""


@dataclass(slots=True)
class Node:
    """A kernel of a graph. Never changed; it is not frozen because making many of these is part of loading.

    Attributes:
        number: its place in the function; 0 is the pseudo kernel, whose results are the pseudo register and the
            arguments.
        bound: the kernel; the pseudo kernel's does nothing.
        call: what to call, with the context in front if `needs_context`.
        arguments: the registers that it reads.
        results: the registers that it writes.
        users: for each result, the kernels that read it.
        is_single: whether what it returns is its one result, as it is.
        is_inline: whether it takes less time than to hand it over to another thread.
        task: where it runs as a task of the work queue, what the task calls.
        releases: registers that hold buffers, to be dropped after their last use: those that it reads, and those that
            it writes and nobody reads.
    """

    number: int
    bound: BoundKernel
    call: Callable[..., Any]
    arguments: tuple[int, ...]
    results: tuple[int, ...]
    users: tuple[tuple[int, ...], ...]
    needs_context: bool
    is_single: bool
    is_inline: bool
    task: Callable[..., Any] | None
    releases: tuple[int, ...]

    def having_run(self, call: Callable[..., Any]) -> Node:
        """The same kernel, with `call` for what it has come to."""
        return replace(self, call=call, task=None)


@dataclass(frozen=True)
class Graph:
    """A function ready to run. What only the dataflow executor needs is made when it first runs it.

    Attributes:
        bound: its kernels by number, bound to their places; the pseudo kernel, which comes first, does nothing.
        is_order_free: whether never anybody can tell in which order kernels run.
    """

    record: FunctionRecord
    bef: BefFile
    bound: list[BoundKernel]
    result_registers: tuple[int, ...]
    register_count: int
    is_order_free: bool

    @once_per_object
    def nodes(self) -> list[Node]:
        """The kernels with what they read and wake, by number."""
        return list(map(_node, count(), self.record.kernels, self.bound, self.releases))

    def node(self, number: int) -> Node:
        """One of them, which does not make the others."""
        made = self.__dict__.get("nodes")
        if made is None:
            return _node(number, self.record.kernels[number], self.bound[number], self.releases[number])
        node: Node = made[number]
        return node

    @once_per_object
    def releases(self) -> list[tuple[int, ...]]:
        """For each kernel, the registers that hold buffers, to be dropped after it; see `Node`."""
        return _releases(self.record)

    @once_per_object
    def tokens(self) -> list[list[bool] | None]:
        """For each kernel with more than one operand, the tokens that its operands take, else None; calls copy them."""
        counts = [kernel.operand_count for kernel in self.record.kernels]
        tokens = {n: [True] + [False] * (n - 1) if n > 1 else None for n in set(counts)}
        return [tokens[count] for count in counts]

    @once_per_object
    def streams(self) -> list[int]:
        """The stream of each kernel."""
        if self.is_order_free:
            return self.free_streams
        return [kernel.stream for kernel in self.record.kernels]

    @once_per_object
    def sharing(self) -> Sharing:
        """What is known of threads that have shared its kernels."""
        return Sharing()

    @once_per_object
    def one_stream(self) -> list[int]:
        """The stream of each kernel, where all is to run on one thread."""
        return [ANY_STREAM] * len(self.bound)

    @once_per_object
    def free_streams(self) -> list[int]:
        """The stream of each kernel, where nobody can tell in which order kernels run.

        Then those that take less time to run than to hand over to another thread stay where they become ready.
        """
        return [
            ANY_STREAM if found.inline is not None or found.only_starts else kernel.stream
            for found, kernel in zip(self.bound, self.record.kernels, strict=True)
        ]

    @property
    def kernels(self) -> list[Node]:
        """The kernels proper."""
        return self.nodes[1:]

    @property
    def argument_count(self) -> int:
        """How many arguments the function has; they are in the first registers."""
        return len(self.record.kernels[0].results) - 1

    def location(self, kernel: int) -> Location:
        """The source location of a kernel."""
        return self.bef.kernel_location(self.record.kernels[kernel])

    def call(self, node: Node, registers: Sequence[Any]) -> Call:
        """What an error says of a kernel that it has come through; of operands that are gone it says nothing."""
        operands = [registers[register] for register in node.arguments]
        shown = () if any(value is None for value in operands) else tuple(map(brief, operands))
        return Call(node.bound.name, self.record.name, self.location(node.number), shown)


HAND_OVER = 25e-6
"""Seconds that it takes, about, to hand the interpreter lock to a thread that waits for it."""


class Sharing:
    """How long the kernels of a function take that threads share, and so how many threads gain from that.

    Threads that only run Python take turns, and each turn costs more than most kernels. So it is measured how long a
    kernel takes, on average of all that a thread has run in a call.
    """

    __slots__ = ("_seconds",)

    def __init__(self) -> None:
        self._seconds: float | None = None

    def helpers(self, parallelism: int) -> int:
        """How many threads should help another one; all of them, while nothing is known."""
        if self._seconds is None:
            return parallelism - 1
        return min(parallelism - 1, int(self._seconds / HAND_OVER))

    def took(self, seconds: float, kernels: int, threads: int) -> None:
        """One of so many threads has run so many kernels in that time."""
        each = seconds / kernels
        if each < threads * HAND_OVER:
            # It may have waited for the others most of the time.
            each /= threads
        before = self._seconds
        # Another thread may do the same, and then one of the two counts.
        self._seconds = each if before is None else (3 * before + each) / 4


class Runnable(Callee, Protocol):
    """A function of a loaded program, as the engines see it."""

    @property
    def graph(self) -> Graph:
        """The function, ready to run."""


def make_graph(
    record: FunctionRecord, bound: Sequence[BoundKernel], bef: BefFile, *, is_order_free: bool = False
) -> Graph:
    """The graph of a function whose kernels, the pseudo kernel aside, are `bound`.

    Args:
        is_order_free: whether never anybody can tell in which order kernels run.
    """
    return Graph(
        record=record,
        bef=bef,
        bound=[_PSEUDO, *bound],
        result_registers=record.result_registers,
        register_count=len(record.use_counts),
        is_order_free=is_order_free,
    )


def _node(number: int, kernel: KernelRecord, bound: BoundKernel, releases: tuple[int, ...]) -> Node:
    # All at once, because to look up its fields by name takes as long as all the rest of this.
    _, _, arguments, _, _, results, users, _, _ = kernel
    return Node(
        number,
        bound,
        bound.call,
        arguments,
        results,
        users,
        bound.needs_context,
        len(results) == 1 and not bound.returns_tuple,
        bound.inline is not None,
        bound.task,
        releases,
    )


def only_read(graph: Graph) -> frozenset[int]:
    """The arguments that certainly no kernel writes to and no result has memory of, by their numbers.

    Of other kernels than those whose prepared functions say so, nothing is known.
    """
    # For each register, the arguments whose memory it may have.
    origins: dict[int, frozenset[int]] = {number: frozenset((number,)) for number in range(graph.argument_count)}
    found = set(origins)
    for kernel, bound in zip(graph.record.kernels[1:], graph.bound[1:], strict=True):
        prepared = bound.prepared
        for register in kernel.arguments:
            given = origins.get(register)
            if given is None:
                continue
            if prepared is None or (bound.overwrites_last and register == kernel.arguments[-1]):
                found -= given
            elif not prepared.is_new:
                result = kernel.results[0]
                origins[result] = origins.get(result, frozenset()) | given
    for register in graph.result_registers:
        found -= origins.get(register, frozenset())
    return frozenset(found)


def _nothing() -> None:
    """What the pseudo kernel does."""


_PSEUDO = BoundKernel(name="", call=_nothing, needs_context=False, returns_tuple=False)


def _releases(record: FunctionRecord) -> list[tuple[int, ...]]:
    """For each kernel, the registers that may be dropped after it: those that it reads or that nobody reads.

    Registers of scalars and the function's results are not worth it, or needed.
    """
    types = record.register_types
    kept = set(record.result_registers)
    if types is not None:
        small = {type for type in set(types) if _is_small(type)}
        kept.update([r for r, type in enumerate(types) if type in small])
    if len(kept) == len(record.use_counts):
        return [()] * len(record.kernels)
    unused = {r for r, count in enumerate(record.use_counts) if count == 0}
    return [
        tuple(r for r in (*kernel.arguments, *unused.intersection(kernel.results)) if r not in kept)
        for kernel in record.kernels
    ]


def _is_small(type: str) -> bool:
    """Whether values of an MLIR type are scalars or chains, not worth dropping early."""
    return type == "!tfrt.chain" or type == "index" or (type.lstrip("su")[:1] in ("i", "f", "b") and len(type) <= 5)
