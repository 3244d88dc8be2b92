"""The `onnx` dialect: operators of ONNX that StableHLO has no equal of, or whose types are not known.

`tfrt-import` writes them. Any op is accepted in generic form, with an operator's name, inputs and attributes as they
are; see `tfrt.kernels.shared.operators` for what is added to them. Passes put ops of ours in their place.
"""

from __future__ import annotations

from xdsl.dialects.builtin import StringAttr
from xdsl.irdl import IRDLOperation, irdl_op_definition, prop_def, result_def, traits_def
from xdsl.traits import Pure

from tfrt.dialects.shared.definitions import define_dialect
from tfrt.dialects.stablehlo.constraints import ANY


@irdl_op_definition
class WeightOp(IRDLOperation):
    """A tensor that is not in the program: it is given, by its name, when the program is loaded."""

    name = "onnx.Weight"
    weight_name = prop_def(StringAttr, prop_name="name")
    result = result_def(ANY)
    traits = traits_def(Pure())


ONNX = define_dialect("onnx", __name__, is_open=True, is_source=True)
