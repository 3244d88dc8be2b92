"""Kernels on arrays of one integer or truth value, as ops on numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects.builtin import IntegerAttr, IntegerType, MemRefType, f32, f64, i1, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from tfrt.compiler.passes.shared.array_ops import attrs_of
from tfrt.compiler.passes.shared.fold import constant
from tfrt.dialects.cpu.calls import CallOp, ElementwiseOp
from tfrt.dialects.cpu.numbers import NUMBER_OPS
from tfrt.dialects.cpu.steps import steps_of
from tfrt.dialects.shared.definitions import OpClass
from tfrt.dialects.shared.ops import operands_of, result_of
from tfrt.dialects.tfrt.arithmetic import ADD_OPS, AND_OPS, EQUAL_OPS, MUL_OPS

_TYPES = (i1, i32, i64)
_OPS: dict[str, OpClass] = {each.name: each for each in (*ADD_OPS, *MUL_OPS, *EQUAL_OPS, *AND_OPS, *NUMBER_OPS)}

_ARITHMETIC = {
    "stablehlo.add": "tfrt.add",
    "stablehlo.subtract": "cpu.subtract",
    "stablehlo.multiply": "tfrt.mul",
    "stablehlo.minimum": "cpu.minimum",
    "stablehlo.maximum": "cpu.maximum",
    "stablehlo.divide": "cpu.divide",
    "stablehlo.remainder": "cpu.remainder",
}
_LOGIC = {"stablehlo.and": "tfrt.and", "stablehlo.or": "cpu.or", "stablehlo.xor": "cpu.unequal"}
_COMPARISONS = {
    "EQ": ("tfrt.equal", False),
    "NE": ("cpu.unequal", False),
    "LT": ("cpu.less", False),
    "LE": ("cpu.less_equal", False),
    "GT": ("cpu.less", True),
    "GE": ("cpu.less_equal", True),
}
"""What compares, and whether its operands are in the other order."""


def element_of(type: Attribute) -> IntegerType | None:
    """The type of the number that an array of this type is, if it is one that programs compute with."""
    if not isinstance(type, MemRefType) or type.get_shape():
        return None
    element = type.element_type
    return element if isinstance(element, IntegerType) and element in _TYPES else None


class Numbers:
    """Adds ops on numbers in front of an op."""

    def __init__(self, op: Operation):
        self._op = op

    def __call__(self, name: str, *operands: SSAValue) -> SSAValue:
        kind = _OPS[name]
        type = i1 if name.partition(".")[2].partition(".")[0] in _ASKING else operands[-1].type
        return self._add(kind.create(operands=operands, result_types=[_CONVERTED.get(name, type)]))

    def constant(self, value: int, type: IntegerType) -> SSAValue:
        """A constant number."""
        return self._add(constant(IntegerAttr(value, type), type))

    def _add(self, made: Operation) -> SSAValue:
        made.location = self._op.location
        Rewriter.insert_op(made, InsertPoint.before(self._op))
        return result_of(made)


_ASKING = ("equal", "unequal", "less", "less_equal")
_CONVERTED: dict[str, Attribute] = {
    "cpu.convert.i1_to_i32": i32,
    "cpu.convert.i1_to_i64": i64,
    "cpu.convert.i32_to_i64": i64,
    "cpu.convert.i64_to_i32": i32,
}

Write = Callable[[Numbers, Sequence[SSAValue]], SSAValue]
"""Computes with the numbers that an op's operands are what its result is."""


def _of_step(name: str, type: IntegerType) -> Callable[..., SSAValue] | None:
    """What an elementwise op on numbers of a type is: a function of a `Numbers` and the operands."""
    if type == i1:
        if name in _LOGIC:
            return lambda write, x, y: write(f"{_LOGIC[name]}.i1", x, y)
        return (lambda write, x: write("cpu.not.i1", x)) if name == "stablehlo.not" else None
    if name in _ARITHMETIC:
        return lambda write, x, y: write(f"{_ARITHMETIC[name]}.{type}", x, y)
    if name == "stablehlo.negate":
        return lambda write, x: write(f"cpu.subtract.{type}", write.constant(0, type), x)
    if name == "stablehlo.abs":
        return lambda write, x: write(
            f"cpu.maximum.{type}", x, write(f"cpu.subtract.{type}", write.constant(0, type), x)
        )
    return None


def of_chain(op: ElementwiseOp) -> Write | None:
    """What a chain of elementwise ops is on numbers, if it is something."""
    types = {element_of(value.type) for value in (*operands_of(op), *op.results)}
    type = types.pop() if len(types) == 1 else None
    if type is None:
        return None
    steps = [(_of_step(name, type), operands) for name, operands in steps_of(op.steps)]
    if any(step is None for step, _ in steps):
        return None

    def compute(write: Numbers, numbers: Sequence[SSAValue]) -> SSAValue:
        values = list(numbers)
        for step, operands in steps:
            assert step is not None
            values.append(step(write, *[values[number] for number in operands]))
        return values[-1]

    return compute


def of_call(op: CallOp) -> Write | None:
    """Likewise an op of the core runtime."""
    types = [element_of(value.type) for value in operands_of(op)]
    if len(op.results) != 1 or not types or None in types:
        return None
    result = result_of(op).type
    if not isinstance(result, MemRefType) or result.get_shape():
        return None
    type = types[-1]
    match op.op_name.data:
        case "stablehlo.compare":
            return _of_comparison(op, type)
        case "stablehlo.select":
            return lambda write, x: write(f"cpu.select.{type}", *x)
        case "stablehlo.clamp" if type != i1:
            return lambda write, x: write(f"cpu.minimum.{type}", write(f"cpu.maximum.{type}", x[1], x[0]), x[2])
        case "stablehlo.convert":
            return _of_conversion(type, result.element_type)
    return None


def _of_comparison(op: CallOp, type: IntegerType | None) -> Write | None:
    name, is_reversed = _COMPARISONS[attrs_of(op).by_name["comparison_direction"].value]
    if type == i1 and name not in ("tfrt.equal", "cpu.unequal"):
        return None
    name = "cpu.equal" if type == i1 and name == "tfrt.equal" else name
    return lambda write, x: write(f"{name}.{type}", *(reversed(x) if is_reversed else x))


def _of_conversion(source: IntegerType | None, target: Attribute) -> Write | None:
    if source is None or source == target:
        return None if source is None else lambda write, x: x[0]
    if target == i1:
        return lambda write, x: write(f"cpu.unequal.{source}", x[0], write.constant(0, source))
    if target in _TYPES:
        return lambda write, x: write(f"cpu.convert.{source}_to_{target}", x[0])
    if target in (f32, f64) and source == i32:
        # Making an array of it converts it.
        return lambda write, x: x[0]
    return None
