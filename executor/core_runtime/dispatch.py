"""Dispatch: what op handlers of all devices do with an op, so that they differ only in how they run it.

Metadata first: where the inputs' shapes are known, so are the results', and a mistake in them is raised at once.
Tensors later: the op runs on the thread that made the last input available. Source of the semantics:
``lib/core_runtime/dispatch_utils.h`` in tensorflow/runtime.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfrt.executor.core_runtime.op_handler import Invocation, Outcome
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.op_registry import OpEntry
from tfrt.executor.runtime.failures import as_kernel_error, ends_call, fail_all, guard, settle_all
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN
from tfrt.executor.values.device import Device

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
    return _launch(entry, device, run, invocation, entry.run_metadata(known, invocation.attrs.by_name))


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
    return _launch(entry, device, run, invocation, entry.run_metadata(settled, invocation.attrs.by_name))


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

    def go_on() -> None:
        try:
            outcome = dispatch(entry, device, run, invocation)
            if len(outcome.results) != count:
                raise KernelError(f"op '{entry.name}' has {len(outcome.results)} results, not {count}")
        except BaseException as raised:
            error = as_kernel_error(raised)
            invocation.context.report(error, invocation.location)
            fail_all((*tensors, *metadata, *([chain] if has_effects else [])), error)
            if ends_call(raised):
                raise
            return
        for promise, known, handle in zip(tensors, metadata, outcome.results, strict=True):
            known.settle(handle.metadata)
            promise.settle(handle.tensor)
        if has_effects:
            chain.settle(outcome.chain)

    host.run_when_ready(unknown, go_on)
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

    def go_on() -> None:
        tensors = _run(entry, run, invocation, metadata, count)
        settle_all(promises, tensors[:count])
        if has_effects:
            done.settle(_done(tensors, host))

    promised = [*promises, done] if has_effects else promises
    host.run_when_ready(awaited, lambda: guard(promised, go_on))
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
        results = run(entry, inputs, invocation, metadata)
        if expected is not None and len(results) != expected:
            raise KernelError(f"op '{entry.name}' has {len(results)} results, not {expected}")
    except BaseException as error:
        if ends_call(error):
            raise
        raised = as_kernel_error(error)
        context.report(raised, invocation.location)
        return [AsyncValue.failed(raised)] * max(count, 1)
    for result in results:
        if type(result) is AsyncValue:
            result.and_then(lambda resolved: _report_failure(resolved, invocation))
    return results


def _report_failure(resolved: AsyncValue, invocation: Invocation) -> None:
    if resolved.error is not None:
        invocation.context.report(resolved.error, invocation.location)


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

    def finish() -> None:
        failed = next((t for t in pending if t.is_error), None)
        chain.settle(CHAIN if failed is None else failed)

    host.run_when_ready(pending, finish)
    return chain
