"""`stablehlo-canonicalize-dynamism`: ops with constant operands for sizes become those with attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, ModuleOp, TensorType, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.shape_inference import is_static
from tfrt.compiler.passes.shared.source_insertion import op_class
from tfrt.compiler.passes.shared.source_values import constant_of
from tfrt.dialects.stablehlo.directives import integers, numbers_of

Static = tuple[str, Sequence[SSAValue], Mapping[str, Attribute]]
"""An op's name, operands and properties, beside those that the dynamic one has."""


@dataclass(frozen=True)
class StablehloCanonicalizeDynamism(ModulePass):
    """Puts `stablehlo.reshape` in the place of `stablehlo.dynamic_reshape`, and so on for all ops whose sizes are
    operands, where these are constants and the result's shape is known.
    """

    name = "stablehlo-canonicalize-dynamism"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in list(op.walk()):
            pattern = _PATTERNS.get(inner.name)
            if pattern is None or not is_static(inner.result_types[0]):
                continue
            found = pattern(inner)
            if found is not None:
                _replace(inner, *found)


def _replace(op: Operation, name: str, operands: Sequence[SSAValue], properties: Mapping[str, Attribute]) -> None:
    kept = {key: value for key, value in op.properties.items() if not key.startswith("known_")}
    made = op_class(name).create(operands=operands, properties={**kept, **properties}, result_types=op.result_types)
    made.location = op.location
    assert op.parent is not None
    op.parent.insert_op_before(made, op)
    for old, new in zip(op.results, made.results, strict=True):
        old.replace_all_uses_with(new)
    op.detach()
    op.erase()


def _of_result(name: str, operands: int) -> Callable[[Operation], Static | None]:
    """An op whose last operand is the shape that its result has."""
    return lambda op: (name, op.operands[:operands], {})


def _with_numbers(name: str, first: int, properties: Sequence[str]) -> Callable[[Operation], Static | None]:
    """An op whose operands from `first` on are vectors of numbers that another has as properties."""

    def pattern(op: Operation) -> Static | None:
        constants = [constant_of(operand) for operand in op.operands[first:]]
        if any(constant is None for constant in constants) or not all(is_static(o.type) for o in op.operands[:first]):
            return None
        numbers = [integers(numbers_of(c)) for c in constants if c is not None]
        return name, op.operands[:first], dict(zip(properties, numbers, strict=True))

    return pattern


def _convolution(op: Operation) -> Static | None:
    padding = constant_of(op.operands[2])
    if padding is None:
        return None
    type = TensorType(i64, padding.get_shape())
    values = DenseIntOrFPElementsAttr.from_list(type, numbers_of(padding))
    return "stablehlo.convolution", op.operands[:2], {"padding": values}


_PATTERNS: dict[str, Callable[[Operation], Static | None]] = {
    "stablehlo.dynamic_broadcast_in_dim": _of_result("stablehlo.broadcast_in_dim", 1),
    "stablehlo.dynamic_conv": _convolution,
    "stablehlo.dynamic_gather": _with_numbers("stablehlo.gather", 2, ["slice_sizes"]),
    "stablehlo.dynamic_iota": _of_result("stablehlo.iota", 0),
    "stablehlo.dynamic_pad": _with_numbers(
        "stablehlo.pad", 2, ["edge_padding_low", "edge_padding_high", "interior_padding"]
    ),
    "stablehlo.dynamic_reshape": _of_result("stablehlo.reshape", 1),
    "stablehlo.real_dynamic_slice": _with_numbers("stablehlo.slice", 1, ["start_indices", "limit_indices", "strides"]),
}
"""By ops' names."""
