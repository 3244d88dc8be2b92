"""What single ops of frameworks' programs become: kernels on arrays, constants and weights, chains, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    MemRefType,
    TensorType,
    TupleType,
)
from xdsl.ir import Attribute, Operation, SSAValue

from tfrt.compiler.passes.shared.array_ops import elementwise, metadata_of_type
from tfrt.compiler.passes.shared.core_ops import core_op
from tfrt.compiler.passes.shared.custom_calls import is_identity
from tfrt.compiler.passes.shared.function_builder import FunctionBuilder
from tfrt.compiler.passes.shared.source_functions import SOURCES
from tfrt.compiler.passes.shared.source_ops import flat_types, has_effects
from tfrt.dialects.cpu.arrays import CastOp, ConstantOp, VariableOp, WeightOp
from tfrt.dialects.cpu.calls import CallInOrderOp, CallOp, ExecuteOp
from tfrt.dialects.cpu.metadata import metadata_attribute
from tfrt.dialects.shared.interning import array_attribute, integer_attribute, string_attribute
from tfrt.dialects.shared.ops import make_op, operands_of, type_of
from tfrt.dialects.stablehlo.directives import number_of
from tfrt.dialects.tfrt.chain import MergeChainsOp, NewChainOp
from tfrt.dialects.tfrt.types import CHAIN
from tfrt.executor.declarations.finding import CUSTOM_CALL
from tfrt.executor.declarations.op import OpEntry


def custom_call(into: FunctionBuilder, op: Operation) -> Sequence[SSAValue]:
    """What a target makes of operands, which may be nothing."""
    if is_identity(op):
        return into.operands(op)
    return execute(into, op)


def execute(into: FunctionBuilder, op: Operation) -> Sequence[SSAValue]:
    """An op of the core runtime."""
    found = core_op(op, into.program.callable_functions)
    operands = [value for operand in found.operands for value in into.value(operand)]
    return _execute_as(into, op, found.entry, operands, found.attributes, into.types(op.results, op))


def _execute_as(
    into: FunctionBuilder,
    op: Operation,
    entry: OpEntry,
    operands: Sequence[SSAValue],
    attributes: ArrayAttr[Attribute],
    types: Sequence[Attribute],
) -> Sequence[SSAValue]:
    if into.chain is not None and has_effects(op, frozenset()):
        return _execute_in_order(into, op, entry, operands, attributes, types)
    given = [*map(type_of, operands)]
    if not _is_known(entry, (*types, *given)):
        return _execute_unknown(into, op, entry, operands, attributes, types)
    if _can_be_fused(entry, given, attributes, types):
        made: Operation = elementwise(entry.name, operands, metadata_of_type(types[0]), op.location)
        return into.insert(made, op.location)
    described = {
        "arguments": metadata_attribute(given),
        **_described(entry, attributes, types),
        "inputs": integer_attribute(len(operands)),
        "steps": array_attribute(()),
    }
    return into.insert(make_op(CallOp, operands, types, described), op.location)


def _described(entry: OpEntry, attributes: ArrayAttr[Attribute], types: Sequence[Attribute]) -> dict[str, Attribute]:
    """What all ways to run an op are told of it."""
    return {
        "metadata": metadata_attribute(types),
        "op_attrs": attributes,
        "op_name": string_attribute(entry.name),
    }


def _execute_in_order(
    into: FunctionBuilder,
    op: Operation,
    entry: OpEntry,
    operands: Sequence[SSAValue],
    attributes: ArrayAttr[Attribute],
    types: Sequence[Attribute],
) -> Sequence[SSAValue]:
    """An op with effects that can be seen."""
    assert into.chain is not None
    described = _described(entry, attributes, types)
    made = make_op(CallInOrderOp, [into.chain, *operands], [CHAIN, *types], described)
    into.chain, *results = into.insert(made, op.location)
    return results


def _execute_unknown(
    into: FunctionBuilder,
    op: Operation,
    entry: OpEntry,
    operands: Sequence[SSAValue],
    attributes: ArrayAttr[Attribute],
    types: Sequence[Attribute],
) -> Sequence[SSAValue]:
    """An op that finds out about its arrays when they come."""
    described = _described(entry, attributes, types)
    return into.insert(make_op(ExecuteOp, operands, types, described), op.location)


def constant(into: FunctionBuilder, op: Operation) -> Sequence[SSAValue]:
    """A constant array."""
    value = op.properties["value"]
    (type,) = into.types(op.results, op)
    assert isinstance(value, DenseIntOrFPElementsAttr)
    return into.insert(make_op(ConstantOp, (), [type], {"value": value}), op.location)


def weight(into: FunctionBuilder, op: Operation) -> Sequence[SSAValue]:
    """An array of a file of weights."""
    types = into.types(op.results, op)
    attributes = {"metadata": metadata_attribute(types), "name": op.properties["name"]}
    return into.insert(WeightOp.create(attributes=attributes, result_types=types), op.location)


def variable(into: FunctionBuilder, op: Operation) -> Sequence[SSAValue]:
    """A variable, which stays from call to call."""
    attributes = {"name": op.properties["name"]}
    made = VariableOp.create(operands=into.operands(op), attributes=attributes, result_types=into.types(op.results, op))
    return into.insert(made, op.location)


def token(into: FunctionBuilder, op: Operation) -> Sequence[SSAValue]:
    """A token, which is a chain: one from nothing, or of several."""
    operands = into.operands(op)
    if not operands:
        return into.insert(NewChainOp.create(result_types=[CHAIN]), op.location)
    return into.insert(MergeChainsOp.create(operands=operands, result_types=[CHAIN]), op.location)


def tuple_element(into: FunctionBuilder, op: Operation) -> Sequence[SSAValue]:
    """An element of a tuple, which is values of its own."""
    index = number_of(op.properties["index"])
    (tuple_,) = operands_of(op)
    assert isinstance(tuple_.type, TupleType)
    sizes = [len(flat_types([type])) for type in tuple_.type.types]
    start = sum(sizes[:index])
    return into.value(tuple_)[start : start + sizes[index]]


def cast(into: FunctionBuilder, op: Operation) -> Sequence[SSAValue]:
    """What is known more or less of."""
    operands, types = into.operands(op), into.types(op.results, op)
    if [operand.type for operand in operands] == list(types):
        return operands
    return [
        into.insert(CastOp.create(operands=[operand], result_types=[type]), op.location)[0]
        for operand, type in zip(operands, types, strict=True)
    ]


def zero_id(into: FunctionBuilder, op: Operation) -> Sequence[SSAValue]:
    """The number of this device, which is the only one."""
    (type,) = op.result_types
    assert isinstance(type, TensorType)
    value = DenseIntOrFPElementsAttr.from_list(type, [0])
    return into.insert(
        ConstantOp.create(attributes={"value": value}, result_types=into.types(op.results, op)), op.location
    )


def _is_known(entry: OpEntry, types: Sequence[Attribute]) -> bool:
    """Whether a program says enough of an op's operands and results: of ops whose shapes follow from attributes and
    types alone, as StableHLO's do and those of custom calls, sizes may be missing.
    """
    if not all(isinstance(type, MemRefType) for type in types):
        return False
    if _is_source(entry.name):
        return True
    return all(isinstance(type, MemRefType) and type.has_static_shape() for type in types)


@lru_cache(maxsize=4096)
def _is_source(name: str) -> bool:
    return name.partition(".")[0] in (*SOURCES, CUSTOM_CALL)


def _can_be_fused(
    entry: OpEntry, given: Sequence[Attribute], attributes: ArrayAttr[Attribute], types: Sequence[Attribute]
) -> bool:
    if entry.elementwise is None or attributes.data or len(types) != 1:
        return False
    (type,) = types
    known = metadata_of_type(type)
    if min(known.shape, default=0) < 0 or any(each is not type and each != type for each in given):
        return False
    return entry.elementwise(known.dtype) is not None
