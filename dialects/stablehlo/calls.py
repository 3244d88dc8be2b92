"""Calls of what the specification leaves to implementations, and ops made of others."""

from __future__ import annotations

import re

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FlatSymbolRefAttrConstr,
    IntegerAttr,
    StringAttr,
)
from xdsl.irdl import (
    AnyOf,
    BaseAttr,
    ParsePropInAttrDict,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    traits_def,
    var_operand_def,
    var_result_def,
)

from tfrt.dialects.shared.tensor_types import CheckedOp, LooksAround, agree, quoted
from tfrt.dialects.shared.verification import fail, lookup_function
from tfrt.dialects.stablehlo.attributes import CustomCallApiVersion
from tfrt.dialects.stablehlo.constraints import BOOL, I32, VALUE
from tfrt.dialects.stablehlo.directives import CustomCallTarget


@irdl_op_definition
class CustomCallOp(CheckedOp):
    """Calls what is registered under a name."""

    name = "stablehlo.custom_call"
    inputs = var_operand_def(VALUE)
    call_target_name = prop_def(StringAttr)
    has_side_effect = opt_prop_def(BOOL)
    backend_config = opt_prop_def(AnyOf((BaseAttr(StringAttr), BaseAttr(DictionaryAttr))))
    api_version = opt_prop_def(AnyOf((BaseAttr(IntegerAttr), BaseAttr(CustomCallApiVersion))))
    called_computations = opt_prop_def(ArrayAttr)
    operand_layouts = opt_prop_def(ArrayAttr)
    result_layouts = opt_prop_def(ArrayAttr)
    output_operand_aliases = opt_prop_def(ArrayAttr)
    result_tilings = opt_prop_def(ArrayAttr)
    outputs = var_result_def(VALUE)
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (CustomCallTarget,)
    assembly_format = (
        "custom<CustomCallTarget>($call_target_name) `(` $inputs `)` attr-dict `:` functional-type(operands, results)"
    )

    def check(self) -> None:
        for name, layouts, values in (
            ("operand_layouts", self.operand_layouts, self.inputs),
            ("result_layouts", self.result_layouts, self.outputs),
        ):
            if layouts is not None and len(layouts) != len(values):
                fail(self, f"expects a layout for each of {len(values)} values in {name}, but got {len(layouts)}")


_NAMESPACED = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[.$][A-Za-z0-9_$]+)+")


@irdl_op_definition
class CompositeOp(CheckedOp):
    """An op that a function of other ops explains."""

    name = "stablehlo.composite"
    inputs = var_operand_def(VALUE)
    name_ = prop_def(StringAttr, prop_name="name")
    composite_attributes = opt_prop_def(DictionaryAttr)
    decomposition = prop_def(FlatSymbolRefAttrConstr)
    version = opt_prop_def(I32)
    outputs = var_result_def(VALUE)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$name operands attr-dict `:` functional-type(operands, results)"
    traits = traits_def(LooksAround())

    def check(self) -> None:
        if not _NAMESPACED.fullmatch(self.name_.data):
            fail(self, f"(C1) expects a name with a namespace, such as 'my.op', but got '{self.name_.data}'")
        function = lookup_function(self, self.decomposition, "decomposition")
        for constraint, what, found, wanted in (
            ("C3", "inputs", self.inputs.types, function.function_type.inputs.data),
            ("C4", "results", self.outputs.types, function.function_type.outputs.data),
        ):
            if len(found) != len(wanted) or not all(agree(a, b) for a, b in zip(found, wanted, strict=True)):
                fail(
                    self,
                    f"({constraint}) expects {what} of the types of its decomposition, ({quoted(wanted)}),"
                    f" but got ({quoted(found)})",
                )
