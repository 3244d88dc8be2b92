"""Dispatch: what op handlers of all devices do with an op, so that they differ only in how they run it.

Metadata first: where the inputs' shapes are known, so are the results', and a mistake in them is raised at once.
Tensors later: the op runs on the thread that made the last input available. Source of the semantics:
``lib/core_runtime/dispatch_utils.h`` in tensorflow/runtime.

An op that runs on one device only has its inputs moved there first (`on_device`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from tfrt.executor.core_runtime.op_handler import Invocation, Op, Outcome
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.metadata import metadata_of
from tfrt.executor.declarations.op import OpEntry
from tfrt.executor.runtime.failures import as_failed, fulfilling
from tfrt.executor.runtime.reports import reporting
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.location import debug_info
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN
from tfrt.executor.values.device import HOST_DEVICE, Device

Run = Callable[[OpEntry, list[Any], Invocation, tuple[Any, ...] | None], Sequence[Any]]
"""How a device runs an op: given the op, its inputs (which are there), the call and the results' metadata where known,
it returns tensors or `AsyncValue`s of them. It must not block; an exception fails all results."""


def dispatch(entry: OpEntry, device: Device, run: Run, invocation: Invocation) -> Outcome:
    """Invoke the op on a device that runs it with `run`.

    Raises:
        KernelError: the inputs' shapes or types do not fit the op.
    """
    known = tuple([handle.metadata for handle in invocation.arguments])
    for metadata in known:
        if type(metadata) is AsyncValue:
            return _dispatch_unknown(entry, device, run, invocation, known)
    return _launch(entry, device, run, invocation, _metadata(entry, known, invocation))


def on_device(device: Device, op: Op, host_operands: Collection[int] = ()) -> Op:
    """The op with its arguments moved to `device` first; for handlers whose ops read one memory only.

    Args:
        host_operands: positions of arguments that are moved to the host instead, e.g. since a shape depends on them.
    """

    def invoke(invocation: Invocation) -> Outcome:
        places = [HOST_DEVICE if i in host_operands else device for i in range(len(invocation.arguments))]
        if all(handle.device == place for handle, place in zip(invocation.arguments, places, strict=True)):
            return op(invocation)
        context, location = invocation.context, invocation.location
        moved = [h.transfer(place, context, location) for h, place in zip(invocation.arguments, places, strict=True)]
        return op(replace(invocation, arguments=tuple(moved)))

    return invoke


def _dispatch_unknown(
    entry: OpEntry, device: Device, run: Run, invocation: Invocation, known: tuple[Any, ...]
) -> Outcome:
    """Dispatch where the metadata of an input was not known, or failed, when its handle was made."""
    unknown = [metadata for metadata in known if type(metadata) is AsyncValue]
    for metadata in unknown:
        if metadata.is_error:
            return _failed(entry, device, invocation, metadata)
    if any(metadata.is_pending for metadata in unknown):
        return _dispatch_later(entry, device, run, invocation, unknown)
    settled = tuple(m.value if type(m) is AsyncValue else m for m in known)
    return _launch(entry, device, run, invocation, _metadata(entry, settled, invocation))


def _dispatch_later(
    entry: OpEntry, device: Device, run: Run, invocation: Invocation, unknown: Sequence[AsyncValue]
) -> Outcome:
    """Promise the results; dispatch when the inputs' metadata is known."""
    host = invocation.context.host
    count = 1 if invocation.result_count is None else invocation.result_count
    tensors = [AsyncValue() for _ in range(count)]
    metadata = [AsyncValue() for _ in range(count)]
    has_effects = entry.has_effects
    chain = AsyncValue() if has_effects else invocation.chain
    promises = [*metadata, *tensors, *([chain] if has_effects else [])]

    def results() -> list[Any]:
        try:
            outcome = dispatch(entry, device, run, invocation)
            if len(outcome.results) != count:
                raise KernelError(f"op '{entry.name}' has {len(outcome.results)} results, not {count}")
        except BaseException as error:
            return [_failure(error, invocation)] * len(promises)
        known, there = [h.metadata for h in outcome.results], [h.tensor for h in outcome.results]
        return [*known, *there, *([outcome.chain] if has_effects else [])]

    host.run_when_ready(unknown, fulfilling(promises, results))
    handles = (TensorHandle(host, device, t, m) for t, m in zip(tensors, metadata, strict=True))
    return Outcome(tuple(handles), chain)


def _launch(
    entry: OpEntry, device: Device, run: Run, invocation: Invocation, metadata: tuple[Any, ...] | None
) -> Outcome:
    """Run the op, now or when its inputs (and, with side effects, its chain) are there."""
    host = invocation.context.host
    has_effects = entry.has_effects
    expected = invocation.result_count
    if metadata is not None and expected is not None and len(metadata) != expected:
        raise KernelError(f"op '{entry.name}' has {len(metadata)} results, not {expected}")
    awaited = [handle.tensor for handle in invocation.arguments]
    if has_effects:
        awaited.append(invocation.chain)
    pending = False
    for value in awaited:
        if type(value) is AsyncValue and value.is_pending:
            pending = True
    if not pending:
        tensors = _run(entry, run, invocation, metadata, expected)
        chain = _done(tensors, host) if has_effects else invocation.chain
        # A failed op has a failed value even where no result is expected; the chain has carried it on.
        return _outcome(host, device, tensors if expected is None else tensors[:expected], metadata, chain)
    count = len(metadata) if metadata is not None else (1 if expected is None else expected)
    promises = [AsyncValue() for _ in range(count)]
    done = AsyncValue() if has_effects else invocation.chain

    promised = [*promises, done] if has_effects else promises

    def results() -> list[Any]:
        tensors = _run(entry, run, invocation, metadata, count)
        return [*tensors[:count], *([_done(tensors, host)] if has_effects else [])]

    host.run_when_ready(awaited, fulfilling(promised, results))
    return _outcome(host, device, promises, metadata, done)


def _run(
    entry: OpEntry, run: Run, invocation: Invocation, metadata: tuple[Any, ...] | None, expected: int | None
) -> Sequence[Any]:
    """The op's results; one failed value a result (at least one, so that the chain learns of it) where it failed."""
    count = len(metadata) if metadata is not None else (1 if expected is None else expected)
    context = invocation.context
    failure = context.cancellation
    inputs = [handle.tensor for handle in invocation.arguments]
    for position, value in enumerate(inputs):
        if type(value) is AsyncValue:
            if value.is_error:
                failure = value
            else:
                inputs[position] = value.value
    if type(invocation.chain) is AsyncValue and invocation.chain.is_error:
        failure = invocation.chain
    if failure is not None:
        return [failure] * max(count, 1)
    try:
        trace = context.host.trace
        if trace is None:
            results = run(entry, inputs, invocation, metadata)
        else:
            with trace.scope(_described(entry, inputs, invocation, metadata, trace.has("debug"))):
                results = run(entry, inputs, invocation, metadata)
        if expected is not None and len(results) != expected:
            raise KernelError(f"op '{entry.name}' has {len(results)} results, not {expected}")
    except BaseException as error:
        return [_failure(error, invocation)] * max(count, 1)
    for result in results:
        if type(result) is AsyncValue:
            return reporting(results, lambda error: context.report(error, invocation.location))
    return results


def _metadata(entry: OpEntry, inputs: tuple[Any, ...], invocation: Invocation) -> tuple[Any, ...] | None:
    """The results' metadata, where there is a metadata function."""
    trace = invocation.context.host.trace
    if trace is None or entry.metadata is None:
        return entry.run_metadata(inputs, invocation.attrs.by_name)
    with trace.scope("RunMetadataFunction", "verbose"):
        return entry.run_metadata(inputs, invocation.attrs.by_name)


def _described(
    entry: OpEntry, inputs: list[Any], invocation: Invocation, metadata: tuple[Any, ...] | None, in_full: bool
) -> str:
    """What a trace calls the work of an op."""
    if not in_full:
        return f"RunDispatch: {entry.name}"
    info = debug_info(invocation.location)
    parts = [
        f"op_name={entry.name}",
        *([] if info is None else [f"long_name={info}"]),
        f"Inputs=({';'.join(str(metadata_of(tensor)) for tensor in inputs)})",
        f"Results=({';'.join(map(str, metadata or ()))})",
        f"Attributes={invocation.attrs}#",
    ]
    return f"RunDispatchFunction: {entry.name}#{','.join(parts)}"


def _failure(error: BaseException, invocation: Invocation) -> AsyncValue:
    """What the results of an op are that has raised `error`, which is reported.

    Raises:
        BaseException: `error`, where it ends the call.
    """
    failed = as_failed(error)
    if failed.error is not None:
        invocation.context.report(failed.error, invocation.location)
    return failed


def _outcome(
    host: Any, device: Device, tensors: Sequence[Any], metadata: tuple[Any, ...] | None, chain: Any
) -> Outcome:
    if metadata is None:
        known: Sequence[Any] = [None] * len(tensors)
    else:
        known, tensors = metadata, tensors[: len(metadata)]
    handles = [TensorHandle(host, device, t, m) for t, m in zip(tensors, known, strict=True)]
    return Outcome(tuple(handles), chain)


def _failed(entry: OpEntry, device: Device, invocation: Invocation, error: AsyncValue) -> Outcome:
    count = 1 if invocation.result_count is None else invocation.result_count
    handle = TensorHandle.failed(invocation.context.host, device, error)
    chain = error if entry.has_effects else invocation.chain
    return Outcome((handle,) * count, chain)


def _done(tensors: Sequence[Any], host: Any) -> Any:
    """The chain of an op with side effects: there when its results are."""
    pending = [t for t in tensors if type(t) is AsyncValue]
    if not pending:
        return CHAIN
    chain = AsyncValue()

    def outcome() -> list[Any]:
        return [next((t for t in pending if t.is_error), CHAIN)]

    host.run_when_ready(pending, fulfilling([chain], outcome))
    return chain
