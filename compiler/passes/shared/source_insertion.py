"""Making ops of StableHLO in front of others, at whose places in the source they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from xdsl.ir import Attribute, Operation, SSAValue

from tfrt.dialects.shared.ops import make_op, put_before, result_of
from tfrt.dialects.stablehlo import STABLEHLO

Replacement = Sequence[SSAValue] | None
"""The values in the place of an op's, or None where it stays."""


def new_like(
    op: Operation, name: str, operands: Sequence[SSAValue], properties: Mapping[str, Attribute]
) -> Sequence[SSAValue]:
    """`insert_before`, of an op with the other one's result types; the results that it gives."""
    types = [result.type for result in op.results]
    made = make_op(op_class(name), operands, types, properties=properties, location=op.location)
    put_before(made, op)
    return made.results


def insert_before(
    op: Operation, name: str, operands: Sequence[SSAValue], properties: Mapping[str, Attribute], type: Attribute
) -> SSAValue:
    """What an op of StableHLO gives, which is put before another one and stands at its place in the source."""
    made = make_op(op_class(name), operands, [type], properties=properties, location=op.location)
    put_before(made, op)
    return result_of(made)


@cache
def op_class(name: str) -> type[Operation]:
    """The op of StableHLO of that name."""
    return next(op for op in STABLEHLO.operations if op.name == name)
