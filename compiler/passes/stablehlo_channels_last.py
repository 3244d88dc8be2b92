"""`stablehlo-channels-last`: convolutions, and what is between them, have channels in the last dimension."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, IntegerAttr, ModuleOp, TensorType, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import Pure

from tfrt.compiler.passes.shared.source_insertion import insert_before
from tfrt.compiler.passes.shared.source_values import constant_of, element_type_of, maker, sizes_of
from tfrt.compiler.runtime_values import dense_attribute, dense_value
from tfrt.dialects.shared.ops import erase_op, ops_of, replace_op
from tfrt.dialects.shared.walking import ops_in
from tfrt.dialects.stablehlo.attributes import ConvAttr, ConvolutionDimensionNumbers
from tfrt.dialects.stablehlo.directives import integers, number_of, numbers_of
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.declarations.stablehlo_shapes import repetition

Order = tuple[int, ...]


@dataclass(frozen=True)
class StablehloChannelsLast(ModulePass):
    """Gives convolutions results whose features come last, and ops that read these the same order, up to where another
    order is asked for. Kernels are fastest so, and what follows a convolution can be done with it. Images are not
    transposed for a convolution, not even before elementwise ops: it is told where their features are.

    Sums of products are rounded otherwise.
    """

    name = "stablehlo-channels-last"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for block in [block for inner in ops_in(op) for region in inner.regions for block in region.blocks]:
            _Block(block).reorder()


class _Block:
    """A block whose values come into another order.

    Attributes:
        moved: for values that a transpose of ours makes, or one that only convolutions need, what that transposes, and
            its permutation.
        done: ops that are gone with the one before them.
    """

    def __init__(self, block: Block):
        self.ops = ops_of(block)
        self.done: set[Operation] = set()
        self.moved: dict[SSAValue, tuple[SSAValue, Order]] = {}

    def reorder(self) -> None:
        if not any(op.name == "stablehlo.convolution" for op in self.ops):
            return
        for op in self.ops:
            if op in self.done or not all(_is_known(value) for value in (*op.operands, *op.results)):
                continue
            if op.name == "stablehlo.convolution":
                self._convolution(op)
            elif op.name == "stablehlo.transpose" and _leads_to_convolutions(op.results[0]):
                # Convolutions say themselves where features are.
                self.moved[op.results[0]] = (op.operands[0], tuple(numbers_of(op.properties["permutation"])))
            elif op.name == "stablehlo.broadcast_in_dim" and op.operands[0] in self.moved:
                self._repeat(op)
            elif any(operand in self.moved for operand in op.operands):
                self._follow(op)
        # Nobody reads most of the transposes.
        for value in reversed(list(self.moved)):
            made = value.owner
            if not value.uses and isinstance(made, Operation):
                erase_op(made)

    def _convolution(self, op: Operation) -> None:
        numbers = op.properties["dimension_numbers"]
        assert isinstance(numbers, ConvAttr)
        found: ConvolutionDimensionNumbers = numbers.data
        image, rank = op.operands[0], len(sizes_of(op.results[0]))
        if image in self.moved:
            image, order = self.moved[image]
            found = replace(
                found,
                input_batch_dimension=order[found.input_batch_dimension],
                input_feature_dimension=order[found.input_feature_dimension],
                input_spatial_dimensions=tuple(order[d] for d in found.input_spatial_dimensions),
            )
        # Where each dimension of the result goes.
        old = (found.output_batch_dimension, *found.output_spatial_dimensions, found.output_feature_dimension)
        order = tuple(int(place) for place in np.argsort(old))
        if found == numbers.data and order == tuple(range(rank)):
            return
        found = replace(
            found,
            output_batch_dimension=0,
            output_spatial_dimensions=tuple(range(1, rank - 1)),
            output_feature_dimension=rank - 1,
        )
        properties = {**op.properties, "dimension_numbers": ConvAttr.new(found)}
        self._put(op, [image, op.operands[1]], properties, order)

    def _follow(self, op: Operation) -> None:
        """Do an op to what its operands are transposed from, if it can be."""
        order = next(self.moved[operand][1] for operand in op.operands if operand in self.moved)
        properties = self._properties(op, order)
        if properties is None:
            return
        rank = len(order)
        operands = [self._reordered(o, op, order) if len(sizes_of(o)) == rank else o for o in op.operands]
        kept = [d for d in range(rank) if d not in numbers_of(op.properties.get("dimensions"))]
        if op.name == "stablehlo.reduce":
            # The dimensions that are left, in the order in which they are now.
            places = sorted(order[d] for d in kept)
            order = tuple(places.index(order[d]) for d in kept)
        self._put(op, operands, properties, order)

    def _repeat(self, op: Operation) -> None:
        """Repeat elements, as nearest neighbours of larger images, of what an operand is transposed from."""
        merged = next((use.operation for use in op.results[0].uses), op)
        if len(list(op.results[0].uses)) > 1 or merged.name != "stablehlo.reshape":
            return
        before, after = sizes_of(op.operands[0]), sizes_of(merged.results[0])
        if len(before) != len(after) or not all(before):
            return
        times = [new // old for old, new in zip(before, after, strict=True)]
        if (sizes_of(op.results[0]), numbers_of(op.properties["broadcast_dimensions"])) != repetition(before, times):
            return
        source, order = self.moved[op.operands[0]]
        wide, places = repetition(sizes_of(source), [times[d] for d in np.argsort(order)])
        element = element_type_of(source)
        given = {"broadcast_dimensions": integers(places)}
        repeated = insert_before(merged, op.name, [source], given, TensorType(element, wide))
        type = _reordered_type(merged.result_types[0], order)
        made = insert_before(merged, "stablehlo.reshape", [repeated], {}, type)
        self.done.add(merged)
        self._replace(merged, [made], order)
        erase_op(op)

    def _properties(self, op: Operation, order: Order) -> dict[str, Attribute] | None:
        """An op's properties for operands of which dimension `order[d]` is what `d` was; None where there are none."""
        change = _CHANGES.get(op.name)
        if change is None:
            return dict(op.properties) if _is_elementwise(op, len(order)) else None
        if any(len(sizes_of(operand)) not in (0, len(order)) for operand in op.operands):
            return None
        return {name: change.get(name, _unchanged)(value, order) for name, value in op.properties.items()}

    def _reordered(self, value: SSAValue, op: Operation, order: Order) -> SSAValue:
        """A value whose dimension `order[d]` is what `d` was."""
        if value in self.moved and self.moved[value][1] == order:
            return self.moved[value][0]
        type = _reordered_type(value.type, order)
        inverse = tuple(int(place) for place in np.argsort(order))
        elements = constant_of(value)
        if elements is not None:
            array = dense_value(elements).transpose(inverse)
            return insert_before(op, "stablehlo.constant", [], {"value": dense_attribute(array, type)}, type)
        wide = maker(value, "stablehlo.broadcast_in_dim")
        if wide is not None:
            places = [order[d] for d in numbers_of(wide.properties["broadcast_dimensions"])]
            if places == sorted(places):
                given = {"broadcast_dimensions": integers(places)}
                return insert_before(op, wide.name, wide.operands, given, type)
        return insert_before(op, "stablehlo.transpose", [value], {"permutation": integers(inverse)}, type)

    def _put(self, op: Operation, operands: Sequence[SSAValue], properties: dict[str, Attribute], order: Order) -> None:
        """Put an op in another's place, whose results' dimension `order[d]` is what `d` was."""
        regions = [op.detach_region(region) for region in list(op.regions)]
        types = [_reordered_type(type, order) for type in op.result_types]
        made = type(op).create(operands=operands, properties=properties, result_types=types, regions=regions)
        made.location = op.location
        assert op.parent is not None
        op.parent.insert_op_before(made, op)
        self._replace(op, made.results, order)

    def _replace(self, op: Operation, values: Sequence[SSAValue], order: Order) -> None:
        """Put values in place of an op's results, whose dimension `order[d]` is what `d` is there."""
        found = list(values)
        if order != tuple(range(len(order))):
            properties = {"permutation": integers(order)}
            found = [
                insert_before(op, "stablehlo.transpose", [new], properties, old.type)
                for old, new in zip(op.results, values, strict=True)
            ]
            self.moved.update((back, (new, order)) for back, new in zip(found, values, strict=True))
        replace_op(op, found)


def _leads_to_convolutions(value: SSAValue) -> bool:
    """Whether a value is used by convolutions as images only, perhaps after elementwise ops on it alone."""
    reached, waiting, ops = {value}, [value], set[Operation]()
    while waiting:
        for use in waiting.pop().uses:
            op = use.operation
            if op.name == "stablehlo.convolution" and use.index == 0:
                continue
            if not all(map(_is_known, (*op.operands, *op.results))) or not _is_elementwise(op, len(sizes_of(value))):
                return False
            ops.add(op)
            if op.results[0] not in reached:
                reached.add(op.results[0])
                waiting.append(op.results[0])
    others = [operand for op in ops for operand in op.operands if operand not in reached and sizes_of(operand)]
    return all(made.uses for made in reached) and all(
        constant_of(other) is not None or maker(other, "stablehlo.broadcast_in_dim") is not None for other in others
    )


def _is_known(value: SSAValue) -> bool:
    """Whether a value is a tensor of known sizes."""
    return isinstance(value.type, TensorType) and value.type.has_static_shape()


def _is_elementwise(op: Operation, rank: int) -> bool:
    """Whether an op does the same to all elements of operands of the result's shape, or of one element."""
    if len(op.results) != 1 or op.regions or not op.has_trait(Pure):
        return False
    entry = CPU_OPS.get(op.name)
    if op.name not in _ELEMENTWISE and (entry is None or entry.elementwise is None):
        return False
    shape = sizes_of(op.results[0])
    return len(shape) == rank and all(sizes_of(operand) in (shape, ()) for operand in op.operands)


_ELEMENTWISE = frozenset(("stablehlo.clamp", "stablehlo.compare", "stablehlo.convert", "stablehlo.select"))
"""Those that are none of a chain's steps."""


def _reordered_type(type: Attribute, order: Order) -> TensorType:
    assert isinstance(type, TensorType)
    return TensorType(type.element_type, _reordered_numbers(type.get_shape(), order), type.encoding)


def _reordered_numbers(numbers: Sequence[int], order: Order) -> list[int]:
    return [numbers[place] for place in np.argsort(order)]


Change = Callable[[Attribute, Order], Attribute]


def _unchanged(value: Attribute, order: Order) -> Attribute:
    return value


def _numbers(value: Attribute, order: Order) -> Attribute:
    """A number for each dimension."""
    return integers(_reordered_numbers(numbers_of(value), order))


def _pairs(value: Attribute, order: Order) -> Attribute:
    """A pair of numbers for each dimension."""
    assert isinstance(value, DenseIntOrFPElementsAttr) and isinstance(value.type, TensorType)
    pairs = np.array(numbers_of(value), np.int64).reshape(-1, 2)
    return dense_attribute(pairs[np.argsort(order)], value.type)


def _dimension(value: Attribute, order: Order) -> Attribute:
    return IntegerAttr(order[number_of(value)], i64)


def _dimensions(value: Attribute, order: Order) -> Attribute:
    return integers(sorted(order[d] for d in numbers_of(value)))


_WINDOWS = ("window_dimensions", "window_strides", "base_dilations", "window_dilations")
_CHANGES: dict[str, dict[str, Change]] = {
    "stablehlo.concatenate": {"dimension": _dimension},
    "stablehlo.pad": dict.fromkeys(("edge_padding_low", "edge_padding_high", "interior_padding"), _numbers),
    "stablehlo.reduce": {"dimensions": _dimensions},
    "stablehlo.reduce_window": {**dict.fromkeys(_WINDOWS, _numbers), "padding": _pairs},
    "stablehlo.slice": dict.fromkeys(("start_indices", "limit_indices", "strides"), _numbers),
}
"""How properties change, of ops for which that is all there is to it."""
