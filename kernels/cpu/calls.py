"""Kernels that run ops of the core runtime on arrays, in new memory or, as `..._into`, in memory that they are given.

What follows from shapes and attributes is found out once, when a program is loaded: an op with an array form (see
`tfrt.executor.declarations.op`) is that form alone, and other ops get the tensors that they are used to. Where sizes
are not known before the program runs, it is found out when the first arrays of a shape come, and kept for others like
them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tfrt.executor.bef.format import AttributeType
from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.declarations.kernel import is_of_this_package
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm, OpEntry
from tfrt.executor.declarations.op_attrs import OpAttrs, plain, read_metadata
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.declarations.prepared import Prepared, writing_of
from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.attributes import I64, String, TypedAggregate
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, to_dense
from tfrt.kernels.cpu.into import into_last, kernel_and_into
from tfrt.kernels.numerics.chains.elementwise import Step, chain, epilogue
from tfrt.kernels.numerics.chains.parts import Part, reading, whole
from tfrt.kernels.numerics.machine_code.chain import LEAST_BYTES, LEAST_STEPS, with_native_chain
from tfrt.kernels.numerics.machine_code.chain import Chain as ElementwiseChain
from tfrt.kernels.shared.element_kinds import loudly


@kernel("cpu.call", pure=True, prepares=True)
def call(
    *,
    arguments: TypedAggregate,
    inputs: I64,
    metadata: TypedAggregate,
    op_attrs: TypedAggregate,
    op_name: String,
    steps: TypedAggregate,
    host: HostContext,
) -> Callable[..., Any] | Prepared:
    entry = _op(op_name)
    if entry.array_form is not None:
        form = _array_form(
            entry,
            arguments=arguments,
            inputs=inputs,
            metadata=metadata,
            op_attrs=op_attrs,
            steps=steps,
            host=host,
        )
        return _prepared(entry, form, len(metadata))
    return _on_tensors(entry, read_metadata(arguments), OpAttrs.of_pairs(op_attrs), host, read_metadata(metadata))


@kernel("cpu.execute", prepares=True)
def execute(
    *, metadata: TypedAggregate, op_attrs: TypedAggregate, op_name: String, host: HostContext
) -> Callable[..., Any]:
    return _by_values(op_name, op_attrs, metadata, host)


@kernel("cpu.call_in_order", prepares=True)
def call_in_order(
    *, metadata: TypedAggregate, op_attrs: TypedAggregate, op_name: String, host: HostContext
) -> Callable[..., Any]:
    run = _by_values(op_name, op_attrs, metadata, host)
    has_results = bool(metadata)

    def call(chain: Chain, *values: Any) -> Any:
        found = run(*values)
        return (CHAIN, *(found if type(found) is tuple else (found,))) if has_results else CHAIN

    return call


@kernel("cpu.call_into", pure=True, prepares=True, overwrites=True)
def call_into(
    *,
    arguments: TypedAggregate,
    inputs: I64,
    metadata: TypedAggregate,
    op_attrs: TypedAggregate,
    op_name: String,
    steps: TypedAggregate,
    host: HostContext,
) -> Callable[..., Any] | Prepared:
    entry = _op(op_name)
    run = _array_form(
        entry,
        arguments=arguments,
        inputs=inputs,
        metadata=metadata,
        op_attrs=op_attrs,
        steps=steps,
        host=host,
    )
    return _prepared(entry, run, 1, into=into_last(run))


@kernel_and_into("cpu.elementwise")
def elementwise(
    *, arguments: TypedAggregate, metadata: TypedAggregate, steps: TypedAggregate, host: HostContext
) -> Prepared:
    run = _chain(arguments, metadata, steps, host)
    return Prepared(run, is_new=True, write=writing_of(run))


def _prepared(
    entry: OpEntry, form: ArrayForm, results: int, *, into: Callable[..., Any] | None = None
) -> Callable[..., Any] | Prepared:
    """What is known of the array form of an op of this package; of others' nothing.

    Args:
        into: the function that is called, where it is not the form itself: it is given `out` as its last operand.
    """
    call = form if into is None else into
    if results != 1 or not is_of_this_package(entry.dispatch):
        return call
    return Prepared(call, is_new=not entry.views, write=writing_of(form))


def _array_form(
    entry: OpEntry, *, arguments: Any, inputs: int, metadata: Any, op_attrs: Any, steps: Any, host: HostContext
) -> ArrayForm:
    operands, results = read_metadata(arguments), read_metadata(metadata)
    if entry.array_form is None:
        raise KernelError(f"op '{entry.name}' cannot write into memory that it is given")
    if steps and not entry.takes_epilogue:
        raise KernelError(f"op '{entry.name}' cannot be fused with others")
    found = epilogue_steps(steps, operands[inputs:], results[0]) if steps else ()
    run = epilogue(found, [known.shape for known in operands[inputs:]]) if found else None

    def finish(others: Sequence[tuple[int, ...]]) -> RowEpilogue | None:
        return None if run is None else RowEpilogue(run, tuple(others), found)

    attrs = OpAttrs.of_pairs(op_attrs).by_name
    if all(_is_static(known) for known in operands):
        following = finish([known.shape for known in operands[inputs:]])
        return entry.arrays(operands[:inputs], attrs, host, results, following)

    def prepare(shapes: Sequence[tuple[int, ...]]) -> ArrayForm:
        known = tuple(TensorMetadata(o.dtype, shape) for o, shape in zip(operands, shapes, strict=True))[:inputs]
        gives = _result_metadata(entry, known, attrs, results)
        return entry.arrays(known, attrs, host, gives, finish(shapes[inputs:]))

    return _by_shapes(prepare)


def epilogue_steps(steps: Any, others: Sequence[TensorMetadata], result: TensorMetadata) -> tuple[Step, ...]:
    """The steps that follow an op with that result, and read other arrays."""
    kinds = [result.dtype, *[known.dtype for known in others]]
    # Machine code of layers reads arrays of one type only.
    odd = {number for number, kind in enumerate(kinds) if kind is not result.dtype}
    found = _steps(steps, kinds, result.dtype)
    return tuple([step if odd.isdisjoint(step.operands) else replace(step, native=None) for step in found])


def _result_metadata(
    entry: OpEntry, operands: tuple[TensorMetadata, ...], attrs: Mapping[str, Any], said: tuple[TensorMetadata, ...]
) -> tuple[TensorMetadata, ...]:
    """What results are, now that it is known what operands are, as far as that follows; `said` is what the program
    says.

    Raises:
        KernelError: the operands do not go together, or do not give what the program says.
    """
    # What an eager caller gives where it does not follow from operands.
    given: dict[str, Any] = {}
    if len(said) == 1 and _is_static(said[0]):
        given = {"dtype": said[0].dtype, "shape": said[0].shape}
    elif len(said) == 1:
        given = {"dtype": said[0].dtype}
    found = entry.run_metadata(operands, {**given, **attrs})
    if found is None:
        return said
    for result, expected in zip(found, said, strict=True):
        if not _may_be(result.shape, expected.shape):
            raise KernelError(
                f"op '{entry.name}' gives a result of shape {list(result.shape)}, but the program says "
                f"{_spelled(expected.shape)}",
                code="INVALID_ARGUMENT",
            )
    return tuple(TensorMetadata(of.dtype, result.shape) for of, result in zip(said, found, strict=True))


def _may_be(shape: tuple[int, ...], said: tuple[int, ...]) -> bool:
    return len(shape) == len(said) and all(size < 0 or size == other for size, other in zip(said, shape, strict=True))


def _spelled(shape: tuple[int, ...]) -> str:
    return f"[{', '.join('?' if size < 0 else str(size) for size in shape)}]"


def _is_static(known: TensorMetadata) -> bool:
    return all(size >= 0 for size in known.shape)


_MOST_SHAPES = 64
"""For how many combinations of shapes an op's array form is kept."""


def _by_shapes(prepare: Callable[[Sequence[tuple[int, ...]]], ArrayForm]) -> ArrayForm:
    """An array form that is prepared for each combination of shapes when arrays of these come."""
    forms: dict[tuple[tuple[int, ...], ...], ArrayForm] = {}

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        # Numbers may come for arrays without dimensions, see `OpEntry.numbers_from`.
        shapes = tuple([() if type(array) is int else array.shape for array in arrays])
        form = forms.get(shapes)
        if form is None:
            form = prepare(shapes)
            if len(forms) >= _MOST_SHAPES:
                forms.clear()
            forms[shapes] = form
        return form(*arrays) if out is None else form(*arrays, out=out)

    return run


def _chain(arguments: Any, metadata: Any, steps: Any, host: HostContext) -> ArrayForm:
    (result,) = read_metadata(metadata)
    known, dtype = read_metadata(arguments), result.dtype.numpy
    found, parts = steps_of_parts(steps, known, result.dtype)
    inputs = [known[part.array] for part in parts]
    shapes = [each.shape if part.starts is None else result.shape for each, part in zip(inputs, parts, strict=True)]
    largest = max(dtype.itemsize, *(each.dtype.numpy.itemsize for each in known))
    run = chain(found, shapes, result.shape, largest, dtype)
    is_sliced = any(part.starts is not None for part in parts)
    if is_sliced:
        run = reading(run, parts)
    is_large = math.prod(result.shape) * largest >= LEAST_BYTES
    if host.native is False or not (is_large or (host.native is True and len(found) >= LEAST_STEPS)):
        return run
    dtypes, taken = [each.dtype.numpy for each in inputs], parts if is_sliced else None
    described = ElementwiseChain(shapes, dtypes, result.shape, dtype, found, taken)
    return with_native_chain(run, described, host, is_small=not is_large)


def steps_of_parts(steps: Any, known: Sequence[TensorMetadata], result: DType) -> tuple[Sequence[Step], Sequence[Part]]:
    """The steps of a chain of arrays, and the inputs that they read: these, or parts of them, which its first steps
    take."""
    shapes, dtypes = [each.shape for each in known], [each.dtype for each in known]
    slices = [step.value for step in itertools.takewhile(lambda step: step.value[0].value == "stablehlo.slice", steps)]
    if not slices:
        return _steps(steps, dtypes, result), whole(shapes)
    parts = []
    for _, array, *details in slices:
        attrs = OpAttrs.of_pairs(details[-1].value).values()
        starts = zip(attrs["start_indices"], attrs["limit_indices"], attrs["strides"], strict=True)
        parts.append(Part(array.value, shapes[array.value], tuple(starts)))
    found = _steps(steps[len(slices) :], [*dtypes, *[dtypes[part.array] for part in parts]], result)
    used = {number for step in found for number in step.operands}
    read = [n for n in range(len(known)) if n in used or all(part.array != n for part in parts)]
    places = {number: place for place, number in enumerate([*read, *range(len(known), len(known) + len(steps))])}
    renumbered = [replace(step, operands=tuple([places[number] for number in step.operands])) for step in found]
    return renumbered, [*[Part(number, shapes[number]) for number in read], *parts]


def _steps(steps: Any, inputs: Sequence[DType], result: DType) -> Sequence[Step]:
    """The steps of a chain of inputs of these element types."""
    dtypes, found = list(inputs), []
    for step in steps:
        name, *details = step.value
        operands = tuple(each.value for each in details if each.type == DType.I64)
        gives = next((each.value for each in details if each.type == AttributeType.TYPE), result)
        pairs = next((each.value for each in details if each.type == AttributeType.AGGREGATE), ())
        found.append(step_of(name.value, operands, [dtypes[number] for number in operands], gives, pairs, result))
        dtypes.append(gives)
    return found


def step_of(
    name: str, operands: tuple[int, ...], dtypes: Sequence[DType], gives: DType, pairs: Any, result: DType
) -> Step:
    """One step.

    Args:
        dtypes: those of its operands; `gives` is that of what it gives, and `result` the chain's.
        pairs: its op's attributes.
    """
    entry = _op(name)
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


def _op(name: str) -> OpEntry:
    entry = CPU_OPS.get(name)
    if entry is None:
        raise KernelError(f"the CPU has no op '{name}'")
    return entry


def _on_tensors(
    entry: OpEntry,
    inputs: tuple[TensorMetadata, ...],
    attrs: OpAttrs,
    host: HostContext,
    results: tuple[TensorMetadata, ...],
) -> Callable[..., Any]:
    keywords = entry.keywords(len(inputs), attrs.by_name, host, results)
    dtypes = [known.dtype for known in inputs]
    count = len(results)

    def run(*operands: np.ndarray) -> Any:
        found = entry.dispatch(*map(DenseHostTensor, operands, dtypes), **keywords)
        if type(found) is DenseHostTensor and count == 1:
            return found.array
        tensors = found if type(found) is tuple else () if found is None else (found,)
        if len(tensors) != count:
            raise KernelError(f"op '{entry.name}' has {len(tensors)} results, not {count}")
        arrays = tuple(map(_array, tensors))
        return arrays[0] if count == 1 else arrays

    return run


def _by_values(op_name: str, op_attrs: Any, metadata: Any, host: HostContext) -> ArrayForm:
    """The op for whatever it is given."""
    entry, attrs = _op(op_name), OpAttrs.of_pairs(op_attrs)
    declared = tuple(map(_declared, map(plain, metadata)))
    if entry.constant_metadata is not None and entry.array_form is None:
        # What it gives depends on elements of what it is given.
        return lambda *values: _form_of(entry, values, attrs, host, declared)(*values)
    return _by_kind(lambda values: _form_of(entry, values, attrs, host, declared))


def _declared(known: Sequence[Any]) -> TensorMetadata | None:
    """What a program says of a result of `cpu.execute`: one size that is not known where the rank is not; None for what
    is no array."""
    if not known:
        return None
    return TensorMetadata(known[0], tuple(-1 if size == "*" else size for size in known[1:]))


def _form_of(
    entry: OpEntry,
    values: tuple[Any, ...],
    attrs: OpAttrs,
    host: HostContext,
    declared: tuple[TensorMetadata | None, ...],
) -> ArrayForm:
    """The op for values like these."""
    inputs = tuple(map(_metadata_of, values))
    known = tuple([v if type(v) is np.ndarray else _OBJECT for v in values])
    found = entry.run_constant_metadata(known, attrs.by_name)
    results: Any = tuple(declared if found is None else found)
    if entry.array_form is not None:
        return entry.arrays(inputs, attrs.by_name, host, results)
    return _on_tensors(entry, inputs, attrs, host, results)


def _metadata_of(value: Any) -> TensorMetadata:
    """The metadata of an array; of an object, which stands where a tensor of one variant would."""
    return TensorMetadata(DType.of(value), value.shape) if type(value) is np.ndarray else _OBJECT


_OBJECT = TensorMetadata(DType.VARIANT, ())


def _by_kind(prepare: Callable[[tuple[Any, ...]], ArrayForm]) -> ArrayForm:
    """An array form that is prepared for each combination of element types and shapes when arrays of these come."""
    forms: dict[Any, ArrayForm] = {}
    # Of one array or two those that came last, which mostly come again: comparing takes a third of looking up. One
    # tuple, for other threads replace it.
    last: tuple[Any, ...] = (None,) * 5

    def run(*values: Any) -> Any:
        nonlocal last
        is_short = 0 < len(values) <= 2
        if is_short:
            first, other = values[0], values[-1]
            shape, dtype, other_shape, other_dtype, form = last
            if (
                type(first) is np.ndarray
                and type(other) is np.ndarray
                and first.shape == shape
                and other.shape == other_shape
                and first.dtype is dtype
                and other.dtype is other_dtype
            ):
                return form(*values)
        kind = tuple([(v.dtype, v.shape) if type(v) is np.ndarray else type(v) for v in values])
        form = forms.get(kind)
        if form is None:
            form = prepare(values)
            if len(forms) >= _MOST_SHAPES:
                forms.clear()
            forms[kind] = form
        if is_short and type(values[0]) is type(values[-1]) is np.ndarray:
            first, other = values[0], values[-1]
            last = (first.shape, first.dtype, other.shape, other.dtype, form)
        return form(*values)

    return run


def _array(tensor: Any) -> Any:
    if type(tensor) is not AsyncValue:
        return to_dense(tensor).array
    array = AsyncValue()
    tensor.and_then(fulfilling([array], lambda done: [to_dense(done.value).array]))
    return array
