"""Ops that read or write elements at indices that are operands."""

from __future__ import annotations

from dataclasses import asdict

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.irdl import (
    SameVariadicOperandSize,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure

from tfrt.dialects.shared.tensor_types import (
    CheckedOp,
    LooksAround,
    element_of,
    require_one_element_type,
    require_one_type,
    require_shape,
    shape_of,
)
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.stablehlo.attributes import GatherAttr, ScatterAttr
from tfrt.dialects.stablehlo.constraints import ANY, BOOL, DIMS, INTEGER, SCALAR_INTEGER, SIZES
from tfrt.dialects.stablehlo.directives import OperandsThenKeyword, numbers_of
from tfrt.dialects.stablehlo.regions import require_reducer
from tfrt.dialects.stablehlo.shapes import ConstantOp
from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations import stablehlo_window_shapes as windows


@irdl_op_definition
class DynamicSliceOp(CheckedOp):
    """A part of a tensor, of a known size, at indices that are operands; one beyond the tensor is moved into it."""

    name = "stablehlo.dynamic_slice"
    operand = operand_def(ANY)
    start_indices = var_operand_def(SCALAR_INTEGER)
    slice_sizes = prop_def(DIMS)
    result = result_def(ANY)
    traits = traits_def(Pure())
    custom_directives = (OperandsThenKeyword,)
    assembly_format = (
        "$operand `,` custom<OperandsThenKeyword>($start_indices) `sizes` `=` $slice_sizes attr-dict"
        " `:` functional-type(operands, results)"
    )

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.operand.type, self.result.type])
        shape = shapes.dynamic_slice(shape_of(self.operand.type), len(self.start_indices), numbers_of(self.slice_sizes))
        _check_one_index_type(self, "C3")
        require_shape(self, "C5", "a result", self.result.type, shape)


@irdl_op_definition
class DynamicUpdateSliceOp(CheckedOp):
    """A tensor with a part replaced, at indices that are operands."""

    name = "stablehlo.dynamic_update_slice"
    operand = operand_def(ANY)
    update = operand_def(ANY)
    start_indices = var_operand_def(SCALAR_INTEGER)
    result = result_def(ANY)
    traits = traits_def(Pure())
    assembly_format = "operands attr-dict `:` functional-type(operands, results)"

    def check(self) -> None:
        require_one_type(self, "C1", [self.operand.type, self.result.type])
        require_one_element_type(self, "C2", [self.update.type, self.operand.type])
        shapes.dynamic_update_slice(shape_of(self.operand.type), shape_of(self.update.type), len(self.start_indices))
        _check_one_index_type(self, "C5")


def _check_one_index_type(op: DynamicSliceOp | DynamicUpdateSliceOp, constraint: str) -> None:
    types = op.start_indices.types
    if len(set(types)) > 1:
        fail(op, f"({constraint}) expects start_indices of one type, but got {', '.join(map(str, types))}")


@irdl_op_definition
class GatherOp(CheckedOp):
    """Slices of a tensor, at indices that a tensor holds."""

    name = "stablehlo.gather"
    operand = operand_def(ANY)
    start_indices = operand_def(INTEGER)
    dimension_numbers = prop_def(GatherAttr)
    slice_sizes = prop_def(DIMS)
    indices_are_sorted = opt_prop_def(BOOL)
    result = result_def(ANY)
    traits = traits_def(Pure())

    def check(self) -> None:
        _check_gather(self, numbers_of(self.slice_sizes))


@irdl_op_definition
class DynamicGatherOp(CheckedOp):
    """Like `stablehlo.gather`, with sizes that are known when the program runs."""

    name = "stablehlo.dynamic_gather"
    operand = operand_def(ANY)
    start_indices = operand_def(INTEGER)
    slice_sizes = operand_def(SIZES)
    dimension_numbers = prop_def(GatherAttr)
    indices_are_sorted = opt_prop_def(BOOL)
    result = result_def(ANY)
    traits = traits_def(Pure(), LooksAround())

    def check(self) -> None:
        rank = len(shape_of(self.operand.type))
        require_shape(self, "C11", "slice_sizes", self.slice_sizes.type, (rank,))
        maker = self.slice_sizes.owner
        sizes = maker.value if isinstance(maker, ConstantOp) else None
        _check_gather(self, numbers_of(sizes) if isinstance(sizes, DenseIntOrFPElementsAttr) else (None,) * rank)


def _check_gather(op: GatherOp | DynamicGatherOp, slice_sizes: shapes.Shape) -> None:
    shape = windows.gather(
        shape_of(op.operand.type),
        shape_of(op.start_indices.type),
        slice_sizes,
        **asdict(op.dimension_numbers.data),
    )
    require_shape(op, "C22", "a result", op.result.type, shape)
    require_one_element_type(op, "C23", [op.operand.type, op.result.type])


@irdl_op_definition
class ScatterOp(CheckedOp):
    """Tensors whose slices, at indices that a tensor holds, are combined with updates by a region."""

    name = "stablehlo.scatter"
    inputs = var_operand_def(ANY)
    scatter_indices = operand_def(INTEGER)
    updates = var_operand_def(ANY)
    scatter_dimension_numbers = prop_def(ScatterAttr)
    indices_are_sorted = opt_prop_def(BOOL)
    unique_indices = opt_prop_def(BOOL)
    outputs = var_result_def(ANY)
    update_computation = region_def()
    irdl_options = (SameVariadicOperandSize(),)

    def check(self) -> None:
        shape = windows.scatter(
            [shape_of(type) for type in self.inputs.types],
            shape_of(self.scatter_indices.type),
            [shape_of(type) for type in self.updates.types],
            **asdict(self.scatter_dimension_numbers.data),
        )
        for given, update in zip(self.inputs.types, self.updates.types, strict=True):
            require_one_element_type(self, "C6", [given, update])
        elements = require_reducer(self, "C23", "update_computation", self.update_computation, self.inputs.types)
        if len(self.outputs) != len(self.inputs):
            fail(self, f"(C24) expects as many results as inputs, {len(self.inputs)}, but got {len(self.outputs)}")
        for result, element in zip(self.outputs.types, elements, strict=True):
            require_shape(self, "C24", "a result", result, shape)
            if element_of(result) != element:
                fail(self, f"(C25) expects a result of '{element}' elements, but got '{result}'")
