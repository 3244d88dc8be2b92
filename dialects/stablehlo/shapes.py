"""Ops that make tensors, and that put elements elsewhere by a rule that does not depend on values."""

from __future__ import annotations

from xdsl.dialects.builtin import ComplexType, DenseIntOrFPElementsAttr, IntegerAttr
from xdsl.irdl import (
    BaseAttr,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import Pure

from tfrt.dialects.shared.tensor_types import (
    CheckedOp,
    element_of,
    kind_of,
    require_agreement,
    require_one_element_type,
    require_one_type,
    require_shape,
    shape_of,
)
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.stablehlo.constraints import ANY, DIMS, I64, SCALAR, SIZE, SIZES
from tfrt.dialects.stablehlo.directives import ConstantValue, OperandsThenKeyword, SliceRanges, numbers_of
from tfrt.dialects.stablehlo.type_directives import UnaryType
from tfrt.executor.declarations import stablehlo_shapes as shapes

_IN_SIGNATURE = "attr-dict `:` functional-type(operands, results)"


@irdl_op_definition
class ConstantOp(CheckedOp):
    """A constant tensor."""

    name = "stablehlo.constant"
    value = prop_def(BaseAttr(DenseIntOrFPElementsAttr))
    output = result_def(ANY)
    traits = traits_def(Pure())
    custom_directives = (ConstantValue,)
    assembly_format = "attr-dict custom<ConstantValue>($value, type($output))"

    def check(self) -> None:
        require_agreement(self, "C1", "a result", self.output.type, self.value.get_type())


@irdl_op_definition
class IotaOp(CheckedOp):
    """The numbers from 0 on along one dimension."""

    name = "stablehlo.iota"
    iota_dimension = prop_def(I64)
    output = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = "`dim` `=` $iota_dimension attr-dict `:` type($output)"

    def check(self) -> None:
        shapes.iota(shape_of(self.output.type), self.iota_dimension.value.data)


@irdl_op_definition
class DynamicIotaOp(CheckedOp):
    """Like `stablehlo.iota`, of a shape that is known when the program runs."""

    name = "stablehlo.dynamic_iota"
    output_shape = operand_def(SIZES)
    iota_dimension = prop_def(I64)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = f"$output_shape `,` `dim` `=` $iota_dimension {_IN_SIGNATURE}"

    def check(self) -> None:
        shape = shape_of(self.result.type)
        shapes.iota(shape, self.iota_dimension.value.data)
        require_shape(self, "C2", "output_shape", self.output_shape.type, (len(shape),))


@irdl_op_definition
class BroadcastInDimOp(CheckedOp):
    """A tensor repeated along further dimensions, and along those of size 1."""

    name = "stablehlo.broadcast_in_dim"
    operand = operand_def(ANY)
    broadcast_dimensions = prop_def(DIMS)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = f"$operand `,` `dims` `=` $broadcast_dimensions {_IN_SIGNATURE}"

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.operand.type, self.result.type])
        dims = numbers_of(self.broadcast_dimensions)
        shapes.broadcast_in_dim(shape_of(self.operand.type), dims, shape_of(self.result.type))


@irdl_op_definition
class DynamicBroadcastInDimOp(CheckedOp):
    """Like `stablehlo.broadcast_in_dim`, to a shape that is known when the program runs."""

    name = "stablehlo.dynamic_broadcast_in_dim"
    operand = operand_def(ANY)
    output_dimensions = operand_def(SIZES)
    broadcast_dimensions = prop_def(DIMS)
    known_expanding_dimensions = opt_prop_def(DIMS)
    known_nonexpanding_dimensions = opt_prop_def(DIMS)
    result = result_def(ANY)
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = f"$operand `,` $output_dimensions `,` `dims` `=` $broadcast_dimensions {_IN_SIGNATURE}"

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.operand.type, self.result.type])
        operand, result = shape_of(self.operand.type), shape_of(self.result.type)
        shapes.broadcast_in_dim(operand, numbers_of(self.broadcast_dimensions), result)
        require_shape(self, "C7", "output_dimensions", self.output_dimensions.type, (len(result),))
        expanding = numbers_of(self.known_expanding_dimensions)
        kept = numbers_of(self.known_nonexpanding_dimensions)
        shapes.require_unique((*expanding, *kept), "C8", "known_expanding_dimensions and known_nonexpanding_dimensions")
        shapes.require_axes(expanding, len(operand), "C9", "known_expanding_dimensions")
        shapes.require_axes(kept, len(operand), "C10", "known_nonexpanding_dimensions")


@irdl_op_definition
class BroadcastOp(CheckedOp):
    """A tensor repeated along new first dimensions. Deprecated: `stablehlo.broadcast_in_dim` does the same."""

    name = "stablehlo.broadcast"
    operand = operand_def(ANY)
    broadcast_sizes = prop_def(DIMS)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = f"$operand `,` `sizes` `=` $broadcast_sizes {_IN_SIGNATURE}"

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.operand.type, self.result.type])
        shape = shapes.broadcast(shape_of(self.operand.type), numbers_of(self.broadcast_sizes))
        require_shape(self, "C3", "a result", self.result.type, shape)


@irdl_op_definition
class ReshapeOp(CheckedOp):
    """The same elements in another shape."""

    name = "stablehlo.reshape"
    operand = operand_def(ANY)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = f"operands {_IN_SIGNATURE}"

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.operand.type, self.result.type])
        shapes.reshape(shape_of(self.operand.type), shape_of(self.result.type))


@irdl_op_definition
class DynamicReshapeOp(CheckedOp):
    """Like `stablehlo.reshape`, to a shape that is known when the program runs."""

    name = "stablehlo.dynamic_reshape"
    operand = operand_def(ANY)
    output_shape = operand_def(SIZES)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = f"operands {_IN_SIGNATURE}"

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.operand.type, self.result.type])
        result = shape_of(self.result.type)
        shapes.reshape(shape_of(self.operand.type), result)
        require_shape(self, "C4", "output_shape", self.output_shape.type, (len(result),))


@irdl_op_definition
class BitcastConvertOp(CheckedOp):
    """The same bits as another element type; elements of another width are made of, or become, a last dimension."""

    name = "stablehlo.bitcast_convert"
    operand = operand_def(ANY)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = f"operands {_IN_SIGNATURE}"

    def check(self) -> None:
        types = (self.operand.type, self.result.type)
        kinds = [kind_of(element_of(type)) for type in types]
        if kinds.count("complex") == 1:
            fail(self, f"(C2) expects both or neither of complex elements, but got '{types[0]}' and '{types[1]}'")
        operand, result = (shape_of(type) for type in types)
        before, after = (_bits(element_of(type)) for type in types)
        if before == after:
            require_shape(self, "C1", "a result", types[1], operand)
        elif before < after:
            self._check_packing(operand, result, after, before)
        else:
            self._check_packing(result, operand, before, after)

    def _check_packing(self, narrow: shapes.Shape, wide: shapes.Shape, wide_bits: int, narrow_bits: int) -> None:
        count = wide_bits // narrow_bits
        if wide_bits % narrow_bits or not shapes.compatible(narrow, (*wide, count)):
            fail(
                self,
                f"(C1) expects elements of {narrow_bits} bits in the shape {shapes.spelled((*wide, count))} for those"
                f" of {wide_bits} bits in the shape {shapes.spelled(wide)}, but got {shapes.spelled(narrow)}",
            )


def _bits(element: object) -> int:
    if isinstance(element, ComplexType):
        return 2 * _bits(element.element_type)
    width = getattr(element, "bitwidth", 64)
    assert isinstance(width, int)
    return width


@irdl_op_definition
class TransposeOp(CheckedOp):
    """Dimensions in another order."""

    name = "stablehlo.transpose"
    operand = operand_def(ANY)
    permutation = prop_def(DIMS)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = f"$operand `,` `dims` `=` $permutation {_IN_SIGNATURE}"

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.operand.type, self.result.type])
        shape = shapes.transpose(shape_of(self.operand.type), numbers_of(self.permutation))
        require_shape(self, "C3", "a result", self.result.type, shape)


@irdl_op_definition
class ReverseOp(CheckedOp):
    """Elements in reverse order along some dimensions."""

    name = "stablehlo.reverse"
    operand = operand_def(ANY)
    dimensions = prop_def(DIMS)
    result = result_def(ANY)
    traits = traits_def(Pure())
    custom_directives = (UnaryType,)
    assembly_format = (
        "$operand `,` `dims` `=` $dimensions attr-dict `:` custom<UnaryType>(type($operand), type($result))"
    )

    def check(self) -> None:
        require_one_type(self, "C1", [self.operand.type, self.result.type])
        shapes.reverse(shape_of(self.operand.type), numbers_of(self.dimensions))


@irdl_op_definition
class ConcatenateOp(CheckedOp):
    """Tensors one after the other along a dimension."""

    name = "stablehlo.concatenate"
    inputs = var_operand_def(ANY)
    dimension = prop_def(I64)
    result = result_def(ANY)
    traits = traits_def(Pure())
    custom_directives = (OperandsThenKeyword,)
    assembly_format = f"custom<OperandsThenKeyword>($inputs) `dim` `=` $dimension {_IN_SIGNATURE}"

    def check(self) -> None:
        types = self.inputs.types
        shape = shapes.concatenate([shape_of(type) for type in types], self.dimension.value.data)
        require_one_element_type(self, "C1", types)
        require_one_element_type(self, "C5", [types[0], self.result.type])
        require_shape(self, "C6", "a result", self.result.type, shape)


@irdl_op_definition
class SliceOp(CheckedOp):
    """A part of a tensor, perhaps with steps."""

    name = "stablehlo.slice"
    operand = operand_def(ANY)
    start_indices = prop_def(DIMS)
    limit_indices = prop_def(DIMS)
    strides = prop_def(DIMS)
    result = result_def(ANY)
    traits = traits_def(Pure())
    custom_directives = (SliceRanges,)
    assembly_format = f"$operand custom<SliceRanges>($start_indices, $limit_indices, $strides) {_IN_SIGNATURE}"

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.operand.type, self.result.type])
        shape = shapes.static_slice(
            shape_of(self.operand.type),
            numbers_of(self.start_indices),
            numbers_of(self.limit_indices),
            numbers_of(self.strides),
        )
        require_shape(self, "C5", "a result", self.result.type, shape)


@irdl_op_definition
class RealDynamicSliceOp(CheckedOp):
    """Like `stablehlo.slice`, with bounds and steps that are known when the program runs."""

    name = "stablehlo.real_dynamic_slice"
    operand = operand_def(ANY)
    start_indices = operand_def(SIZES)
    limit_indices = operand_def(SIZES)
    strides = operand_def(SIZES)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = f"operands {_IN_SIGNATURE}"

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.operand.type, self.result.type])
        rank = len(shape_of(self.operand.type))
        for name, value in (
            ("start_indices", self.start_indices),
            ("limit_indices", self.limit_indices),
            ("strides", self.strides),
        ):
            require_shape(self, "C2", name, value.type, (rank,))
        require_shape(self, "C5", "a result", self.result.type, (None,) * rank)


@irdl_op_definition
class PadOp(CheckedOp):
    """A tensor with further elements at its edges and between its elements."""

    name = "stablehlo.pad"
    operand = operand_def(ANY)
    padding_value = operand_def(SCALAR)
    edge_padding_low = prop_def(DIMS)
    edge_padding_high = prop_def(DIMS)
    interior_padding = prop_def(DIMS)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = (
        "$operand `,` $padding_value `,` `low` `=` $edge_padding_low `,` `high` `=` $edge_padding_high"
        f" `,` `interior` `=` $interior_padding {_IN_SIGNATURE}"
    )

    def check(self) -> None:
        require_one_element_type(self, "C1", [*self.operand_types, *self.result_types])
        shape = shapes.pad(
            shape_of(self.operand.type),
            numbers_of(self.edge_padding_low),
            numbers_of(self.edge_padding_high),
            numbers_of(self.interior_padding),
        )
        require_shape(self, "C4", "a result", self.result.type, shape)


@irdl_op_definition
class DynamicPadOp(CheckedOp):
    """Like `stablehlo.pad`, with paddings that are known when the program runs."""

    name = "stablehlo.dynamic_pad"
    operand = operand_def(ANY)
    padding_value = operand_def(SCALAR)
    edge_padding_low = operand_def(SIZES)
    edge_padding_high = operand_def(SIZES)
    interior_padding = operand_def(SIZES)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = f"operands {_IN_SIGNATURE}"

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.operand.type, self.padding_value.type, self.result.type])
        rank = len(shape_of(self.operand.type))
        for name, value in (
            ("edge_padding_low", self.edge_padding_low),
            ("edge_padding_high", self.edge_padding_high),
            ("interior_padding", self.interior_padding),
        ):
            require_shape(self, "C2", name, value.type, (rank,))
        require_shape(self, "C4", "a result", self.result.type, (None,) * rank)


@irdl_op_definition
class GetDimensionSizeOp(CheckedOp):
    """The size of a dimension."""

    name = "stablehlo.get_dimension_size"
    operand = operand_def(ANY)
    dimension = prop_def(I64)
    result = result_def(SIZE)
    traits = traits_def(Pure())
    assembly_format = f"$operand `,` `dim` `=` $dimension {_IN_SIGNATURE}"

    def check(self) -> None:
        shapes.require_axes([self.dimension.value.data], len(shape_of(self.operand.type)), "C1", "dimension")


@irdl_op_definition
class SetDimensionSizeOp(CheckedOp):
    """A tensor of which only the first elements of a dimension count."""

    name = "stablehlo.set_dimension_size"
    operand = operand_def(ANY)
    size = operand_def(SIZE)
    dimension = prop_def(I64)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = f"$operand `,` $size `,` `dim` `=` $dimension {_IN_SIGNATURE}"

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.operand.type, self.result.type])
        operand, dimension = shape_of(self.operand.type), self.dimension.value.data
        shapes.require_axes([dimension], len(operand), "C1", "dimension")
        wanted = tuple(None if i == dimension else size for i, size in enumerate(operand))
        require_shape(self, "C2", "a result", self.result.type, wanted)


def integer_of(attribute: IntegerAttr | None, default: int) -> int:
    """The number of an attribute, or what holds where it is left out."""
    return default if attribute is None else attribute.value.data
