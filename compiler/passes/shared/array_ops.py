"""Ops of the core runtime as ops of the `cpu` dialect: what is known of results, and what stands in an op's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from xdsl.dialects.builtin import (
    ArrayAttr,
    ComplexType,
    DenseIntOrFPElementsAttr,
    LocationAttr,
    MemRefType,
    StringAttr,
    TensorType,
    f32,
    f64,
)
from xdsl.ir import Attribute, Operation, SSAValue

from tfrt.compiler.frontend.builtin_types import scalar_type
from tfrt.compiler.runtime_values import typed_values
from tfrt.dialects.cpu.arrays import ConstantOp
from tfrt.dialects.cpu.calls import CallOp, ElementwiseOp
from tfrt.dialects.cpu.metadata import metadata_attribute
from tfrt.dialects.cpu.steps import step_attribute
from tfrt.dialects.shared.interning import array_attribute, integer_attribute, memref_type, once_each
from tfrt.dialects.shared.ops import make_op, type_of
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import OpEntry
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.values.dtype import DType

Fact = TensorMetadata | np.ndarray
"""What is known of a tensor: its metadata, or for a constant all of it."""

_ELEMENT_TYPES: dict[DType, Attribute] = {
    **{dtype: type for dtype in DType if (type := scalar_type(dtype.mlir)) is not None},
    DType.COMPLEX64: ComplexType(f32),
    DType.COMPLEX128: ComplexType(f64),
}
_DTYPES = {type: dtype for dtype, type in _ELEMENT_TYPES.items()}


def metadata_of_fact(fact: Fact) -> TensorMetadata:
    """The metadata in a fact."""
    return fact if isinstance(fact, TensorMetadata) else TensorMetadata(DType.of(fact), fact.shape)


def can_hold(metadata: TensorMetadata) -> bool:
    """Whether arrays hold such elements as they are."""
    return metadata.dtype in _ELEMENT_TYPES


@lru_cache(maxsize=4096)
def memref(metadata: TensorMetadata) -> MemRefType:
    """The type of arrays of this metadata, which they can hold."""
    return memref_type(_ELEMENT_TYPES[metadata.dtype], metadata.shape)


@once_each
def is_static(type: Attribute) -> bool:
    """Whether it is the type of arrays whose shape is known; a memref may also be of what no array holds."""
    return isinstance(type, MemRefType) and type.element_type in _DTYPES and type.has_static_shape()


@once_each
def metadata_of_type(type: Attribute) -> TensorMetadata:
    """The metadata of arrays of a type."""
    assert isinstance(type, MemRefType)
    return TensorMetadata(_DTYPES[type.element_type], tuple(type.get_shape()))


def result_metadata(op: Operation, facts: Sequence[Fact]) -> tuple[TensorMetadata, ...] | None:
    """The metadata of an executed op's results; None unless it is known, and the op will run on arrays."""
    entry = entry_of(op)
    if entry is None or entry.has_effects or _has_elements(op.attributes.get("op_func_attrs")):
        return None
    try:
        values = attrs_of(op).by_name
        found = entry.run_constant_metadata(tuple(facts), values)
        if found is None or len(found) != len(op.results) or not all(map(can_hold, found)):
            return None
        inputs = tuple(map(metadata_of_fact, facts))
        if entry.array_form is not None:
            entry.arrays(inputs, values, None, found)
        elif entry.gives_dense or _is_elementwise(entry, found[0]):
            entry.keywords(len(inputs), values, None, found)
        else:
            return None
    except Exception:
        # Whatever is wrong with the op is reported, in its own words, when the program runs.
        return None
    return found


def entry_of(op: Operation) -> OpEntry | None:
    """What the CPU runs for the op that `op`, of `corert` or `cpu`, executes."""
    name = op.attributes.get("op_name")
    return CPU_OPS.get(name.data) if isinstance(name, StringAttr) else None


def attrs_of(op: Operation) -> OpAttrs:
    """The attributes of the op that `op`, of `corert` or `cpu`, executes.

    Raises:
        KernelError: they are not pairs of a name and a value.
        ValueError: files cannot hold them.
    """
    return _attrs_of(op.attributes["op_attrs"])


@once_each
def _attrs_of(attributes: Attribute) -> OpAttrs:
    assert isinstance(attributes, ArrayAttr)
    return OpAttrs.of_pairs(typed_values(attributes)).freeze()


def lower(
    op: Operation, arrays: Sequence[SSAValue], results: Sequence[TensorMetadata]
) -> tuple[list[Operation], list[SSAValue | None]]:
    """The ops in place of an executed op, and the arrays in place of its results; None where nobody uses one."""
    name = op.attributes["op_name"]
    assert isinstance(name, StringAttr)
    entry = entry_of(op)
    assert entry is not None
    parts = decomposed(op, entry, arrays)
    if parts is not None:
        return parts
    if results and _is_elementwise(entry, results[0]):
        lowered: Operation = elementwise(name.data, arrays, results[0], op.location)
        return [lowered], list(lowered.results)
    types = [memref(known) for known in results]
    lowered = call_op(name, arrays, types, op.location, op.attributes["op_attrs"])
    return [lowered], list(lowered.results)


def call_op(
    name: StringAttr,
    arrays: Sequence[SSAValue],
    types: Sequence[Attribute],
    location: LocationAttr,
    attributes: Attribute | None = None,
) -> CallOp:
    """An op of that name on arrays."""
    described: dict[str, Attribute] = {
        "arguments": metadata_attribute(map(type_of, arrays)),
        "inputs": integer_attribute(len(arrays)),
        "metadata": metadata_attribute(types),
        "op_attrs": array_attribute(()) if attributes is None else attributes,
        "op_name": name,
        "steps": array_attribute(()),
    }
    return make_op(CallOp, arrays, types, described, location=location)


def elementwise(name: str, arrays: Sequence[SSAValue], result: TensorMetadata, location: LocationAttr) -> ElementwiseOp:
    """An elementwise op on arrays."""
    return chain_op([step_attribute(name, range(len(arrays)))], arrays, memref(result), location)


def chain_op(
    steps: Sequence[Attribute], arrays: Sequence[SSAValue], type: Attribute, location: LocationAttr
) -> ElementwiseOp:
    """A chain of elementwise ops on arrays."""
    attributes: Mapping[str, Attribute] = {
        "arguments": metadata_attribute(map(type_of, arrays)),
        "metadata": metadata_attribute([type]),
        "steps": array_attribute(steps),
    }
    return make_op(ElementwiseOp, arrays, [type], attributes, location=location)


def constant(value: DenseIntOrFPElementsAttr, location: LocationAttr) -> ConstantOp:
    """A constant array."""
    type = memref_type(value.get_element_type(), tuple(value.get_shape()))
    return make_op(ConstantOp, (), [type], {"value": value}, location=location)


def decomposed(
    op: Operation, entry: OpEntry, arrays: Sequence[SSAValue]
) -> tuple[list[Operation], list[SSAValue | None]] | None:
    """The elementwise ops that an executed op consists of, if that is so and only its first result is used."""
    if any(result.uses for result in op.results[1:]):
        return None
    steps = entry.steps_for(tuple(metadata_of_type(array.type) for array in arrays), attrs_of(op).by_name)
    if not steps:
        return None
    ops: list[Operation] = []
    values = list(arrays)
    for step in steps:
        operands = []
        for operand in step.operands:
            if isinstance(operand, float):
                scalar = DenseIntOrFPElementsAttr.from_list(TensorType(f32, []), [operand])
                ops.append(constant(scalar, op.location))
            operands.append(ops[-1].results[0] if isinstance(operand, float) else values[operand])
        known = CPU_OPS.get(step.op)
        assert known is not None
        metadata = known.run_metadata(tuple(metadata_of_type(operand.type) for operand in operands), {})
        assert metadata is not None
        ops.append(elementwise(step.op, operands, metadata[0], op.location))
        values.append(ops[-1].results[0])
    return ops, [values[-1], *(None for _ in op.results[1:])]


def _is_elementwise(entry: OpEntry, result: TensorMetadata) -> bool:
    return entry.elementwise is not None and entry.elementwise(result.dtype) is not None


def _has_elements(attribute: Attribute | None) -> bool:
    return isinstance(attribute, ArrayAttr) and bool(attribute.data)
