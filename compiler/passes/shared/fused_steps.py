"""Steps of kernels on arrays, as passes take them apart and put them together again."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, MemRefType
from xdsl.ir import Attribute, Operation, SSAValue

from tfrt.compiler.passes.shared.array_ops import metadata_of_type
from tfrt.dialects.cpu.calls import CallOp, ElementwiseOp
from tfrt.dialects.cpu.steps import details_of, steps_of
from tfrt.dialects.shared.interning import once_all
from tfrt.dialects.shared.ops import erase_op, put_before, replace_op, result_of, type_of
from tfrt.executor.declarations.broadcasting import is_row


def is_only_reader(readers: Sequence[Operation], writer: Operation) -> bool:
    """Whether nothing but these ops of its block reads the first result of an op."""
    if writer.parent is not readers[0].parent:
        return False
    use = result_of(writer).first_use
    while use is not None:
        # By identity, as ops are compared.
        if not any(use._operation is reader for reader in readers):
            return False
        use = use._next_use
    return True


Step = tuple[str, tuple[int, ...], tuple[Attribute, ...]]
"""An op, the numbers of its operands, and the details of the step."""


def steps_in(op: ElementwiseOp | CallOp, result: Attribute) -> Sequence[Step]:
    """The steps of a chain, or after a call, as those of one with that result."""
    return _steps_as((op.steps, type_of(result_of(op)), result))


@once_all
def _steps_as(given: tuple[Attribute, ...]) -> Sequence[Step]:
    steps, own, wanted = given
    assert isinstance(steps, ArrayAttr) and isinstance(own, MemRefType) and isinstance(wanted, MemRefType)
    found = []
    for step, (name, used) in zip(steps, steps_of(steps), strict=True):
        type, attributes = details_of(step)
        type = own.element_type if type is None else type
        details = (type, attributes) if type != wanted.element_type else (attributes,)
        found.append((name, used, tuple([each for each in details if each is not None])))
    return found


def renumbered(
    steps: Sequence[Step], operands: Sequence[SSAValue], values: dict[SSAValue, int], start: int
) -> list[Step]:
    """The steps of a chain with other numbers for its operands, and its own values from `start` on."""
    numbers = [values[operand] for operand in operands]
    count = len(numbers)
    return [
        (name, tuple([numbers[n] if n < count else start + n - count for n in used]), details)
        for name, used, details in steps
    ]


def is_vector(operand: SSAValue, result: Attribute) -> bool:
    """Whether an operand is a scalar, or broadcast along all dimensions but the last."""
    shape = metadata_of_type(operand.type).shape
    return len(shape) < 2 and is_row(shape, metadata_of_type(result).shape)


def replace_all(ops: Sequence[Operation], made: Operation) -> None:
    """Put an op in place of others, each of which comes before what it reads."""
    reader, *others = ops
    put_before(made, reader)
    replace_op(reader, made.results)
    for op in others:
        erase_op(op)
