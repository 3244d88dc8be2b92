"""The one kernel that reductions become with the elementwise kernels around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import ArrayAttr, MemRefType, StringAttr, TypeAttribute
from xdsl.ir import Attribute, Operation, SSAValue

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.shared.array_ops import call_op, memref, metadata_of_type
from tfrt.compiler.passes.shared.reduced_shapes import Reduced, shape_of
from tfrt.compiler.passes.shared.reductions import body_of, is_neutral
from tfrt.dialects.cpu.calls import CallOp, ElementwiseOp
from tfrt.dialects.cpu.metadata import metadata_attribute
from tfrt.dialects.cpu.reductions import ReductionOp
from tfrt.dialects.cpu.steps import details_of, reduction_step, step_attribute, steps_of
from tfrt.dialects.shared.interning import array_attribute, integer_attribute
from tfrt.executor.declarations.broadcasting import Shape, with_leading_ones
from tfrt.executor.declarations.metadata import TensorMetadata


@dataclass(frozen=True)
class Fused:
    """A kernel that stands for several.

    Attributes:
        before, after: what brings operands, and results, into shape.
        results: for each value of these kernels that others read, what stands for it.
    """

    before: Sequence[Operation]
    op: ReductionOp
    after: Sequence[Operation]
    results: dict[SSAValue, SSAValue]


def fused(reduced: Reduced, members: Sequence[Operation]) -> Fused:
    """The kernel that does what others of a block do.

    Args:
        reduced: what the reductions among them go over.
        members: the kernels, in order.
    """
    made = _Made(reduced, members)
    for op in members:
        made.take_in(op)
    return made.fused()


class _Made:
    """A fused op that is being made.

    Attributes:
        values: the steps that values have become, by number.
    """

    def __init__(self, reduced: Reduced, members: Sequence[Operation]):
        self.reduced, self.members = reduced, members
        self.operands: list[SSAValue] = []
        self.steps: list[tuple[str, list[SSAValue | int], tuple[Attribute, ...]]] = []
        self.values: dict[SSAValue, int] = {}
        self.before: list[Operation] = []
        self.after: list[Operation] = []

    def take_in(self, op: Operation) -> None:
        """Add an op's steps."""
        if isinstance(op, ElementwiseOp):
            self.values[op.array] = self._elementwise(op)
        elif self.reduced.is_view(op) or self.reduced.is_spread(op):
            self.values[op.results[0]] = self.values[op.operands[0]]
        else:
            assert isinstance(op, CallOp)
            self.values[op.results[0]] = self._reduction(op)

    def _elementwise(self, op: ElementwiseOp) -> int:
        is_wide = self.reduced.is_wide(op.array)
        inputs = [self._operand(operand, is_wide) for operand in op.operands]
        start, type = len(self.steps), op.array.type
        assert isinstance(type, MemRefType)
        for step, (name, used) in zip(op.steps, steps_of(op.steps), strict=True):
            given, attributes = details_of(step)
            details = (type.element_type if given is None else given, attributes)
            operands = [inputs[n] if n < len(inputs) else start + n - len(inputs) for n in used]
            self.steps.append((name, operands, tuple(each for each in details if each is not None)))
        return len(self.steps) - 1

    def _reduction(self, op: CallOp) -> int:
        body = body_of(op)
        type = op.results[0].type
        assert body is not None and isinstance(type, MemRefType)
        value = self._operand(op.operands[0], True)
        self.steps.append(("", [value], (type.element_type, StringAttr(body))))
        if not is_neutral(op.operands[1], body):
            init = self._operand(op.operands[1], False)
            self.steps.append((body, [init, len(self.steps) - 1], (type.element_type,)))
        return len(self.steps) - 1

    def _operand(self, value: SSAValue, is_wide: bool) -> SSAValue | int:
        """A step's value, by its number, or an array that is read."""
        if value in self.values:
            return self.values[value]
        narrow = self.reduced.narrow
        if is_wide:
            value, shape = self.reduced.source_of(value)
            if shape != shape_of(value):
                value = self._reshaped(value, shape, self.before)
        shape = shape_of(value)
        if not is_wide and prod(shape) > 1 and with_leading_ones(shape, len(narrow)) != narrow:
            value = self._reshaped(value, narrow, self.before)
        elif len(shape) > len(narrow):
            value = self._reshaped(value, (), self.before)
        if value not in self.operands:
            self.operands.append(value)
        return value

    def _reshaped(self, value: SSAValue, shape: Shape, ops: list[Operation]) -> SSAValue:
        type = memref(TensorMetadata(metadata_of_type(value.type).dtype, shape))
        ops.append(call_op(StringAttr("stablehlo.reshape"), [value], [type], self.members[0].location))
        return ops[-1].results[0]

    def fused(self) -> Fused:
        """The op, and what stands for the values that others read."""
        members = set(self.members)
        leaving = [v for v in self.values if any(use.operation not in members for use in v.uses)]
        leaving.sort(key=lambda value: not self.reduced.is_wide(value))
        given: dict[int, SSAValue] = {}
        for value in leaving:
            given.setdefault(self.values[value], value)
        count = len(self.operands)
        types = [value.type for value in given.values()]
        made = ReductionOp.create(
            operands=self.operands,
            attributes={
                "arguments": metadata_attribute(operand.type for operand in self.operands),
                "dimensions": ArrayAttr(map(integer_attribute, self.reduced.axes)),
                "gives": ArrayAttr(integer_attribute(count + value) for value in given),
                "metadata": metadata_attribute(types),
                "shape": ArrayAttr(map(integer_attribute, self.reduced.shape)),
                "steps": array_attribute(self._steps()),
            },
            result_types=types,
        )
        made.location = fuse(op.location for op in self.members)
        first = dict(zip(given, made.results, strict=True))
        results: dict[SSAValue, SSAValue] = {}
        for value in leaving:
            result = first[self.values[value]]
            shape = shape_of(value)
            results[value] = result if shape_of(result) == shape else self._reshaped(result, shape, self.after)
        return Fused(self.before, made, self.after, results)

    def _steps(self) -> list[Attribute]:
        """The steps, with a number for each operand."""
        count = len(self.operands)
        numbers = {operand: number for number, operand in enumerate(self.operands)}

        def number(operand: SSAValue | int) -> int:
            return count + operand if isinstance(operand, int) else numbers[operand]

        steps: list[Attribute] = []
        for name, used, details in self.steps:
            if name:
                steps.append(step_attribute(name, map(number, used), details))
            else:
                type, body = details
                assert isinstance(type, TypeAttribute) and isinstance(body, StringAttr)
                steps.append(reduction_step(body.data, number(used[0]), type))
        return steps
