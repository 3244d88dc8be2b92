"""The `cpu` dialect: ops of the core runtime as kernels on arrays in the host's memory.

Programs do not write it; `lower-to-cpu` makes it of `corert` programs and `lower-stablehlo` of those of frameworks.
Element types and shapes are the types of values: ``memref<2x3xf32>`` is an array of 2 x 3 floats,
``memref<?x3xf32>`` one of a size that is known when the program runs, -1 in what follows. Since files keep no types of
values, the attributes `arguments` and `metadata` say them again: an array ``[element type, size, size, ...]`` for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    IntegerAttr,
    IntegerType,
    MemRefType,
    StringAttr,
    UnrankedMemRefType,
    f32,
    f64,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute, TypeAttribute
from xdsl.irdl import (
    AnyOf,
    BaseAttr,
    IRDLOperation,
    attr_def,
    irdl_op_definition,
    operand_def,
    result_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure

from tfrt.dialects.shared.corert_types import OP_HANDLER, TENSOR_HANDLE
from tfrt.dialects.shared.definitions import OpClass, define_dialect, define_op
from tfrt.dialects.shared.interning import integer_attribute, once_all, once_each, string_attribute
from tfrt.dialects.shared.ops import operands_of, type_of
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.tfrt.types import CHAIN
from tfrt.executor.declarations.op_registry import CPU_OPS

ARRAY = AnyOf((BaseAttr(MemRefType), BaseAttr(UnrankedMemRefType)))
"""An array, of a rank that may not be known."""


@irdl_op_definition
class ArraysOp(IRDLOperation):
    """The elements of tensors, which must be dense ones of these element types and shapes.

    The op handler must be the host's CPU.
    """

    name = "cpu.arrays"
    op_handler = operand_def(OP_HANDLER)
    handles = var_operand_def(TENSOR_HANDLE)
    metadata = attr_def(ArrayAttr)
    arrays = var_result_def(MemRefType)
    assembly_format = "operands attr-dict `:` type($arrays)"

    def verify_(self) -> None:
        if len(self.handles) != len(self.arrays):
            fail(self, f"expects as many results as tensors, {len(self.handles)}")
        _check(self, "metadata", self.metadata, self.arrays.types)


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """A constant array, which nobody may write to."""

    name = "cpu.constant"
    value = attr_def(DenseIntOrFPElementsAttr)
    array = result_def(MemRefType)
    assembly_format = "attr-dict `:` type($array)"


@irdl_op_definition
class WeightOp(IRDLOperation):
    """An array that is not in the program: it is given, by its name, when the program is loaded."""

    name = "cpu.weight"
    metadata = attr_def(ArrayAttr)
    weight_name = attr_def(StringAttr, attr_name="name")
    array = result_def(MemRefType)
    assembly_format = "attr-dict `:` type($array)"

    def verify_(self) -> None:
        if min(self.array.type.get_shape(), default=0) < 0:
            fail(self, "expects a shape that is known")
        _check(self, "metadata", self.metadata, (self.array.type,))


@irdl_op_definition
class VariableOp(IRDLOperation):
    """The program's variable of a name. Whoever asks first makes it, of an array if there is one."""

    name = "cpu.variable"
    initial = var_operand_def(MemRefType)
    variable_name = attr_def(StringAttr, attr_name="name")
    variable = result_def()
    assembly_format = "$initial attr-dict `:` functional-type($initial, $variable)"

    def verify_(self) -> None:
        if len(self.operands) > 1:
            fail(self, f"expects at most one array, but got {len(self.operands)}")


class _ArraysToArrays(IRDLOperation):
    """What the ops that compute share: arrays in, and attributes that say what is done with them."""

    operands_ = var_operand_def(AnyOf((BaseAttr(MemRefType), BaseAttr(IntegerType))))
    arguments = attr_def(ArrayAttr)
    metadata = attr_def(ArrayAttr)
    steps = attr_def(ArrayAttr)


class _Call(_ArraysToArrays):
    inputs = attr_def(IntegerAttr[I64])
    op_attrs = attr_def(ArrayAttr)
    op_name = attr_def(StringAttr)


@irdl_op_definition
class CallOp(_Call):
    """Runs an op of the CPU's op handler on arrays, and then `steps` on its result, if there are any.

    The op's inputs come first, `inputs` of them; other operands are for the steps. A step is an array
    ``[op, number, ...]`` with the numbers of its operands: 0 is the op's result, then come the other operands, then
    what the steps before it give. All are elementwise ops.

    Where the op takes numbers (`tfrt.executor.declarations.op.OpEntry`), these may stand for arrays without dimensions.
    """

    name = "cpu.call"
    arrays = var_result_def(MemRefType)
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $arrays)"

    def verify_(self) -> None:
        _check_call(self, len(self.operands))


@irdl_op_definition
class CallIntoOp(_Call):
    """Like `cpu.call`, with the result in the memory of the last operand, at which nobody else looks."""

    name = "cpu.call_into"
    array = result_def(MemRefType)
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $array)"

    def verify_(self) -> None:
        _check_memory(self)
        _check_call(self, len(self.operands) - 1)


@irdl_op_definition
class ElementwiseOp(_ArraysToArrays):
    """Runs a chain of elementwise ops in one pass over memory.

    A step is an array ``[op, number, ...]`` with the numbers of its operands: the operands of this op come first,
    then what the steps before it give. The last step gives the result. After the numbers comes the element type of what
    it gives, where that is not the result's, and then an array of the op's attributes, where it has any.

    The first steps may be ``stablehlo.slice``, of operands that have other shapes than the result: what they give has
    its shape.
    """

    name = "cpu.elementwise"
    array = result_def(MemRefType)
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $array)"

    def verify_(self) -> None:
        _check_elementwise(self, len(self.operands))


@irdl_op_definition
class ElementwiseIntoOp(_ArraysToArrays):
    """Like `cpu.elementwise`, with the result in the memory of the last operand, at which nobody else looks.

    That operand may also be one of those that the steps read.
    """

    name = "cpu.elementwise_into"
    array = result_def(MemRefType)
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $array)"

    def verify_(self) -> None:
        _check_memory(self)
        _check_elementwise(self, len(self.operands) - 1)


class _Reduces(_ArraysToArrays):
    dimensions = attr_def(ArrayAttr)
    gives = attr_def(ArrayAttr)
    shape = attr_def(ArrayAttr)


@irdl_op_definition
class ReductionOp(_Reduces):
    """Runs elementwise ops and reductions in one pass over memory.

    Operands broadcast to `shape`, as numpy has it. A step is like one of `cpu.elementwise`, and always says the element
    type of what it gives. A step ``["stablehlo.reduce", number, element type, "op"]`` combines a value's elements along
    `dimensions` by an op that has no order; these dimensions stay, with size 1. `gives` are the numbers of the values
    that are results, of steps. A result has a value's elements, in another shape perhaps; at most the first one has as
    many as `shape`.
    """

    name = "cpu.reduction"
    arrays = var_result_def(MemRefType)
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $arrays)"

    def verify_(self) -> None:
        _check_reduction(self, len(self.operands))


@irdl_op_definition
class ReductionIntoOp(_Reduces):
    """Like `cpu.reduction`, with the first result in the memory of the last operand, at which nobody else looks."""

    name = "cpu.reduction_into"
    arrays = var_result_def(MemRefType)
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $arrays)"

    def verify_(self) -> None:
        _check_memory(self)
        _check_reduction(self, len(self.operands) - 1)


@irdl_op_definition
class ArenaOp(IRDLOperation):
    """New memory of `size` bytes, as arrays that start at `offsets` and may overlap."""

    name = "cpu.arena"
    metadata = attr_def(ArrayAttr)
    offsets = attr_def(ArrayAttr)
    size = attr_def(IntegerAttr[I64])
    arrays = var_result_def(MemRefType)
    assembly_format = "attr-dict `:` type($arrays)"

    def verify_(self) -> None:
        _check(self, "metadata", self.metadata, self.arrays.types)
        if len(self.offsets) != len(self.arrays) or not all(_is_number(offset) for offset in self.offsets):
            fail(self, "attribute 'offsets' must be an array with a number of bytes for each result")


@irdl_op_definition
class IterateOp(IRDLOperation):
    """Runs iterations of a loop whose body is kernels on arrays and numbers, as many of these as it can, all at once.

    Operands are how many iterations there are, the loop's state, and constants that its body reads. Results are how
    many iterations are left, and the state then; memory that the body overwrites is that of operands, at which nobody
    else looks. A step of the body is an array ``[kernel, [number, ...], what it gives, attribute, ...]``: numbers are
    those of operands, then of what steps before it give, which is said as in `metadata`; attributes are the kernel's
    others, by name. `gives` are the numbers of the state that an iteration hands on.
    """

    name = "cpu.iterate"
    count = operand_def(i32)
    operands_ = var_operand_def(AnyOf((BaseAttr(MemRefType), BaseAttr(IntegerType))))
    arguments = attr_def(ArrayAttr)
    body = attr_def(ArrayAttr)
    gives = attr_def(ArrayAttr)
    left = result_def(i32)
    outputs = var_result_def(AnyOf((BaseAttr(MemRefType), BaseAttr(IntegerType))))
    assembly_format = "$count `,` $operands_ attr-dict `:` functional-type($operands_, $outputs)"

    def verify_(self) -> None:
        _check(self, "arguments", self.arguments, self.operands_.types)
        if tuple(self.outputs.types) != tuple(self.operands_.types)[: len(self.outputs)]:
            fail(self, "expects results of the types of the operands that are the loop's state")
        if len(self.gives) != len(self.outputs) or not all(map(_is_number, self.gives)):
            fail(self, f"attribute 'gives' must have the number of a value for each of the {len(self.outputs)} results")


@irdl_op_definition
class HandleOp(IRDLOperation):
    """An array as a tensor of the core runtime, on an op handler that must be the host's CPU."""

    name = "cpu.handle"
    op_handler = operand_def(OP_HANDLER)
    array = operand_def(MemRefType)
    metadata = attr_def(ArrayAttr)
    handle = result_def(TENSOR_HANDLE)
    assembly_format = "operands attr-dict `:` type($array)"

    def verify_(self) -> None:
        _check(self, "metadata", self.metadata, (self.array.type,))


@irdl_op_definition
class CallInOrderOp(IRDLOperation):
    """Like `cpu.execute`, for ops whose effects can be seen: they run in the order of chains."""

    name = "cpu.call_in_order"
    chain = operand_def(CHAIN)
    operands_ = var_operand_def()
    metadata = attr_def(ArrayAttr)
    op_attrs = attr_def(ArrayAttr)
    op_name = attr_def(StringAttr)
    done = result_def(CHAIN)
    arrays = var_result_def()
    assembly_format = "$chain `,` $operands_ attr-dict `:` functional-type($operands_, $arrays)"

    def verify_(self) -> None:
        _check(self, "metadata", self.metadata, self.arrays.types)


@irdl_op_definition
class ExecuteOp(IRDLOperation):
    """Runs an op of the CPU's op handler on arrays of which the program does not say everything.

    What follows from element types and shapes is found out when the first arrays of a kind come, and kept. `metadata`
    says what is known of results: an array ``[element type, size, ...]`` for each, -1 for a size that is not known, or
    ``[element type, "*"]`` where the rank is not; those that are no arrays have an empty one.
    """

    name = "cpu.execute"
    operands_ = var_operand_def()
    metadata = attr_def(ArrayAttr)
    op_attrs = attr_def(ArrayAttr)
    op_name = attr_def(StringAttr)
    results_ = var_result_def()
    assembly_format = "$operands_ attr-dict `:` functional-type($operands_, $results_)"

    def verify_(self) -> None:
        _check(self, "metadata", self.metadata, self.result_types)


@irdl_op_definition
class AfterOp(IRDLOperation):
    """Arrays, once a chain is there."""

    name = "cpu.after"
    chain = operand_def(CHAIN)
    operands_ = var_operand_def(ARRAY)
    arrays = var_result_def(ARRAY)
    assembly_format = "$chain `,` $operands_ attr-dict `:` functional-type($operands_, $arrays)"

    def verify_(self) -> None:
        if tuple(self.operands_.types) != tuple(self.arrays.types):
            fail(self, "expects results of the arrays' types")


@irdl_op_definition
class ScalarOp(IRDLOperation):
    """A number as an array without dimensions, in new memory. The element is of the number's type or, for a 32-bit
    integer, the float nearest to it."""

    name = "cpu.scalar"
    number = operand_def(IntegerType)
    metadata = attr_def(ArrayAttr)
    array = result_def(MemRefType)
    assembly_format = "$number attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        _check(self, "metadata", self.metadata, (self.array.type,))
        elements = (self.number.type, f32, f64) if self.number.type == i32 else (self.number.type,)
        if self.array.type.get_shape() or self.array.type.element_type not in elements:
            fail(self, f"expects an array without dimensions of '{self.number.type}', but got '{self.array.type}'")


@irdl_op_definition
class ItemOp(IRDLOperation):
    """The only element of an array, as a number."""

    name = "cpu.item"
    array = operand_def(ARRAY)
    item = result_def(IntegerType)
    assembly_format = "$array attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        type = self.array.type
        if type not in (MemRefType(self.item.type, []), UnrankedMemRefType.from_type(self.item.type)):
            fail(self, f"expects an array without dimensions of '{self.item.type}', but got '{self.array.type}'")


class _KeepsType(IRDLOperation):
    """What the ops have in common that give an array of the type of their first operand."""

    def verify_(self) -> None:
        if self.operand_types[0] != self.result_types[0]:
            fail(self, "expects a result of the array's type")


class _Copies(_KeepsType):
    array = operand_def(ARRAY)
    copy = result_def(ARRAY)
    assembly_format = "$array attr-dict `:` functional-type(operands, results)"


@irdl_op_definition
class OwnOp(_Copies):
    """An array in memory of its own, row by row: a copy, unless it is that already. Arguments are not."""

    name = "cpu.own"


@irdl_op_definition
class CopyOp(_Copies):
    """A copy of an array, row by row."""

    name = "cpu.copy"


@irdl_op_definition
class SettledOp(_KeepsType):
    """An array, once other values are there."""

    name = "cpu.settled"
    array = operand_def(ARRAY)
    others = var_operand_def()
    result = result_def(ARRAY)
    assembly_format = "$array `,` $others attr-dict `:` functional-type(operands, results)"


@irdl_op_definition
class CastOp(IRDLOperation):
    """An array whose type says more of it, or less."""

    name = "cpu.cast"
    array = operand_def()
    cast = result_def()
    assembly_format = "$array attr-dict `:` functional-type(operands, results)"


def _number_op(name: str, operands: Sequence[IntegerType], result: IntegerType, summary: str) -> OpClass:
    return define_op(
        f"cpu.{name}",
        operands={f"x{number}": type for number, type in enumerate(operands)},
        results={"result": result},
        traits=(Pure(),),
        summary=summary,
    )


_ON_INTEGERS = {
    "subtract": "The difference of two integers, which wraps around.",
    "minimum": "The lesser of two integers.",
    "maximum": "The greater of two integers.",
    "divide": "The quotient of two integers, truncated toward zero; -1 where the divisor is zero.",
    "remainder": "What dividing leaves, with the dividend's sign; the dividend where the divisor is zero.",
}
_ON_TRUTH_VALUES = {
    "or": "Whether one of two truth values is true.",
    "equal": "Whether two truth values are the same.",
    "unequal": "Whether two truth values differ.",
}
_COMPARING = {
    "less": "Whether an integer is less than another one.",
    "less_equal": "Whether an integer is not greater than another one.",
    "unequal": "Whether two integers differ.",
}

NUMBER_OPS = (
    *(_number_op(f"{n}.{t}", (t, t), t, summary) for n, summary in _ON_INTEGERS.items() for t in (i32, i64)),
    *(_number_op(f"{n}.{t}", (t, t), i1, summary) for n, summary in _COMPARING.items() for t in (i32, i64)),
    *(_number_op(f"{n}.i1", (i1, i1), i1, summary) for n, summary in _ON_TRUTH_VALUES.items()),
    _number_op("not.i1", (i1,), i1, "The opposite of a truth value."),
    *(_number_op(f"select.{t}", (i1, t, t), t, "One of two, by a truth value.") for t in (i1, i32, i64)),
    *(_number_op(f"convert.i1_to_{t}", (i1,), t, "1 where it is true, or else 0.") for t in (i32, i64)),
    _number_op("convert.i32_to_i64", (i32,), i64, "The same integer."),
    _number_op("convert.i64_to_i32", (i64,), i32, "The lower 32 bits of an integer."),
)
"""Ops that compute with numbers as ops of StableHLO do with arrays without dimensions."""


@once_all
def metadata_attribute(types: Sequence[Attribute]) -> ArrayAttr:
    """What `arguments` and `metadata` say of arrays of these types."""
    return ArrayAttr([_of_type(type) for type in types])


def step_attribute(op_name: str, operands: Iterable[int], details: Iterable[Attribute] = ()) -> ArrayAttr:
    """A step of a chain; `details` are what `details_of` gives."""
    return _step_attribute(op_name, tuple(operands), tuple(details))


@lru_cache(maxsize=4096)
def _step_attribute(op_name: str, operands: tuple[int, ...], details: tuple[Attribute, ...]) -> ArrayAttr:
    return ArrayAttr([string_attribute(op_name), *map(integer_attribute, operands), *details])


@once_each
def details_of(step: Attribute) -> tuple[TypeAttribute | None, ArrayAttr | None]:
    """The element type of what a step gives, where it is not the chain's, and its op's attributes, where it has any."""
    assert isinstance(step, ArrayAttr)
    types = [each for each in step.data if isinstance(each, TypeAttribute)]
    attributes = [each for each in step.data if isinstance(each, ArrayAttr)]
    return types[0] if types else None, attributes[0] if attributes else None


def steps_of(steps: ArrayAttr) -> list[tuple[str, tuple[int, ...]]]:
    """The steps of a chain: ops, and the numbers of their operands."""
    return [_step_of(step) for step in steps.data]


@once_each
def _step_of(step: Attribute) -> tuple[str, tuple[int, ...]]:
    assert isinstance(step, ArrayAttr)
    name, *operands = step.data
    assert isinstance(name, StringAttr)
    return name.data, tuple(n.value.data for n in operands if isinstance(n, IntegerAttr))


@once_each
def _of_type(type: Attribute) -> ArrayAttr:
    if isinstance(type, UnrankedMemRefType):
        return ArrayAttr([type.element_type, StringAttr("*")])
    if isinstance(type, IntegerType):
        return ArrayAttr([type])
    if not isinstance(type, MemRefType):
        return ArrayAttr([])
    return ArrayAttr([type.element_type, *map(integer_attribute, type.get_shape())])


def _check(op: IRDLOperation, name: str, attribute: ArrayAttr, types: Iterable[Attribute]) -> None:
    expected = metadata_attribute(types)
    if attribute is not expected and attribute != expected:
        fail(op, f"attribute '{name}' must say the types of the arrays: {expected}")


def _check_memory(op: IRDLOperation) -> None:
    if not op.operands or op.operands[-1].type != op.results[0].type:
        fail(op, "expects memory for the result, of its type, as the last operand")


def _check_call(op: _Call, operands: int) -> None:
    inputs = op.inputs.value.data
    if not 0 <= inputs <= operands:
        fail(op, f"attribute 'inputs' must be at most the number of operands, {operands}")
    types = [*map(type_of, operands_of(op))]
    _check(op, "arguments", op.arguments, types[:operands])
    _check(op, "metadata", op.metadata, map(type_of, op.results))
    numbers = [number for number, type in enumerate(types) if is_number(type)]
    if numbers:
        entry = CPU_OPS.get(op.op_name.data)
        if entry is None or entry.numbers_from is None or not entry.numbers_from <= numbers[0] <= numbers[-1] < inputs:
            fail(op, f"expects arrays, not numbers, for these operands of op '{op.op_name.data}'")
    if op.steps.data and len(op.results) != 1:
        fail(op, "steps follow only an op of one result")
    _check_steps(op, op.steps, 1 + operands - inputs)


def _check_elementwise(op: _ArraysToArrays, operands: int) -> None:
    types = [*map(type_of, operands_of(op))]
    _check(op, "arguments", op.arguments, types[:operands])
    _check(op, "metadata", op.metadata, map(type_of, op.results))
    if any(map(is_number, types)):
        fail(op, "expects arrays, not numbers")
    if not op.steps.data:
        fail(op, "expects a step")
    _check_steps(op, op.steps, operands)


def _check_reduction(op: _Reduces, operands: int) -> None:
    _check(op, "arguments", op.arguments, map(type_of, operands_of(op)[:operands]))
    _check(op, "metadata", op.metadata, map(type_of, op.results))
    _check_steps(op, op.steps, operands)
    values = operands + len(op.steps)
    if len(op.gives) != len(op.results) or not all(
        _is_number(n) and operands <= n.value.data < values for n in op.gives
    ):
        fail(op, f"attribute 'gives' must have the number of a step's value, from {operands}, for each result")
    rank = len(op.shape)
    if not all(_is_number(size) and size.value.data > 0 for size in op.shape):
        fail(op, "attribute 'shape' must be an array of sizes above 0")
    if not len(op.dimensions) or not all(_is_number(d) and d.value.data < rank for d in op.dimensions):
        fail(op, f"attribute 'dimensions' must be an array of numbers from 0 to {rank - 1}")


def reduction_step(body: str, operand: int, type: TypeAttribute) -> ArrayAttr:
    """A step of `cpu.reduction` that combines a value's elements."""
    return ArrayAttr([string_attribute(REDUCE), integer_attribute(operand), type, string_attribute(body)])


def is_reduction(step: Attribute) -> bool:
    """Whether a step combines elements."""
    assert isinstance(step, ArrayAttr)
    return step.data[0] == string_attribute(REDUCE) and isinstance(step.data[-1], StringAttr) and len(step) > 1


REDUCE = "stablehlo.reduce"
"""What steps that combine elements are called."""

SLICE = "stablehlo.slice"
"""What steps that take a part of an array are called."""


def _check_steps(op: IRDLOperation, steps: ArrayAttr, values: int) -> None:
    for number, step in enumerate(steps):
        if not isinstance(step, ArrayAttr) or not step.data or not isinstance(step.data[0], StringAttr):
            fail(op, "a step must be an array [op, number of an operand, ...]")
        details = sum(each is not None for each in details_of(step)) + is_reduction(step)
        numbers = step.data[1 : len(step.data) - details]
        if not all(_is_number(n) and n.value.data < values + number for n in numbers):
            fail(op, f"step {number} must have operands from 0 to {values + number - 1}")


@once_each
def is_number(type: Attribute) -> bool:
    """Whether what has a type is a number, not an array."""
    return isinstance(type, IntegerType)


def _is_number(attribute: Attribute) -> bool:
    if type(attribute) is not IntegerAttr:
        return False
    return (attribute.type is i64 or attribute.type == i64) and attribute.value.data >= 0


CPU = define_dialect("cpu", __name__)
