"""`lay-out-products`: products of matrices that only other products read may lie by columns."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, BoolAttr, MemRefType, ModuleOp, StringAttr
from xdsl.ir import Operation, SSAValue, Use
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.array_ops import attrs_of
from tfrt.dialects.cpu.calls import CallIntoOp, CallOp
from tfrt.dialects.shared.ops import result_of
from tfrt.dialects.shared.walking import ops_in


@dataclass(frozen=True)
class LayOutProducts(ModulePass):
    """Says of products of matrices that only others read, as their left matrix, that their results may lie by columns,
    with the attribute `may_lie_by_columns`: kernels choose what is faster.

    A product by a constant may be fastest so, and what follows takes a left matrix that lies by columns as it is.
    """

    name = "lay-out-products"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in ops_in(op):
            if not _is_product(inner):
                continue
            result = result_of(inner)
            if _is_matrix(result) and result.uses and all(map(_is_of_left_matrix, result.uses)):
                given = inner.attributes["op_attrs"]
                assert isinstance(given, ArrayAttr)
                said = ArrayAttr([StringAttr("may_lie_by_columns"), BoolAttr.from_bool(True)])
                inner.attributes["op_attrs"] = ArrayAttr([*given.data, said])


def _is_product(op: Operation) -> bool:
    if not isinstance(op, CallOp | CallIntoOp) or op.op_name.data != "stablehlo.dot_general" or len(op.results) != 1:
        return False
    return "may_lie_by_columns" not in attrs_of(op).by_name


def _is_matrix(value: SSAValue) -> bool:
    type = value.type
    return isinstance(type, MemRefType) and type.has_static_shape() and type.get_num_dims() == 2


def _is_of_left_matrix(use: Use) -> bool:
    """Whether a product multiplies each row of a matrix."""
    op = use.operation
    is_product = isinstance(op, CallOp | CallIntoOp) and op.op_name.data == "stablehlo.dot_general"
    return is_product and use.index == 0 and attrs_of(op).values()["lhs_contracting_dimensions"] == (1,)
