"""The `nn` dialect: layers that frameworks spell out, as one op each; `stablehlo-recognize` and `stablehlo-attention`
make them.
"""

from __future__ import annotations

from xdsl.dialects.builtin import ArrayAttr, FloatAttr, f64, i1
from xdsl.irdl import (
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

from tfrt.dialects.shared.definitions import define_dialect, number_of
from tfrt.dialects.shared.tensor_types import (
    CheckedOp,
    TensorOf,
    element_of,
    require_one_element_type,
    require_one_type,
    require_shape,
    shape_of,
)
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.stablehlo.constraints import BOOL, FLOAT, I64
from tfrt.executor.declarations.nn_shapes import attention as attention_shape
from tfrt.executor.declarations.nn_shapes import fills as require_fills

_FLOAT_OR_BOOLEAN = TensorOf(("float", "boolean"))


class _AlongDimension(CheckedOp):
    """What the ops have in common: they work along one dimension, and keep the type."""

    operand = operand_def(FLOAT)
    dimension = prop_def(I64)
    result = result_def(FLOAT)
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)

    def check(self) -> None:
        require_one_type(self, "C1", [self.operand.type, self.result.type])
        rank, dimension = len(shape_of(self.operand.type)), self.dimension.value.data
        if not 0 <= dimension < rank:
            fail(self, f"expects a dimension in [0, {rank}), but got {dimension}")


@irdl_op_definition
class SoftmaxOp(_AlongDimension):
    """Exponentials over their sum."""

    name = "nn.softmax"
    assembly_format = "$operand attr-dict `:` functional-type(operands, results)"


@irdl_op_definition
class NormalizeOp(_AlongDimension):
    """Numbers less their mean, over the square root of their variance and `epsilon`."""

    name = "nn.normalize"
    epsilon = prop_def(number_of(f64))
    assembly_format = "$operand attr-dict `:` functional-type(operands, results)"


@irdl_op_definition
class AttentionOp(CheckedOp):
    """Mixtures of values, by how alike queries and keys are: ``softmax(query keys^T scale + mask) values``.

    Operands are the query ``[..., n, d]``, the keys ``[..., m, d]`` and the values ``[..., m, e]``, and masks that
    broadcast to ``[..., n, m]``. Leading dimensions are the query's; those of keys and values may be 1 where several
    heads share them. Keys and values may come in parts, which are one after the other along ``m``: so what a cache
    holds and what is new need not be put together.

    Masks change scores one after the other: one of floats is added, and one of booleans puts its number of `fills`
    where it is false. Where `zeroes_nan` is true, shares that are not numbers are zero.
    """

    name = "nn.attention"
    inputs = var_operand_def(_FLOAT_OR_BOOLEAN)
    key_parts = prop_def(I64)
    value_parts = prop_def(I64)
    scale = prop_def(number_of(f64))
    fills = opt_prop_def(ArrayAttr[FloatAttr])
    zeroes_nan = opt_prop_def(BOOL)
    result = result_def(FLOAT)
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$inputs attr-dict `:` functional-type(operands, results)"

    def check(self) -> None:
        count, types = 1 + self.key_parts.value.data + self.value_parts.value.data, list(self.inputs.types)
        booleans = [type for type in types[count:] if element_of(type) == i1]
        others = [type for type in types[count:] if element_of(type) != i1]
        require_one_element_type(self, "C1", [*types[:count], *others, self.result.type])
        require_fills([] if self.fills is None else [fill.value.data for fill in self.fills], len(booleans))
        shape = attention_shape(
            [shape_of(type) for type in self.inputs.types], self.key_parts.value.data, self.value_parts.value.data
        )
        require_shape(self, "C5", "a result", self.result.type, shape)


def epsilon_of(value: float) -> FloatAttr:
    """The property `epsilon`."""
    return FloatAttr(value, f64)


NN = define_dialect("nn", __name__, is_source=True)
