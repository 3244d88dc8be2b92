"""Moving tensors between devices: a copy for each pair of kinds of devices, registered by those who provide a device.

A device's kind is its name without the ordinal: ``CPU`` for ``CPU:0``. Between two kinds without a copy of their own,
a tensor goes through the host.

The copies are the process's, as the kinds of devices are: a copy is a function that is given all that it works on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.runtime.reports import reporting
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


def copied(
    tensor: Any, source: Device, target: Device, context: ExecutionContext, location: Location | None = None
) -> AsyncValue:
    """The copy of a tensor on another device, made when the tensor is there.

    What goes wrong later, cancellation included, fails the copy.

    Args:
        tensor: a tensor on `source`, or an `AsyncValue` of one.
        location: what an error of the copy is reported at; by default the caller reports it.

    Raises:
        KernelError: tensors cannot get from the one device to the other.
    """
    copy = _COPIES.get((source.kind, target.kind))
    if copy is None:
        if HOST_DEVICE.kind in (source.kind, target.kind):
            raise KernelError(f"cannot transfer tensors from {source.name} to {target.name}")
        on_host = copied(tensor, source, HOST_DEVICE, context, location)
        return copied(on_host, HOST_DEVICE, target, context, location)
    original = tensor if type(tensor) is AsyncValue else AsyncValue.of(tensor)
    result = AsyncValue()

    def results(_: AsyncValue) -> list[Any]:
        failed = original if original.is_error else context.cancellation
        return [copy(original.value, target, context) if failed is None else failed]

    original.and_then(fulfilling([result], results))
    if location is None:
        return result
    (reported,) = reporting([result], partial(context.report, location=location))
    return reported
