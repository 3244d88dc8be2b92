"""`stablehlo-recognize`: what frameworks spell by other means becomes what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import IntegerType, ModuleOp, Signedness, TensorType, i1
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.emitter.attributes import dtype_of
from tfrt.compiler.passes.shared.first_elements import take_first_elements
from tfrt.compiler.passes.shared.layers import normalization_of, softmax_of
from tfrt.compiler.passes.shared.searches import take_search
from tfrt.compiler.passes.shared.source_insertion import insert_before
from tfrt.compiler.passes.shared.source_values import counted_dimension, element_type_of, maker, sizes_of
from tfrt.compiler.runtime_values import dense_attribute
from tfrt.dialects.nn import NormalizeOp, SoftmaxOp, epsilon_of
from tfrt.dialects.shared.interning import integer_attribute
from tfrt.dialects.shared.ops import make_op, operand_of, operands_of, put_before, replace_op, result_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.dialects.stablehlo.attributes import (
    ComparisonDirection,
    ComparisonType,
    DotAttr,
    DotDimensionNumbers,
    GatherAttr,
    GatherDimensionNumbers,
)
from tfrt.dialects.stablehlo.control_flow import WhileOp
from tfrt.dialects.stablehlo.directives import integers, numbers_of
from tfrt.dialects.stablehlo.elementwise import CompareOp, SelectOp
from tfrt.dialects.stablehlo.indexing import GatherOp
from tfrt.dialects.stablehlo.linear_algebra import DotGeneralOp
from tfrt.dialects.stablehlo.reductions import SortOp
from tfrt.dialects.stablehlo.shapes import BroadcastInDimOp, ConstantOp


@dataclass(frozen=True)
class StablehloRecognize(ModulePass):
    """Makes one op of what is one layer: `nn.softmax` and `nn.normalize`, the part of a layer normalization before its
    scale and offset. Sums are rounded otherwise.

    Products with one-hot matrices, which JAX spells as comparisons with an iota, read the rows that they pick. An index
    out of range picks zeros. A product would also give NaN where any row holds an infinity or NaN; this one does so
    only where the picked row does.

    A sort of which only the greatest elements are used is `chlo.top_k`, and a loop that finds where a few numbers
    belong in a sorted line is `nn.search`.
    """

    name = "stablehlo-recognize"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        ops = ops_in(op)
        for inner in ops:
            if inner.name in ("stablehlo.divide", "stablehlo.multiply"):
                _layer(inner)
        for inner in ops:
            if type(inner) is DotGeneralOp:
                _one_hot_product(inner)
            elif type(inner) is SortOp:
                take_first_elements(inner)
            elif type(inner) is WhileOp:
                take_search(inner)


def _layer(op: Operation) -> None:
    layer = softmax_of(op) if op.name == "stablehlo.divide" else None
    kind: type[SoftmaxOp | NormalizeOp] = SoftmaxOp
    properties: dict[str, Attribute] = {}
    if layer is None:
        layer, kind = normalization_of(op), NormalizeOp
        properties = {} if layer is None else {"epsilon": epsilon_of(layer.epsilon)}
    if layer is None or op.parent is None or layer.value.type != result_of(op).type:
        return
    properties["dimension"] = integer_attribute(layer.dimension)
    made = make_op(kind, [layer.value], op.result_types, properties=properties, location=op.location)
    put_before(made, op)
    replace_op(op, made.results)


def _one_hot_product(product: DotGeneralOp) -> None:
    assert isinstance(product.dot_dimension_numbers, DotAttr)
    numbers: DotDimensionNumbers = product.dot_dimension_numbers.data
    one_hot, table = operands_of(product)
    if numbers.lhs_batching_dimensions or len(numbers.lhs_contracting_dimensions) != 1:
        return
    (classes,), (rows,) = numbers.lhs_contracting_dimensions, numbers.rhs_contracting_dimensions
    indices = _picked(one_hot, classes)
    shape = sizes_of(table)
    if indices is None or not _are_alike(one_hot, table, product.result) or -1 in (*shape, *sizes_of(indices)):
        return
    element = element_type_of(indices)
    assert isinstance(element, IntegerType)
    # Frameworks count classes with the indices' type, which therefore holds their number, but for the last one.
    if shape[rows] >> (element.bitwidth - 1):
        return
    _Rewriter(product).pick(indices, element, table, rows)


def _are_alike(*values: SSAValue) -> bool:
    return len({element_type_of(value) for value in values}) == 1


def _picked(one_hot: SSAValue, classes: int) -> SSAValue | None:
    """The indices that a one-hot tensor along dimension `classes` was made of: one for each place in the others."""
    converted = maker(one_hot, "stablehlo.convert")
    compared = None if converted is None else maker(operand_of(converted, 0), "stablehlo.compare")
    if compared is None or compared.properties["comparison_direction"] != ComparisonDirection.new("EQ"):
        return None
    sides: Sequence[SSAValue] = operands_of(compared)
    if not isinstance(element_type_of(sides[0]), IntegerType):
        return None
    rest = tuple(d for d in range(len(sizes_of(one_hot))) if d != classes)
    for indices, numbers in (sides, reversed(sides)):
        wide = maker(indices, "stablehlo.broadcast_in_dim")
        if wide is None or counted_dimension(numbers) != classes:
            continue
        if numbers_of(wide.properties["broadcast_dimensions"]) == rest and _keeps_sizes(wide, rest):
            return operand_of(wide, 0)
    return None


def _keeps_sizes(wide: Operation, dims: Sequence[int]) -> bool:
    return sizes_of(operand_of(wide, 0)) == tuple(sizes_of(result_of(wide))[d] for d in dims)


@dataclass
class _Rewriter:
    product: DotGeneralOp

    def pick(self, indices: SSAValue, element: IntegerType, table: SSAValue, rows: int) -> None:
        """Put the picked rows, and zeros for indices out of range, in place of the product."""
        result, shape, batch = self.product.result.type, sizes_of(table), len(sizes_of(indices))
        assert isinstance(result, TensorType)
        numbers = GatherDimensionNumbers(
            offset_dims=tuple(range(batch, batch + len(shape) - 1)),
            collapsed_slice_dims=(rows,),
            start_index_map=(rows,),
            index_vector_dim=batch,
        )
        picked = self._insert(
            GatherOp,
            [table, indices],
            {
                "dimension_numbers": GatherAttr.new(numbers),
                "slice_sizes": integers([1 if d == rows else size for d, size in enumerate(shape)]),
            },
            result,
        )
        # As unsigned numbers, those below zero are too large, too.
        within = self._compare("LT", indices, shape[rows])
        if element.signedness.data is not Signedness.UNSIGNED:
            above = self._compare("GE", indices, 0)
            within = insert_before(self.product, "stablehlo.and", [above, within], {}, within.type)
        mask = self._broadcast(within, tuple(range(batch)), TensorType(i1, result.get_shape()))
        zero = self._constant(0, TensorType(result.element_type, []))
        zeros = self._broadcast(zero, (), result)
        chosen = self._insert(SelectOp, [mask, picked, zeros], {}, result)
        replace_op(self.product, [chosen])

    def _insert(
        self, op: type[Operation], operands: Sequence[SSAValue], properties: Mapping[str, Attribute], type: Attribute
    ) -> SSAValue:
        return insert_before(self.product, op.name, operands, properties, type)

    def _compare(self, direction: str, indices: SSAValue, number: int) -> SSAValue:
        type = indices.type
        assert isinstance(type, TensorType) and isinstance(type.element_type, IntegerType)
        unsigned = type.element_type.signedness.data is Signedness.UNSIGNED
        limit = self._broadcast(self._constant(number, TensorType(type.element_type, [])), (), type)
        properties = {
            "comparison_direction": ComparisonDirection.new(direction),
            "compare_type": ComparisonType.new("UNSIGNED" if unsigned else "SIGNED"),
        }
        return self._insert(CompareOp, [indices, limit], properties, TensorType(i1, type.get_shape()))

    def _constant(self, number: int, type: TensorType) -> SSAValue:
        dtype = dtype_of(type.element_type)
        assert dtype is not None
        return self._insert(ConstantOp, [], {"value": dense_attribute(np.array(number, dtype.numpy), type)}, type)

    def _broadcast(self, value: SSAValue, dims: Sequence[int], type: Attribute) -> SSAValue:
        return self._insert(BroadcastInDimOp, [value], {"broadcast_dimensions": integers(dims)}, type)
