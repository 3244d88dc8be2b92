"""The shapes of what reductions go over, and how the values around them lie in these."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.ir import Operation, SSAValue

from tfrt.compiler.passes.shared.array_ops import attrs_of, is_static, metadata_of_type
from tfrt.compiler.passes.shared.reductions import axes_of, body_of
from tfrt.dialects.cpu.calls import CallOp
from tfrt.executor.declarations.broadcasting import Shape

_VIEWS = ("stablehlo.broadcast_in_dim", "stablehlo.reshape")


def is_reduction(op: Operation) -> bool:
    """Whether an op combines elements, and chains can do that."""
    if not isinstance(op, CallOp) or body_of(op) is None:
        return False
    shape = shape_of(op.operands[0])
    return 0 not in shape and prod(shape[d] for d in axes_of(op)) > 1


def shape_of(value: SSAValue) -> Shape:
    """The shape of an array."""
    return metadata_of_type(value.type).shape


@dataclass(frozen=True)
class Reduced:
    """A shape that is reduced along some of its dimensions.

    Values of this shape are *wide*; those with an element for each that is left are *narrow*, whatever dimensions of
    size 1 they have.

    Attributes:
        axes: the dimensions that are reduced, in order.
        narrow: the shape with these of size 1.
    """

    shape: Shape
    axes: tuple[int, ...]
    narrow: Shape

    def is_wide(self, value: SSAValue) -> bool:
        """Whether a value has a place for each that is reduced."""
        return shape_of(value) == self.shape

    def is_narrow(self, value: SSAValue) -> bool:
        """Whether a value has a place for each that is left."""
        return _without_ones(shape_of(value)) == _without_ones(self.narrow)

    def is_view(self, op: Operation) -> bool:
        """Whether an op gives a narrow value in another shape."""
        return (
            isinstance(op, CallOp)
            and op.op_name.data in _VIEWS
            and is_static(op.results[0].type)
            and self.is_narrow(op.operands[0])
            and self.is_narrow(op.results[0])
            and not op.steps.data
            and _keeps_order(op)
        )

    def is_spread(self, op: Operation) -> bool:
        """Whether an op repeats a narrow value along what is reduced."""
        if not isinstance(op, CallOp) or op.op_name.data != _VIEWS[0] or op.steps.data:
            return False
        if not (is_static(op.results[0].type) and self.is_wide(op.results[0]) and self.is_narrow(op.operands[0])):
            return False
        return _keeps_order(op) and self._as_it_broadcasts(op) == self.narrow

    def source_of(self, value: SSAValue) -> tuple[SSAValue, Shape]:
        """What a wide array repeats, if it repeats something, and in which shape that broadcasts to it."""
        made = value.owner
        if not isinstance(made, CallOp) or made.op_name.data != _VIEWS[0] or made.steps.data:
            return value, shape_of(value)
        (source,) = made.operands
        if not self.is_wide(value) or not is_static(source.type) or not _keeps_order(made):
            return value, shape_of(value)
        return source, self._as_it_broadcasts(made)

    def _as_it_broadcasts(self, op: CallOp) -> Shape:
        """The shape in which the operand of a broadcast to the wide shape broadcasts by numpy's rules."""
        sizes = dict(zip(attrs_of(op).values()["broadcast_dimensions"], shape_of(op.operands[0]), strict=True))
        return tuple(sizes.get(d, 1) for d in range(len(self.shape)))


def reduced_by(op: CallOp) -> Reduced:
    """The shape that a reduction goes over."""
    shape, axes = shape_of(op.operands[0]), axes_of(op)
    return Reduced(shape, axes, tuple(1 if d in axes else size for d, size in enumerate(shape)))


def _without_ones(shape: Shape) -> Shape:
    return tuple(size for size in shape if size != 1)


def _keeps_order(op: CallOp) -> bool:
    places = attrs_of(op).values().get("broadcast_dimensions", ())
    return list(places) == sorted(places)
