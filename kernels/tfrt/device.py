"""Devices by name."""

from __future__ import annotations

from tfrt.executor.core_runtime.handlers import Handlers
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.attributes import String
from tfrt.executor.values.chain import Chain
from tfrt.executor.values.device import HOST_DEVICE, Device


@kernel("tfrt.get_device")
def get_device(chain: Chain, host: HostContext, *, device_name: String) -> Device:
    if device_name == HOST_DEVICE.name:
        return HOST_DEVICE
    device = Handlers.of(host).device(device_name)
    if device is None:
        raise KernelError(f"cannot find device {device_name}")
    return device
