"""Traits of TFRT ops beyond xDSL's own: costs, effects on tensors, and regions that re-declare operands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from xdsl.dialects.builtin import ArrayAttr, FloatAttr, IntegerAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.traits import OpTrait

from tfrt.dialects.shared.verification import fail

COST_ATTRIBUTE = "_tfrt_cost"

MEASURED_COST_ATTRIBUTE = "_tfrt_measured_cost"
"""What any op was measured to cost, a positive integer; it counts in place of what the op declares."""


@dataclass(frozen=True)
class HasCost(OpTrait, ABC):
    """An op whose cost is known at compile time. The unit is the same as that of `tfrt.cost_threshold`."""

    @abstractmethod
    def get_cost(self, op: Operation) -> int:
        """The cost of running `op` once."""


@dataclass(frozen=True)
class FixedCost(HasCost):
    """Every op of the class costs the same, `cost`, whatever its operands and attributes."""

    cost: int

    def get_cost(self, op: Operation) -> int:
        return self.cost


@dataclass(frozen=True)
class AttributeCost(HasCost):
    """The op says its own cost in the attribute `_tfrt_cost`, which must be a positive integer."""

    def verify(self, op: Operation) -> None:
        cost = op.attributes.get(COST_ATTRIBUTE)
        if not isinstance(cost, IntegerAttr):
            fail(op, "cost attribute not found")
        if cost.value.data <= 0:
            fail(op, "cost value must be larger than 0")

    def get_cost(self, op: Operation) -> int:
        cost = op.attributes[COST_ATTRIBUTE]
        assert isinstance(cost, IntegerAttr)
        return cost.value.data


def cost_of(op: Operation) -> int | None:
    """The measured cost of `op`, or else the one that its class declares, or None where there is neither."""
    measured = op.attributes.get(MEASURED_COST_ATTRIBUTE)
    if measured is not None and isinstance(measured, IntegerAttr) and measured.value.data > 0:
        return measured.value.data
    trait = _cost_trait(op.__class__)
    return None if trait is None else trait.get_cost(op)


@lru_cache(maxsize=4096)
def _cost_trait(kind: type[Operation]) -> HasCost | None:
    return kind.get_trait(HasCost)


@dataclass(frozen=True)
class MakesTensor(OpTrait):
    """The op makes a tensor with elements of this type, which nobody else has seen yet, of the shape in `shape`."""

    element: Attribute

    def element_count(self, op: Operation) -> int:
        """How many elements the tensor has, as far as it can be made."""
        shape = op.attributes["shape"]
        assert isinstance(shape, ArrayAttr)
        return prod(size.value.data for size in shape if isinstance(size, IntegerAttr))


@dataclass(frozen=True)
class SetsElements(OpTrait):
    """The op sets the elements of a tensor of this element type, its first operand, and does nothing else.

    What they are set to is in the attribute of that name: an array with one for each, or else one for all. The op's
    other operand and its result are chains. So it commutes with whatever does not touch the tensor.
    """

    element: Attribute
    attribute: str

    def cannot_fail(self, op: Operation, count: int) -> bool:
        """Whether `op` surely succeeds on a tensor of `count` elements of its type."""
        given = op.attributes.get(self.attribute)
        values = given.data if isinstance(given, ArrayAttr) else (given,)
        if isinstance(given, ArrayAttr) and (len(values) != count or not values):
            return False
        return all(isinstance(value, IntegerAttr | FloatAttr) and value.type == self.element for value in values)


@dataclass(frozen=True)
class RedeclaresOperands(OpTrait):
    """The op's regions take its operands as block arguments, under the same names.

    All operands but those at the positions in `skipped` become, in order, the arguments of each region's
    entry block. The custom form does not spell these arguments: inside the region the operand's name means
    the argument.
    """

    skipped: tuple[int, ...] = ()

    def operands_of(self, op: Operation) -> Sequence[SSAValue]:
        """The operands that the regions of `op` re-declare."""
        return tuple(value for i, value in enumerate(op.operands) if i not in self.skipped)
