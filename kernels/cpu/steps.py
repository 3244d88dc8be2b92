"""What kernels on arrays do beside, or after, an op: elementwise steps, and a pool of what these give."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tfrt.executor.bef.format import AttributeType
from tfrt.executor.declarations import stablehlo_shapes
from tfrt.executor.declarations.annotations import Pooling, RowEpilogue
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import OpEntry
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.declarations.pools import Pool
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.chains.epilogues import epilogue
from tfrt.kernels.numerics.chains.parts import Part, whole
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.shared.element_kinds import loudly

Numbered = Callable[[int], int]


def following(
    entry: OpEntry,
    inputs: tuple[TensorMetadata, ...],
    attrs: Mapping[str, Any],
    steps: Any,
    others: Sequence[TensorMetadata],
    result: DType,
) -> tuple[RowEpilogue | None, Pooling | None]:
    """What is done to an op's result, as steps of its kernel say.

    Args:
        inputs: the op's, with attributes `attrs`.
        others: what steps read beside the op's result; they come after it among their operands.
        result: the type of what the op gives, and the steps.

    Raises:
        KernelError: they cannot follow this op, or one another.
    """
    number = next((n for n, step in enumerate(steps) if _is_pool(step)), None)
    if number is None:
        return _epilogue(steps, others, result), None
    if not entry.takes_pooling:
        raise KernelError(f"op '{entry.name}' cannot be fused with a pool")
    count = len(others)
    value = count + 1 + number
    if _operands(steps[number]) != (value - 1 if number else 0,):
        raise KernelError(f"step {number} must pool what the step before it gives")

    def numbered(operand: int) -> int:
        """The number of an operand of a step after the pool, whose value comes first there."""
        if operand == value:
            return 0
        if count < operand < value or not operand:
            raise KernelError("a step after a pool must not read what is before it")
        return operand if operand <= count else operand - value + count

    pool = _pool(entry, inputs, attrs, steps[number])
    before, after = (
        _epilogue(part, others, result, taken)
        for part, taken in ((steps[:number], None), (steps[number + 1 :], numbered))
    )
    return before, Pooling(pool, after)


def _epilogue(
    steps: Any, others: Sequence[TensorMetadata], result: DType, numbered: Numbered | None = None
) -> RowEpilogue | None:
    if not steps:
        return None
    shapes, found = tuple([known.shape for known in others]), epilogue_steps(steps, others, result, numbered)
    return RowEpilogue(epilogue(found, shapes), shapes, found)


def epilogue_steps(
    steps: Any, others: Sequence[TensorMetadata], result: DType, numbered: Numbered | None = None
) -> tuple[Step, ...]:
    """The steps that follow an op with a result of that type, and read other arrays; `numbered` is `steps_of`'s."""
    kinds = [result, *[known.dtype for known in others]]
    # Machine code of layers reads arrays of one type only.
    odd = {number for number, kind in enumerate(kinds) if kind is not result}
    found = steps_of(steps, kinds, result, numbered)
    return tuple([step if odd.isdisjoint(step.operands) else replace(step, native=None) for step in found])


def _pool(entry: OpEntry, inputs: tuple[TensorMetadata, ...], attrs: Mapping[str, Any], step: Any) -> Pool:
    """What a step combines of the result of an op.

    Raises:
        KernelError: it is no pool of that.
    """
    name, *details = step.value
    pairs = next((each.value for each in details if each.type == AttributeType.AGGREGATE), ())
    (operand,) = entry.run_metadata(inputs, attrs) or (None,)
    found = None if operand is None else op_named(name.value).pool_for(operand, OpAttrs.of_pairs(pairs).by_name)
    if found is None:
        raise KernelError(f"op '{name.value}' is no pool that can follow op '{entry.name}'")
    return found


def _is_pool(step: Any) -> bool:
    name, *_ = step.value
    return op_named(name.value).pool is not None


def _operands(step: Any) -> tuple[int, ...]:
    _, *details = step.value
    return tuple([each.value for each in details if each.type == DType.I64])


def steps_of(steps: Any, inputs: Sequence[DType], result: DType, numbered: Numbered | None = None) -> Sequence[Step]:
    """The steps of a chain of inputs of these element types.

    Args:
        numbered: gives operands' numbers where steps have others.
    """
    dtypes, found = list(inputs), []
    for step in steps:
        name, *details = step.value
        operands = _operands(step) if numbered is None else tuple(map(numbered, _operands(step)))
        gives = next((each.value for each in details if each.type == AttributeType.TYPE), result)
        pairs = next((each.value for each in details if each.type == AttributeType.AGGREGATE), ())
        found.append(step_of(name.value, operands, [dtypes[number] for number in operands], gives, pairs, result))
        dtypes.append(gives)
    return found


def steps_of_parts(steps: Any, known: Sequence[TensorMetadata], result: DType) -> tuple[Sequence[Step], Sequence[Part]]:
    """The steps of a chain of arrays, and the inputs that they read: these, or parts of them, which its first steps
    take."""
    shapes, dtypes = [each.shape for each in known], [each.dtype for each in known]
    slices = [step.value for step in itertools.takewhile(lambda step: step.value[0].value == "stablehlo.slice", steps)]
    if not slices:
        return steps_of(steps, dtypes, result), whole(shapes)
    parts = []
    for _, array, *details in slices:
        attrs = OpAttrs.of_pairs(details[-1].value).values()
        stablehlo_shapes.static_slice(
            shapes[array.value], attrs["start_indices"], attrs["limit_indices"], attrs["strides"]
        )
        starts = zip(attrs["start_indices"], attrs["limit_indices"], attrs["strides"], strict=True)
        parts.append(Part(array.value, shapes[array.value], tuple(starts)))
    found = steps_of(steps[len(slices) :], [*dtypes, *[dtypes[part.array] for part in parts]], result)
    used = {number for step in found for number in step.operands}
    read = [n for n in range(len(known)) if n in used or all(part.array != n for part in parts)]
    places = {number: place for place, number in enumerate([*read, *range(len(known), len(known) + len(steps))])}
    renumbered = [replace(step, operands=tuple([places[number] for number in step.operands])) for step in found]
    return renumbered, [*[Part(number, shapes[number]) for number in read], *parts]


def step_of(
    name: str, operands: tuple[int, ...], dtypes: Sequence[DType], gives: DType, pairs: Any, result: DType
) -> Step:
    """One step.

    Args:
        dtypes: those of its operands; `gives` is that of what it gives, and `result` the chain's.
        pairs: its op's attributes.
    """
    entry = op_named(name)
    kind = None if gives is result else gives.numpy
    if entry.by_element:
        known = tuple(TensorMetadata(dtype, ()) for dtype in dtypes)
        attrs = OpAttrs.of_pairs(pairs).by_name
        form = entry.arrays(known, attrs, None, (TensorMetadata(gives, ()),))
        return Step(loudly(form), operands, entry.native_for(attrs), kind)
    function = None if entry.elementwise is None else entry.elementwise(gives)
    if function is None or any(dtype is not gives for dtype in dtypes):
        raise KernelError(f"op '{name}' is not elementwise for {', '.join(dtype.label for dtype in {gives, *dtypes})}")
    return Step(function, operands, entry.native_for({}), kind)


def op_named(name: str) -> OpEntry:
    """The CPU's op of that name.

    Raises:
        KernelError: there is none.
    """
    entry = CPU_OPS.get(name)
    if entry is None:
        raise KernelError(f"the CPU has no op '{name}'")
    return entry
