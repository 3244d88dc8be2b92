"""Devices by name."""

from __future__ import annotations

from tfrt.executor.attributes import String
from tfrt.executor.device import HOST_DEVICE, Device
from tfrt.executor.errors import KernelError
from tfrt.executor.kernel_registry import kernel
from tfrt.executor.values import Chain


@kernel("tfrt.get_device")
def get_device(chain: Chain, *, device_name: String) -> Device:
    if device_name != HOST_DEVICE.name:
        raise KernelError(f"cannot find device {device_name}")
    return HOST_DEVICE
