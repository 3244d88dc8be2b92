"""The `tf` dialect: TensorFlow's ops, as its exporters print them, in generic form.

There are some thousand of them, and what each takes and gives is the business of the op of the core runtime of its
name; so the dialect keeps all of them as they are written. `lower-tf` says which are not supported.
"""

from __future__ import annotations

from xdsl.dialects.builtin import StringAttr
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    opt_operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from tfrt.dialects.shared.definitions import define_dialect
from tfrt.dialects.stablehlo.constraints import ANY


@irdl_op_definition
class WeightOp(IRDLOperation):
    """A tensor that is not in the program: it is given, by its name, when the program is loaded.

    TensorFlow has no such op; `tfrt-import` writes it in the place of large constants.
    """

    name = "tf.Weight"
    weight_name = prop_def(StringAttr, prop_name="name")
    result = result_def(ANY)
    traits = traits_def(Pure())


@irdl_op_definition
class VariableOp(IRDLOperation):
    """The program's variable of a name, which has the operand as its first value, if there is one.

    TensorFlow has no such op; `lower-tf` writes it in the place of `tf.VarHandleOp`, and of arguments that are bound
    to variables.
    """

    name = "tf.ProgramVariable"
    initial = opt_operand_def(ANY)
    variable_name = prop_def(StringAttr, prop_name="name")
    result = result_def()
    traits = traits_def(Pure())


TF = define_dialect("tf", __name__, is_open=True, is_source=True)
