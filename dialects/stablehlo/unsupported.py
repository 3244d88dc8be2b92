"""Ops that are read so that their programs can be refused with a reason: quantized, distributed and deprecated ones."""

from __future__ import annotations

from typing import Any, ClassVar

from xdsl.dialects.builtin import FunctionType, StringAttr
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    var_operand_def,
    var_region_def,
    var_result_def,
)

from tfrt.dialects.shared.tensor_types import CheckedOp
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.stablehlo.type_directives import UnaryType


class _Unsupported(CheckedOp):
    """An op that is refused.

    Attributes:
        REASON: why.
    """

    REASON: ClassVar[str]

    def check(self) -> None:
        type = FunctionType.from_lists(self.operand_types, self.result_types)
        fail(self, f"of type '{type}' is not supported: {self.REASON}")


_DISTRIBUTED = "it exchanges values with other devices or the host, and programs run on one device"
_ASYNCHRONOUS = "it starts or awaits an exchange with other devices, and programs run on one device"
_QUANTIZED = "quantized types are not"
_DEPRECATED = "it is deprecated, and no longer in the specification"


def _refused(name: str, reason: str, **fields: Any) -> type[IRDLOperation]:
    head: dict[str, Any] = {
        "__annotations__": {"REASON": ClassVar[str]},
        "__doc__": "Not supported.",
        "__module__": __name__,
        "REASON": reason,
        "name": f"stablehlo.{name}",
    }
    values = {"operands_": var_operand_def(), "results_": var_result_def(), "regions_": var_region_def()}
    class_name = "".join(word.capitalize() for word in name.replace("-", "_").split("_")) + "Op"
    return irdl_op_definition(type(class_name, (_Unsupported,), {**head, **(fields or values)}))


DISTRIBUTED_OPS = tuple(
    _refused(name, _DISTRIBUTED)
    for name in (
        "all_gather",
        "all_reduce",
        "all_to_all",
        "collective_broadcast",
        "collective_permute",
        "collective_reduce",
        "cross-replica-sum",
        "infeed",
        "outfeed",
        "recv",
        "reduce_scatter",
        "send",
    )
)

ASYNCHRONOUS_OPS = tuple(_refused(name, _ASYNCHRONOUS) for name in ("async_done", "async_start"))

QUANTIZED_OPS = tuple(
    _refused(
        name,
        _QUANTIZED,
        operand=operand_def(AnyAttr()),
        result=result_def(AnyAttr()),
        custom_directives=(UnaryType,),
        assembly_format="$operand attr-dict `:` custom<UnaryType>(type($operand), type($result))",
    )
    for name in ("uniform_dequantize", "uniform_quantize")
)

_CONFIG = "`config` `=` $einsum_config attr-dict `:` functional-type(operands, results)"

DEPRECATED_OPS = (
    _refused("torch_index_select", _DEPRECATED),
    _refused(
        "einsum",
        _DEPRECATED,
        lhs=operand_def(AnyAttr()),
        rhs=operand_def(AnyAttr()),
        einsum_config=prop_def(StringAttr),
        result=result_def(AnyAttr()),
        assembly_format=f"$lhs `,` $rhs `,` {_CONFIG}",
    ),
    _refused(
        "unary_einsum",
        _DEPRECATED,
        operand=operand_def(AnyAttr()),
        einsum_config=prop_def(StringAttr),
        result=result_def(AnyAttr()),
        assembly_format=f"$operand `,` {_CONFIG}",
    ),
)
