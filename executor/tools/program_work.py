"""What a function on arrays has to do at least, and how much memory it has been planned to take, by what its file says.

Of both, what only shows when it runs is not known: kernels that are prepared for the shapes that come, and loops.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from tfrt.executor.bef import BefFile, FunctionRecord, KernelRecord
from tfrt.executor.bef.named_attributes import array_ops, named
from tfrt.executor.tools.work import Shape, bytes_moved, operations, shape_of

_FREE = ("cpu.constant", "cpu.weight", "cpu.own", "cpu.arena")
"""Kernels that neither compute nor move anything, unless what they give is somebody else's."""

_NEW = ("cpu.call", "cpu.elementwise", "cpu.reduction", "cpu.copy")
"""Kernels whose result is an array of its own, unless their op gives a view."""

_REDUCTIONS = ("cpu.reduction", "cpu.reduction_into")


_VIEWS = frozenset(
    ("transpose", "slice", "reverse", "broadcast_in_dim", "broadcast", "real", "imag", "dynamic_slice", "identity")
)
"""Ops that give an operand's elements where they are; others that may do so are taken to make an array."""

_RESHAPES = frozenset(("reshape", "dynamic_reshape", "squeeze", "unsqueeze", "expanddims", "flatten"))
"""Ops that do so if their operand's elements follow one another."""


@dataclass(frozen=True, slots=True)
class KernelWork:
    """What a kernel on arrays has to do.

    Attributes:
        number: which kernel of the function it is.
        ops: what it runs, one after the other.
        operations: on numbers, see `tfrt.executor.tools.work.operations`; None where that is not known.
        given: the bytes that it reads of the function's arguments, and of constants.
        made: the bytes that it reads and writes of what the function computes.
    """

    number: int
    ops: tuple[str, ...]
    operations: int | None
    given: int
    made: int


def function_work(bef: BefFile, function: FunctionRecord) -> list[KernelWork]:
    """What each kernel of a function has to do that does anything; of one whose shapes are not known, nothing is said.

    A file without the names of attributes says nothing of it.
    """
    types = function.register_types
    if types is None:
        return []
    ops = _ops(bef, function)
    attributes = _attributes(bef, function)
    views = _views(function, types, ops, attributes)
    given = _given(function, views)
    # What reductions and what is around them go over, each op once.
    reduced = {id(k): prod(shape) for k, shape in named(bef, function, "shape") if k.name in _REDUCTIONS}
    found = []
    for number, kernel in enumerate(function.kernels):
        names = ops.get(id(kernel), ())
        if number == 0 or kernel.name in _FREE or id(kernel) in views:
            continue
        read = _read(kernel)
        result = shape_of(types[kernel.results[0]]) if kernel.results else None
        shapes = [shape for register in read if (shape := shape_of(types[register])) is not None]
        counted = None
        if kernel.name in _REDUCTIONS:
            counted = reduced[id(kernel)] * len(names)
        elif result is not None:
            counted = operations(names, shapes, result, attributes.get(id(kernel)))
        moved = [bytes_moved([types[r] for r in read if (r in given) is is_given]) or 0 for is_given in (True, False)]
        moved[1] += bytes_moved([types[r] for r in kernel.results]) or 0
        found.append(KernelWork(number, names, counted, *moved))
    return found


def planned_memory(bef: BefFile, function: FunctionRecord) -> int | None:
    """The most bytes that a call's own arrays have at a time beyond its arguments and the constants of the file.

    Kernels run in the file's order, and an array that nobody needs any more is gone. What kernels borrow while they
    compute comes on top.

    Returns:
        None where it is not known.
    """
    types, ops = function.register_types, _ops(bef, function)
    if types is None:
        return None
    arenas = {id(kernel): size for kernel, size in named(bef, function, "size") if kernel.name == "cpu.arena"}
    views = _views(function, types, ops, _attributes(bef, function))
    # The kernel that has made the memory that a register's array is in.
    home: dict[int, int] = {}
    sizes: dict[int, int] = {}
    last: dict[int, int] = {}
    for number, kernel in enumerate(function.kernels):
        for register in kernel.arguments:
            if register in home:
                last[home[register]] = number
        if number == 0 or kernel.name in ("cpu.constant", "cpu.weight"):
            continue
        size = 0 if id(kernel) in views else _own_memory(kernel, types, arenas)
        if size is None:
            return None
        if size:
            sizes[number] = size
            home.update(dict.fromkeys(kernel.results, number))
            last[number] = number
        elif kernel.arguments and (kept := [home[r] for r in _kept(kernel) if r in home]):
            home.update(dict.fromkeys(kernel.results, kept[0]))
    for register in function.result_registers:
        if register in home:
            last[home[register]] = len(function.kernels)
    most = held = 0
    ending: dict[int, list[int]] = {}
    for maker, number in last.items():
        ending.setdefault(number, []).append(maker)
    for number in range(len(function.kernels)):
        held += sizes.get(number, 0)
        most = max(most, held)
        held -= sum(sizes[maker] for maker in ending.get(number, ()))
    return most


def _own_memory(kernel: KernelRecord, types: tuple[str, ...], arenas: dict[int, Any]) -> int | None:
    if kernel.name == "cpu.arena":
        size: int | None = arenas.get(id(kernel))
        return size
    if kernel.name == "cpu.own" or kernel.name.endswith("_into"):
        return 0
    moved = bytes_moved([types[register] for register in kernel.results])
    if moved is None:
        # No arrays, or of shapes that are not known.
        return 0 if all(shape_of(types[r]) is None and "memref" not in types[r] for r in kernel.results) else None
    return moved if kernel.name in _NEW else None


def _kept(kernel: KernelRecord) -> tuple[int, ...]:
    """The operands whose memory a kernel's result may have that makes none: where it writes to, else any."""
    return kernel.arguments[-1:] if kernel.name.endswith("_into") else kernel.arguments


def _ops(bef: BefFile, function: FunctionRecord) -> dict[int, tuple[str, ...]]:
    """The ops that kernels run for arrays, in order, by the kernels' identities."""
    found: dict[int, tuple[str, ...]] = {}
    for kernel, op in array_ops(bef, function):
        found[id(kernel)] = (*found.get(id(kernel), ()), op)
    return found


def _attributes(bef: BefFile, function: FunctionRecord) -> dict[int, dict[str, Any]]:
    """The attributes of the ops that kernels run first, by the kernels' identities."""
    return {id(kernel): dict(pairs) for kernel, pairs in named(bef, function, "op_attrs")}


def _views(
    function: FunctionRecord,
    types: tuple[str, ...],
    ops: dict[int, tuple[str, ...]],
    attributes: dict[int, dict[str, Any]],
) -> set[int]:
    """The identities of the kernels whose results have their operands' memory."""
    found: set[int] = set()
    # Registers whose elements do not follow one another, as far as is known.
    scattered: set[int] = set()
    for kernel in function.kernels[1:]:
        names = ops.get(id(kernel), ())
        op = names[0].rpartition(".")[2].lower() if len(names) == 1 and kernel.arguments else ""
        if op in _VIEWS or (op in _RESHAPES and kernel.arguments[0] not in scattered):
            found.add(id(kernel))
            source, result = kernel.arguments[0], kernel.results[0]
            before, after = shape_of(types[source]), shape_of(types[result])
            is_whole = op in _RESHAPES or _stays_whole(op, before, after, attributes.get(id(kernel), {}))
            if source in scattered or not is_whole:
                scattered.add(result)
    return found


def _stays_whole(op: str, before: Shape | None, after: Shape | None, attributes: dict[str, Any]) -> bool:
    """Whether a view's elements follow one another where its operand's do."""
    if op == "identity":
        return True
    if before is None or after is None:
        return False
    if op == "transpose":
        order = [place for place in attributes.get("permutation", ()) if place < len(before) and before[place] != 1]
        return len(order) == sum(size != 1 for size in before) and order == sorted(order)
    if op != "slice" or len(before) != len(after) or any(step != 1 for step in attributes.get("strides", ())):
        return False
    # Nothing is cut but in the first dimension that is more than one thing wide, and in those before it.
    first = next((place for place, size in enumerate(after) if size != 1), len(after))
    return before[first + 1 :] == after[first + 1 :]


def _read(kernel: KernelRecord) -> list[int]:
    """The registers that a kernel reads, each once; where it writes its result to is not among them."""
    *operands, last = kernel.arguments or (-1,)
    if not kernel.name.endswith("_into"):
        operands.append(last)
    return [register for register in dict.fromkeys(operands) if register >= 0]


def _given(function: FunctionRecord, views: set[int]) -> set[int]:
    """The registers that have the memory of arguments or of constants."""
    found = set(range(len(function.argument_types)))
    for kernel in function.kernels[1:]:
        is_view = id(kernel) in views and not found.isdisjoint(kernel.arguments)
        if is_view or kernel.name in ("cpu.constant", "cpu.weight"):
            found.update(kernel.results)
    return found
