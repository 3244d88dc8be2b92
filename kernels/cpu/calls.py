"""Kernels that run ops of the core runtime on arrays, in new memory or, as `..._into`, in memory that they are given.

What follows from shapes and attributes is found out once, when a program is loaded: an op with an array form (see
`tfrt.executor.declarations.op`) is that form alone, and other ops get the tensors that they are used to. Where sizes
are not known before the program runs, it is found out when the first arrays of a shape come, and kept for others like
them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfrt.executor.declarations.kernel import is_of_this_package
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm, OpEntry
from tfrt.executor.declarations.op_attrs import OpAttrs, plain, read_metadata
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
from tfrt.kernels.cpu.steps import following, op_named, steps_of_parts
from tfrt.kernels.numerics.chains.elementwise import chain
from tfrt.kernels.numerics.chains.parts import reading
from tfrt.kernels.numerics.machine_code.chain import LEAST_BYTES, LEAST_STEPS, with_native_chain
from tfrt.kernels.numerics.machine_code.chain import Chain as ElementwiseChain


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
    entry = op_named(op_name)
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
    entry = op_named(op_name)
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
    attrs = OpAttrs.of_pairs(op_attrs).by_name

    def prepare(known: Sequence[TensorMetadata], gives: tuple[TensorMetadata, ...]) -> ArrayForm:
        taken = tuple(known[:inputs])
        epilogue, pooling = following(entry, taken, attrs, steps, known[inputs:], results[0].dtype)
        return entry.arrays(taken, attrs, host, gives, epilogue, pooling)

    if all(_is_static(known) for known in operands):
        return prepare(operands, results)

    def prepare_for(shapes: Sequence[tuple[int, ...]]) -> ArrayForm:
        known = tuple(TensorMetadata(o.dtype, shape) for o, shape in zip(operands, shapes, strict=True))
        return prepare(known, _result_metadata(entry, known[:inputs], attrs, results))

    return _by_shapes(prepare_for)


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
    entry, attrs = op_named(op_name), OpAttrs.of_pairs(op_attrs)
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
