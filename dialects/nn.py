"""The `nn` dialect: layers, and searches, that frameworks spell out, as one op each; `stablehlo-recognize` and
`stablehlo-attention` make them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xdsl.dialects.builtin import ArrayAttr, Float64Type, FloatAttr, StringAttr, f64, i1
from xdsl.ir import Attribute
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
from tfrt.dialects.shared.interning import array_attribute, double_attribute, string_attribute
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
from tfrt.dialects.stablehlo.constraints import ANY, BOOL, DIMS, FLOAT, I64, INTEGER
from tfrt.dialects.stablehlo.directives import numbers_of
from tfrt.executor.declarations.nn_shapes import attention as attention_shape
from tfrt.executor.declarations.nn_shapes import can_be_mixed, masks_of_changes

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

    Scores are changed one after the other by what `scores` says, and shares by `shares`: an array for each change, its
    name and perhaps a number, as ``["tanh"]``, ``["multiply", 2.0]``, or ``["add"]``, which takes the next mask.
    ``["select", n]`` takes one of booleans, and puts the number where that is false; ``["replace_nan", n]`` puts it in
    place of what is no number. See `tfrt.executor.declarations.nn_shapes.CHANGES`.

    With `has_sink`, the last operand is one more score for each row, ``[..., n, 1]``, by which nothing is mixed. Where
    `zeroes_masked` is true, shares are zero where all scores of a row are negative infinity, not NaN.

    The result is ``[..., n, e]``, or has its dimensions in another `order`, in which the last one stays the last.

    Floats are of one type, or of several of at most 32 bits; the result has the query's.
    """

    name = "nn.attention"
    inputs = var_operand_def(_FLOAT_OR_BOOLEAN)
    key_parts = prop_def(I64)
    value_parts = prop_def(I64)
    scale = prop_def(number_of(f64))
    scores = opt_prop_def(ArrayAttr[ArrayAttr])
    shares = opt_prop_def(ArrayAttr[ArrayAttr])
    has_sink = opt_prop_def(BOOL)
    zeroes_masked = opt_prop_def(BOOL)
    order = opt_prop_def(DIMS)
    result = result_def(FLOAT)
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$inputs attr-dict `:` functional-type(operands, results)"

    def check(self) -> None:
        count, types = 1 + self.key_parts.value.data + self.value_parts.value.data, list(self.inputs.types)
        elements = [element_of(type) for type in types]
        has_sink = self.has_sink is not None and bool(self.has_sink.value.data)
        floats = [*elements[:count], *[element for element in elements[count:] if element != i1]]
        if not can_be_mixed([str(element) for element in floats]):
            fail(
                self,
                f"(C1) expects one element type, or several of at most 32 bits, but got {', '.join(map(str, floats))}",
            )
        masks = [element == i1 for element in elements[count : len(elements) - has_sink]]
        masks_of_changes([*_changes(self, self.scores), *_changes(self, self.shares)], masks)
        shape = attention_shape(
            [shape_of(type) for type in self.inputs.types],
            self.key_parts.value.data,
            self.value_parts.value.data,
            has_sink,
            numbers_of(self.order),
        )
        require_one_element_type(self, "C8", [self.inputs[0].type, self.result.type])
        require_shape(self, "C5", "a result", self.result.type, shape)


@irdl_op_definition
class SearchOp(CheckedOp):
    """Where each number belongs in a sorted line: how many of its elements are less, or with `after` no greater.

    NaN is the greatest number, and -0 is 0. In a line that is not sorted, places are those that halving finds.
    """

    name = "nn.search"
    line = operand_def(ANY)
    numbers = operand_def(ANY)
    after = opt_prop_def(BOOL)
    result = result_def(INTEGER)
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$line `,` $numbers attr-dict `:` functional-type(operands, results)"

    def check(self) -> None:
        require_one_element_type(self, "C1", [self.line.type, self.numbers.type])
        if len(shape_of(self.line.type)) != 1:
            fail(self, f"(C2) expects a line of one dimension, but got {len(shape_of(self.line.type))}")
        require_shape(self, "C3", "a result", self.result.type, shape_of(self.numbers.type))


def _changes(op: AttentionOp, changes: ArrayAttr[ArrayAttr[Attribute]] | None) -> list[list[Any]]:
    """What changes are, in Python's terms."""
    found: list[list[Any]] = []
    for change in () if changes is None else changes.data:
        name, *numbers = change.data or [None]
        if not isinstance(name, StringAttr) or not all(isinstance(number, FloatAttr) for number in numbers):
            fail(op, f"(C6) expects a change to be a name, and perhaps numbers, but got {change}")
        found.append([name.data, *[number.value.data for number in numbers if isinstance(number, FloatAttr)]])
    return found


def changes_attribute(changes: Iterable[tuple[str, float | None]]) -> ArrayAttr[Attribute]:
    """The property `scores` or `shares`, of names and numbers."""
    return array_attribute(
        array_attribute([string_attribute(name), *([] if n is None else [double_attribute(n)])]) for name, n in changes
    )


def epsilon_of(value: float) -> FloatAttr[Float64Type]:
    """The property `epsilon`."""
    return double_attribute(value)


NN = define_dialect("nn", __name__, is_source=True)
