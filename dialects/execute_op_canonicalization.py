"""Rewrites of `corert.executeop` and its sync twin."""

from __future__ import annotations

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, StringAttr
from xdsl.ir import Operation
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from tfrt.dialects import corert, corert_sync
from tfrt.dialects.corert_types import TENSOR_HANDLE
from tfrt.dialects.execute_op import find_value


class ConstantWithoutHandler(RewritePattern):
    """Executing `tf.Const` of a dense value becomes `const_dense_tensor`, which needs no handler."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        match op:
            case corert.ExecuteOp():
                constant = corert.ConstDenseTensorOp
            case corert_sync.ExecuteOp():
                constant = corert_sync.ConstDenseTensorOp
            case _:
                return
        value = find_value(op, "value")
        if (
            op.attributes["op_name"] != StringAttr("tf.Const")
            or not isinstance(value, DenseIntOrFPElementsAttr)
            or len(op.results) != 1
        ):
            return
        replacement = constant(result_types=[TENSOR_HANDLE], attributes={"value": value})
        replacement.location = op.location
        rewriter.replace(op, replacement)
