"""Moving tensors between devices: a copy for each pair of kinds of devices, registered by those who provide a device.

A device's kind is its name without the ordinal: ``CPU`` for ``CPU:0``. Between two kinds without a copy of their own,
a tensor goes through the host.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import Any

from tfrt.executor.core_runtime.op_handler import Invocation, Op, Outcome
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.runtime.failures import fulfil
from tfrt.executor.runtime.host_context import ExecutionContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.location import Location
from tfrt.executor.support.plugins import TFRT, ClashError, package_of
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.device import HOST_DEVICE, Device

Copy = Callable[[Any, Device, ExecutionContext], Any]
"""Given a tensor, the device to copy it to and the request: the copy, or an `AsyncValue` of it. It must not block."""

_COPIES: dict[tuple[str, str], Copy] = {("CPU", "CPU"): lambda tensor, device, context: tensor}


_PACKAGES: dict[tuple[str, str], str | None] = {}


def register_copy(source: str, target: str, copy: Copy) -> None:
    """Tell how tensors get from devices of kind `source` to those of kind `target`.

    The newest one of a pair wins, and one of your own stays in place of what packages bring along.

    Raises:
        UsageError: another package has registered a copy for these kinds.
    """
    pair, package = (source, target), package_of(copy)
    if package is not None and pair in _COPIES and (before := _PACKAGES.get(pair, TFRT)) != package:
        if before is None:
            return
        first, second = sorted((before, package), key=lambda name: name != TFRT)
        raise ClashError("copy", f"{source} to {target}", first, second)
    _PACKAGES[pair] = package
    _COPIES[pair] = copy


def transfer(
    handle: TensorHandle, device: Device, context: ExecutionContext, location: Location | None = None
) -> TensorHandle:
    """A handle of the tensor on `device`, made at once; the same handle where the tensor is there already.

    What goes wrong later, cancellation included, fails the new handle.

    Args:
        location: what an error of the copy is reported at; by default the caller reports it.

    Raises:
        KernelError: tensors cannot get from the one device to the other.
    """
    source, target = handle.device, device
    if source == target:
        return handle
    copy = _COPIES.get((source.kind, target.kind))
    if copy is None:
        if HOST_DEVICE.kind in (source.kind, target.kind):
            raise KernelError(f"cannot transfer tensors from {source.name} to {target.name}")
        return transfer(transfer(handle, HOST_DEVICE, context, location), target, context, location)
    copied = _copied(handle.tensor, copy, target, context)
    if location is not None:
        copied.and_then(partial(_report_failure, context=context, location=location))
    return TensorHandle(handle.host, target, copied, handle.metadata)


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
        moved = [transfer(h, place, context, location) for h, place in zip(invocation.arguments, places, strict=True)]
        return op(replace(invocation, arguments=tuple(moved)))

    return invoke


def _report_failure(copied: AsyncValue, context: ExecutionContext, location: Location) -> None:
    if copied.error is not None:
        context.report(copied.error, location)


def _copied(tensor: Any, copy: Copy, target: Device, context: ExecutionContext) -> AsyncValue:
    if type(tensor) is not AsyncValue:
        tensor = AsyncValue.of(tensor)
    result = AsyncValue()

    def go_on(there: AsyncValue) -> None:
        failed = there if there.is_error else context.cancellation
        if failed is not None:
            result.forward(failed)
            return
        fulfil([result], lambda: [copy(there.value, target, context)])

    tensor.and_then(go_on)
    return result
