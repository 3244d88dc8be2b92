"""Steps of chains: an op, the numbers of its operands, and what more there is to say."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, StringAttr
from xdsl.ir import Attribute, TypeAttribute
from xdsl.irdl import IRDLOperation

from tfrt.dialects.cpu.metadata import is_index
from tfrt.dialects.shared.interning import integer_attribute, once_each, string_attribute
from tfrt.dialects.shared.verification import fail

REDUCE = "stablehlo.reduce"
"""What steps that combine elements are called."""

SLICE = "stablehlo.slice"
"""What steps that take a part of an array are called."""


def step_attribute(op_name: str, operands: Iterable[int], details: Iterable[Attribute] = ()) -> ArrayAttr:
    """A step of a chain; `details` are what `details_of` gives."""
    return _step_attribute(op_name, tuple(operands), tuple(details))


@lru_cache(maxsize=4096)
def _step_attribute(op_name: str, operands: tuple[int, ...], details: tuple[Attribute, ...]) -> ArrayAttr:
    return ArrayAttr([string_attribute(op_name), *map(integer_attribute, operands), *details])


def reduction_step(body: str, operand: int, type: TypeAttribute) -> ArrayAttr:
    """A step of `cpu.reduction` that combines a value's elements."""
    return ArrayAttr([string_attribute(REDUCE), integer_attribute(operand), type, string_attribute(body)])


def is_reduction(step: Attribute) -> bool:
    """Whether a step combines elements."""
    assert isinstance(step, ArrayAttr)
    return step.data[0] == string_attribute(REDUCE) and isinstance(step.data[-1], StringAttr) and len(step) > 1


@once_each
def details_of(step: Attribute) -> tuple[TypeAttribute | None, ArrayAttr | None]:
    """The element type of what a step gives, where it is not the chain's, and its op's attributes, where it has any."""
    assert isinstance(step, ArrayAttr)
    types = [each for each in step.data if isinstance(each, TypeAttribute)]
    attributes = [each for each in step.data if isinstance(each, ArrayAttr)]
    return types[0] if types else None, attributes[0] if attributes else None


def steps_of(steps: ArrayAttr) -> list[tuple[str, tuple[int, ...]]]:
    """The steps of a chain: ops, and the numbers of their operands."""
    return [_step_of(step) for step in steps.data]


@once_each
def _step_of(step: Attribute) -> tuple[str, tuple[int, ...]]:
    assert isinstance(step, ArrayAttr)
    name, *operands = step.data
    assert isinstance(name, StringAttr)
    return name.data, tuple(n.value.data for n in operands if isinstance(n, IntegerAttr))


def check_steps(op: IRDLOperation, steps: ArrayAttr, values: int) -> None:
    """Refuse an op whose steps are no steps, or take other values than so many operands and what steps before give."""
    for number, step in enumerate(steps):
        if not isinstance(step, ArrayAttr) or not step.data or not isinstance(step.data[0], StringAttr):
            fail(op, "a step must be an array [op, number of an operand, ...]")
        details = sum(each is not None for each in details_of(step)) + is_reduction(step)
        numbers = step.data[1 : len(step.data) - details]
        if not all(is_index(n) and n.value.data < values + number for n in numbers):
            fail(op, f"step {number} must have operands from 0 to {values + number - 1}")
