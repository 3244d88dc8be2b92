"""Of which Python class the values of registers are, where plans rely on it.

In plans every register of a scalar type holds a value of exactly one class: a bool for ``i1``, an int for other
integers, a float for floats of any width, a complex. So the expression of a cheap kernel cannot fail, nor can a branch
or the head of a loop. By induction: arguments are looked at where a plan is entered; what kernels return is looked at
unless they are known to keep to it; where functions and their callers disagree, as in a corrupt file, plans leave the
call to the kernel. Whatever is of another class goes on in the dataflow executor, where it fails or does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from tfrt.executor.engines.binding import BoundKernel
from tfrt.executor.engines.graph import Graph
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.scalars import scalar_class

Classes = tuple[type | None, ...]
"""For each of some registers, its class, or None where plans do not rely on one."""

_NAMES = re.compile(r"\{(\d+)")


def register_classes(graph: Graph) -> Classes:
    """The class of each register of a function."""
    record = graph.record
    if record.register_types is not None:
        classes = {type: scalar_class(type) for type in set(record.register_types)}
        return tuple([classes[type] for type in record.register_types])
    found: list[type | None] = [None] * graph.register_count
    for register, type in enumerate(record.argument_types):
        found[register] = scalar_class(type)
    for node in graph.kernels:
        bound, results = node.bound, node.results
        for index, register in enumerate(results):
            if bound.functions and bound.control is not None:
                declared = bound.functions[0].result_types
                found[register] = scalar_class(declared[index]) if index < len(declared) else None
            elif len(results) == 1:
                found[register] = bound.result_class
    return tuple(found)


def is_inline(bound: BoundKernel, operands: Classes, results: Classes) -> bool:
    """Whether a kernel's expression can stand for it: it cannot fail, and its value is of the right class."""
    if bound.inline is None or len(results) != 1:
        return False
    declared = bound.operand_classes
    used = _operands_in(bound.inline)
    if len(used) == 1 and bound.inline == f"{{{next(iter(used))}}}":
        return operands[next(iter(used))] == results[0]
    if bound.result_class != results[0]:
        return False
    return all(number < len(declared) and declared[number] == operands[number] is not None for number in used)


@cache
def _operands_in(expression: str) -> frozenset[int]:
    """The numbers of the operands that an expression names."""
    return frozenset(map(int, _NAMES.findall(expression)))


def is_checked(bound: BoundKernel, results: Classes) -> bool:
    """Whether what a kernel returns need not be looked at."""
    if not results:
        return bound.returns_plain
    return len(results) == 1 and bound.returns_plain and bound.result_class == results[0]


def fit(values: Sequence[Any], classes: Classes) -> bool:
    """Whether values are plain and of these classes."""
    for value, expected in zip(values, classes, strict=True):
        if type(value) is not expected and (expected is not None or type(value) is AsyncValue):
            return False
    return True
