"""A simulated fixed-point accelerator. Its memory holds integers that stand for numbers, so copying there rounds."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

import tfrt
from fixed_point.kernels import from_fixed, scaled, to_fixed


@dataclass(frozen=True, eq=False)
class FixedTensor:
    """A tensor in the device's memory, which the host must not touch."""

    kind: ClassVar[str] = "DenseFixed"

    device: tfrt.StreamDevice
    memory: np.ndarray
    dtype: ClassVar[tfrt.DType] = tfrt.DType.F32

    @property
    def shape(self) -> tuple[int, ...]:
        return self.memory.shape

    def __str__(self) -> str:
        return f"DenseFixedTensor shape = {list(self.shape)}, on {self.device.name}"


# What the device itself can do; all else is done by the host's CPU.
OPS = {
    "fixed.Scale": lambda x, attrs: scaled(x, attrs["factor"].value),
    "tf.Relu": lambda x, attrs: np.maximum(x, 0),
}


class FixedOpHandler:
    name = "fixed"

    def __init__(self, host: tfrt.HostContext):
        self.device = tfrt.StreamDevice("FIXED:0")
        self.fallback = tfrt.CpuOpHandler()
        host.on_close(self.device.close)

    def make_op(self, op_name: str) -> tfrt.Op:
        entry = tfrt.CPU_OPS.get(op_name) if op_name in OPS else None
        if entry is None:
            return tfrt.on_device(self.fallback.device, self.fallback.make_op(op_name))
        return tfrt.on_device(self.device, lambda invocation: tfrt.dispatch(entry, self.device, self.run, invocation))

    def run(self, entry: tfrt.OpEntry, inputs: list[Any], invocation: tfrt.Invocation, metadata: Any) -> list[Any]:
        def work() -> list[FixedTensor]:
            memory = OPS[entry.name](inputs[0].memory, invocation.attrs)
            return [FixedTensor(self.device, memory)]

        return self.device.submit(entry.name, work, 1, invocation.context)


def create(host: tfrt.HostContext) -> FixedOpHandler:
    """The handler of a host; what the entry point names."""
    return FixedOpHandler(host)


def to_device(tensor: Any, device: tfrt.StreamDevice, context: tfrt.ExecutionContext) -> tfrt.AsyncValue:
    dense = tfrt.to_dense(tensor)
    if dense.dtype is not tfrt.DType.F32:
        raise tfrt.KernelError(f"{device.name} holds f32 tensors, not {dense.dtype.label}")
    (copy,) = device.submit("copy to device", lambda: [FixedTensor(device, to_fixed(dense.array))], 1, context)
    return copy


def to_host(tensor: FixedTensor, host: tfrt.Device, context: tfrt.ExecutionContext) -> tfrt.AsyncValue:
    def work() -> list[tfrt.DenseHostTensor]:
        return [tfrt.DenseHostTensor(from_fixed(tensor.memory), tensor.dtype)]

    (copy,) = tensor.device.submit("copy to host", work, 1, context)
    return copy


tfrt.register_copy("CPU", "FIXED", to_device)
tfrt.register_copy("FIXED", "CPU", to_host)
