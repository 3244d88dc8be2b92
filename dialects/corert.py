"""The `corert` dialect: ops that the core runtime executes one at a time through an op handler."""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    FlatSymbolRefAttrConstr,
    IntegerAttr,
    StringAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, TypeAttribute
from xdsl.irdl import (
    IRDLOperation,
    attr_def,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.printer import Printer
from xdsl.traits import Pure

from tfrt.dialects.shared.bodies import Function, RunsFunctions, Words
from tfrt.dialects.shared.corert_types import (
    OP_HANDLER,
    TENSOR_HANDLE,
)
from tfrt.dialects.shared.definitions import I64Array, OpClass, StringArray, define_dialect, define_op
from tfrt.dialects.shared.execute_op import ExecuteOpForm
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.tfrt.types import CHAIN, DEVICE, TENSOR_TYPE
from tfrt.executor.declarations.runs import Runs

_MISMATCHING = Words(*["'{name}' has mismatching operand types"] * 2, *["'{name}' has mismatching result types"] * 2)

DENSE_TENSOR_TYPES = (
    *("ui8", "ui16", "ui32", "ui64"),
    *("i1", "i8", "i16", "i32", "i64"),
    *("bf16", "f16", "f32", "f64"),
    *("complex64", "complex128"),
)
"""The element types that `create_dense_tensor` may end in."""


def create_dense_tensor_ops(dialect: str) -> tuple[OpClass, ...]:
    """`DIALECT.create_dense_tensor.TYPE` for every element type."""
    return tuple(
        define_op(
            f"{dialect}.create_dense_tensor.{dtype}",
            attributes={"shape": I64Array, "value": ArrayAttr},
            results={"result": TENSOR_HANDLE},
            traits=(Pure(),),
            assembly_format="attr-dict",
            summary="A dense tensor of these elements, or of one element repeated.",
        )
        for dtype in DENSE_TENSOR_TYPES
    )


def const_dense_tensor_op(dialect: str) -> OpClass:
    """`DIALECT.const_dense_tensor`."""
    return define_op(
        f"{dialect}.const_dense_tensor",
        attributes={"value": DenseIntOrFPElementsAttr},
        results={"result": TENSOR_HANDLE},
        traits=(Pure(),),
        assembly_format="$value attr-dict",
        summary="A constant dense tensor.",
    )


ConstDenseTensorOp = const_dense_tensor_op("corert")

ConstStringTensorOp = define_op(
    "corert.const_string_tensor",
    attributes={"shape": I64Array, "value": StringArray},
    results={"result": TENSOR_HANDLE},
    traits=(Pure(),),
    assembly_format="attr-dict",
    summary="A constant tensor of strings; one string stands for as many as the shape has elements.",
)


@irdl_op_definition
class ExecuteOp(ExecuteOpForm):
    """Executes an op on an op handler."""

    name = "corert.executeop"
    op_handler = operand_def(OP_HANDLER)
    arguments = var_operand_def(TENSOR_HANDLE)
    op_attrs = attr_def(ArrayAttr)
    op_func_attrs = attr_def(ArrayAttr)
    op_name = attr_def(StringAttr)
    outputs = var_result_def(TENSOR_HANDLE)
    traits = traits_def(Pure())

    def print(self, printer: Printer) -> None:
        self._print(printer, (self.op_handler,), self.arguments, len(self.results))


@irdl_op_definition
class ExecuteOpSeq(ExecuteOpForm):
    """Executes an op on an op handler, ordered with others by a chain."""

    name = "corert.executeop.seq"
    DISPATCH: ClassVar[tuple[Attribute, ...]] = (OP_HANDLER, CHAIN)
    op_handler = operand_def(OP_HANDLER)
    in_op_chain = operand_def(CHAIN)
    arguments = var_operand_def(TENSOR_HANDLE)
    op_attrs = attr_def(ArrayAttr)
    op_func_attrs = attr_def(ArrayAttr)
    op_name = attr_def(StringAttr)
    out_op_chain = result_def(CHAIN)
    outputs = var_result_def(TENSOR_HANDLE)

    def print(self, printer: Printer) -> None:
        self._print(printer, (self.op_handler, self.in_op_chain), self.arguments, len(self.outputs))


@irdl_op_definition
class GetOpHandlerOp(IRDLOperation):
    """The op handler registered under a name."""

    name = "corert.get_op_handler"
    in_op_chain = operand_def(CHAIN)
    op_handler_name = attr_def(StringAttr)
    op_handler = result_def(OP_HANDLER)
    traits = traits_def(Pure())
    assembly_format = "$in_op_chain $op_handler_name attr-dict"


@irdl_op_definition
class RegisterOpHandlerOp(IRDLOperation):
    """Registers an op handler under a name."""

    name = "corert.register_op_handler"
    op_handler = operand_def(OP_HANDLER)
    op_handler_name = attr_def(StringAttr)
    out_op_chain = result_def(CHAIN)
    assembly_format = "$op_handler $op_handler_name attr-dict"


@irdl_op_definition
class CondOp(IRDLOperation):
    """Calls one of two functions, depending on a tensor. They take and return a chain first."""

    name = "corert.cond"
    cond = operand_def(TENSOR_HANDLE)
    in_op_chain = operand_def(CHAIN)
    fn_operands = var_operand_def()
    # BEF orders attributes by name; the prefixes keep the two functions in this order.
    a_true_fn = attr_def(FlatSymbolRefAttrConstr)
    b_false_fn = attr_def(FlatSymbolRefAttrConstr)
    out_op_chain = result_def(CHAIN)
    fn_outputs = var_result_def()
    traits = traits_def(
        RunsFunctions(
            Function("a_true_fn", words=_MISMATCHING, runs=Runs(skips=1)),
            Function("b_false_fn", words=_MISMATCHING, runs=Runs(skips=1)),
        )
    )
    assembly_format = (
        "$cond $a_true_fn $b_false_fn `(` $in_op_chain (`,` $fn_operands^)? `)` attr-dict"
        " `:` `(` type($fn_operands) `)` `->` `(` type($fn_outputs) `)`"
    )


@irdl_op_definition
class WhileOp(IRDLOperation):
    """Calls the second function as long as the first says so. Both take and return a chain first.

    The first one returns a tensor besides, whatever the loop carries. (The reference implementation's verifier wants it
    to return what the loop does, with which its kernel then cannot do anything.)
    """

    name = "corert.while"
    in_op_chain = operand_def(CHAIN)
    fn_operands = var_operand_def()
    a_cond_fn = attr_def(FlatSymbolRefAttrConstr)
    b_body_fn = attr_def(FlatSymbolRefAttrConstr)
    out_op_chain = result_def(CHAIN)
    fn_outputs = var_result_def()
    traits = traits_def(
        RunsFunctions(
            Function("a_cond_fn", words=_MISMATCHING, runs=Runs(gives=("!tfrt.chain", "!corert.tensorhandle"))),
            Function("b_body_fn", words=_MISMATCHING, runs=Runs(carries=True)),
        )
    )
    assembly_format = (
        "$a_cond_fn $b_body_fn `(` $in_op_chain (`,` $fn_operands^)? `)` attr-dict"
        " `:` `(` type($fn_operands) `)` `->` `(` type($fn_outputs) `)`"
    )


@irdl_op_definition
class EnsureMetadataOp(IRDLOperation):
    """Tensors as dense ones on the host; it fails unless they have these element types and shapes.

    That is where programs say what they know of tensors, so that the compiler knows it, too. `metadata` is an array
    ``[element type, size, size, ...]`` for each.
    """

    name = "corert.ensure_metadata"
    tensors = var_operand_def(TENSOR_HANDLE)
    metadata = attr_def(ArrayAttr)
    ensured = var_result_def(TENSOR_HANDLE)
    assembly_format = "$tensors attr-dict `:` functional-type($tensors, $ensured)"

    def verify_(self) -> None:
        if len(self.tensors) != len(self.ensured):
            fail(self, f"expects as many results as tensors, {len(self.tensors)}")
        if len(self.metadata) != len(self.tensors) or not all(_is_metadata(m) for m in self.metadata):
            fail(self, "attribute 'metadata' must be an array [element type, size, size, ...] for each tensor")


def _is_metadata(attribute: Attribute) -> bool:
    if not isinstance(attribute, ArrayAttr) or not len(attribute):
        return False
    element, *sizes = attribute
    return isinstance(element, TypeAttribute) and all(
        isinstance(size, IntegerAttr) and size.type == i64 and size.value.data >= 0 for size in sizes
    )


GetDstTensorTypeOp = define_op(
    "corert.get_dst_tensor_type",
    operands={"src_tensor_handle": TENSOR_HANDLE, "dst_device": DEVICE},
    results={"result": TENSOR_TYPE},
    summary="The format in which a tensor is best kept on a device.",
)

TransferOp = define_op(
    "corert.transfer",
    operands={"src": TENSOR_HANDLE, "device": DEVICE, "dst_tensor_type": TENSOR_TYPE},
    results={"result": TENSOR_HANDLE},
    summary="A tensor on another device, in a given format.",
)

TransferInferredTensortypeOp = define_op(
    "corert.transfer_inferred_tensortype",
    operands={"src": TENSOR_HANDLE, "device": DEVICE},
    results={"result": TENSOR_HANDLE},
    summary="A tensor on another device, in the format that suits the device.",
)

TensorHandleToInt32Op = define_op(
    "corert.tensorhandle_to_int32",
    operands={"src": TENSOR_HANDLE},
    results={"result": i32},
    summary="The one element of a tensor.",
)


CREATE_DENSE_TENSOR_OPS = create_dense_tensor_ops("corert")

CORERT = define_dialect("corert", __name__, "tfrt.dialects.shared.corert_types", is_open=True)
