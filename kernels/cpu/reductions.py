"""Kernels that run elementwise ops and reductions in one pass over memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from tfrt.executor.bef.format import AttributeType
from tfrt.executor.declarations.broadcasting import with_leading_ones
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_attrs import read_metadata
from tfrt.executor.declarations.prepared import Prepared, writing_of
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.attributes import I64Array, TypedAggregate
from tfrt.executor.values.dtype import DType
from tfrt.kernels.cpu.into import kernel_and_into
from tfrt.kernels.cpu.steps import step_of
from tfrt.kernels.numerics.chains.reduction import Reduction, ReductionChain
from tfrt.kernels.numerics.chains.reduction_blocks import run_chain
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code.reduction import with_native_reduction
from tfrt.kernels.shared.reducers import known_reduction

Shape = tuple[int, ...]


@kernel_and_into("cpu.reduction")
def reduction(
    *,
    arguments: TypedAggregate,
    dimensions: I64Array,
    gives: I64Array,
    metadata: TypedAggregate,
    shape: I64Array,
    steps: TypedAggregate,
    host: HostContext,
) -> Callable[..., Any] | Prepared:
    results = read_metadata(metadata)
    chain = reduction_chain(read_metadata(arguments), dimensions, gives, results, shape, steps)
    shapes = [known.shape for known in results]
    run = with_native_reduction(run_chain(chain, shapes, host), chain, shapes, host)
    return Prepared(run, is_new=True, write=writing_of(run)) if len(results) == 1 else run


def reduction_chain(
    operands: Sequence[TensorMetadata],
    dimensions: Shape,
    gives: Shape,
    results: Sequence[TensorMetadata],
    shape: Shape,
    steps: Any,
) -> ReductionChain:
    """What the attributes of `cpu.reduction` describe.

    Raises:
        KernelError: they do not go together.
    """
    found, dtypes = _steps(steps, [known.dtype for known in operands])
    chain = ReductionChain(
        shape,
        tuple(sorted(dimensions)),
        tuple(_broadcast(known.shape, shape) for known in operands),
        found,
        tuple(dtype.numpy for dtype in dtypes),
        tuple(gives),
    )
    for value, known in zip(chain.gives, results, strict=True):
        if prod(known.shape) != prod(chain.shape_of(value)) or known.dtype is not dtypes[value]:
            made = TensorMetadata(dtypes[value], chain.shape_of(value))
            raise KernelError(f"a result {known} cannot be made of {made}")
    if any(map(chain.is_wide, chain.gives[1:])):
        raise KernelError("at most the first result may have all dimensions")
    return chain


def _broadcast(shape: Shape, result: Shape) -> Shape:
    """The shape with as many dimensions as the result.

    Raises:
        KernelError: it does not broadcast to the result's.
    """
    wide = with_leading_ones(shape, len(result))
    if len(wide) != len(result) or any(size not in (1, whole) for size, whole in zip(wide, result, strict=True)):
        raise KernelError(f"shape {list(shape)} does not broadcast to {list(result)}")
    return wide


def _steps(steps: Any, inputs: list[DType]) -> tuple[tuple[Step | Reduction, ...], list[DType]]:
    """The steps of a chain of inputs of these element types, and the types of all values."""
    dtypes = list(inputs)
    found: list[Step | Reduction] = []
    for step in steps:
        name, *details = step.value
        operands = tuple(each.value for each in details if each.type == DType.I64)
        type = next((each.value for each in details if each.type == AttributeType.TYPE), None)
        body = next((each.value for each in details if each.type == DType.STRING), None)
        if type is None:
            raise KernelError(f"step '{name.value}' does not say what type it gives")
        if body is not None:
            function = known_reduction(body, type)
            if function is None or dtypes[operands[0]] is not type:
                raise KernelError(f"'{body}' does not combine elements {dtypes[operands[0]].label} to {type.label}")
            found.append(Reduction(function, operands[0]))
        else:
            pairs = next((each.value for each in details if each.type == AttributeType.AGGREGATE), ())
            found.append(step_of(name.value, operands, [dtypes[n] for n in operands], type, pairs, type))
        dtypes.append(type)
    return tuple(found), dtypes
