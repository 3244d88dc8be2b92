"""A simulated accelerator: a model for devices with a memory and a clock of their own.

Its tensors are in a memory that the host does not read; copies and ops run on its stream (see `StreamDevice`). Ops
compute what the CPU's compute, on the device's memory, and their shapes are checked by the same metadata functions at
once. Ops whose shapes are not known beforehand or that have side effects, and other dialects' ops, go to the fallback,
for which arguments are copied to the host; their results stay there. Arguments in other memories are copied to the
device.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.core_runtime.dispatch import dispatch, on_device
from tfrt.executor.core_runtime.op_handler import Invocation, Op, OpHandler
from tfrt.executor.core_runtime.stream_device import StreamDevice
from tfrt.executor.core_runtime.transfer import register_copy
from tfrt.executor.declarations.op import OpEntry
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.device import Device
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, StringHostTensor, to_dense

KIND = "SIM"


@dataclass(frozen=True, eq=False, slots=True)
class SimulatedTensor:
    """A dense tensor in the memory of a simulated accelerator. The host must not touch `memory`."""

    kind: ClassVar[str] = "DenseSim"

    device: SimulatedDevice
    memory: np.ndarray
    dtype: DType

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the dimensions."""
        return self.memory.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise TypeError(f"a tensor on {self.device.name} cannot be read by the host; copy it there first")

    def __str__(self) -> str:
        return f"DenseSimTensor dtype = {self.dtype.label}, shape = {list(self.shape)}, on {self.device.name}"


@dataclass(frozen=True, eq=False)
class SimulatedDevice(StreamDevice):
    """A simulated accelerator; who makes one closes it.

    Args:
        latency: seconds that each op and each copy takes beyond its computation.
        on_event: called on the device's thread with ``"start"`` or ``"end"`` and the name of the op or copy. What it
            raises fails the op or copy.
    """

    name: str = f"{KIND}:0"
    latency: float = 0.0
    on_event: Callable[[str, str], object] | None = None

    def submit(self, name: str, work: Callable[[], Sequence[Any]], count: int, context: ExecutionContext) -> list[Any]:
        """Enqueue work, as every such device does; it takes as long as it takes here, and is told of."""

        def timed() -> Sequence[Any]:
            with self._told(name):
                if self.latency:
                    time.sleep(self.latency)
                return work()

        return super().submit(name, timed, count, context)

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        on_event = self.on_event
        if on_event is None:
            yield
            return
        on_event("start", name)
        try:
            yield
        finally:
            on_event("end", name)


@dataclass(frozen=True, eq=False)
class SimulatedOpHandler:
    """Runs the CPU's ops on a simulated accelerator."""

    device: SimulatedDevice
    fallback: OpHandler
    name: str = "sim"

    def make_op(self, op_name: str) -> Op:
        """The op of that name, on the device or, with copies, the fallback's."""
        entry = CPU_OPS.get(op_name) if op_name.startswith("tf.") else None
        if entry is None or entry.metadata is None or entry.has_effects:
            return on_device(self.fallback.device, self.fallback.make_op(op_name))
        found = entry
        return on_device(self.device, lambda invocation: dispatch(found, self.device, self._run, invocation))

    def _run(
        self, entry: OpEntry, inputs: list[Any], invocation: Invocation, metadata: tuple[Any, ...] | None
    ) -> list[Any]:
        assert metadata is not None  # make_op takes only ops with a metadata function
        device, context = self.device, invocation.context

        def work() -> list[SimulatedTensor]:
            arguments = tuple(DenseHostTensor(tensor.memory, tensor.dtype) for tensor in inputs)
            results = entry.run(arguments, invocation.attrs.by_name, context.host, metadata)
            return [SimulatedTensor(device, *_parts(result)) for result in results]

        return device.submit(entry.name, work, len(metadata), context)


def create(host: HostContext) -> SimulatedOpHandler:
    """The simulated accelerator ``SIM:0`` of a host; what the entry point names."""
    return create_with(host)


def create_with(host: HostContext, device: SimulatedDevice | None = None) -> SimulatedOpHandler:
    """An op handler on `device`, which ends with the host."""
    chosen = SimulatedDevice() if device is None else device
    host.on_close(chosen.close)
    return SimulatedOpHandler(chosen, CpuOpHandler())


def _parts(tensor: Any) -> tuple[np.ndarray, DType]:
    dense = to_dense(tensor)
    return dense.array, dense.dtype


def _from_host(tensor: Any, device: Any, context: ExecutionContext) -> AsyncValue:
    if isinstance(tensor, StringHostTensor):
        raise KernelError(f"{device.name} cannot hold {tensor.kind} tensors")

    def copy() -> list[SimulatedTensor]:
        array, dtype = _parts(tensor)
        return [SimulatedTensor(device, array.copy(), dtype)]

    (promise,) = device.submit("copy to device", copy, 1, context)
    return promise


def _to_host(tensor: SimulatedTensor, _: Device, context: ExecutionContext) -> AsyncValue:
    def copy() -> list[DenseHostTensor]:
        return [DenseHostTensor(tensor.memory.copy(), tensor.dtype)]

    (promise,) = tensor.device.submit("copy to host", copy, 1, context)
    return promise


register_copy("CPU", KIND, _from_host)
register_copy(KIND, "CPU", _to_host)
