"""PyTorch as a device: its tensors and kernels, on CUDA where there is a GPU and on its CPU otherwise.

On the CPU, tensors share memory with the host's in both directions (DLPack), unless the memory is read-only, and ops
run when their inputs are there; on a host with compute threads, each on one thread. On CUDA, ops are launched on a
stream of the handler's own and their tensors count as there at once, since the stream keeps the order; only copies
wait, on the host's threads for blocking work. Shapes are checked by the same metadata functions as the CPU's. Ops
that `torch_ops.py` does not list go to the fallback on the host, and their results stay there. Arguments in other
memories are copied.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch

from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.core_runtime.dispatch import dispatch, on_device
from tfrt.executor.core_runtime.op_handler import Invocation, Op, OpHandler
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.core_runtime.transfer import register_copy
from tfrt.executor.declarations.op import OpEntry
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.devices.torch_ops import DTYPES, OPS, TorchOp
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.device import Device
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, StringHostTensor, to_dense

KIND = "TORCH"

_lock = threading.Lock()
_former_threads: list[int] = []
"""How many threads PyTorch used before each of the open hosts with compute threads; guarded by `_lock`."""


@dataclass(frozen=True, eq=False, slots=True)
class TorchTensor:
    """A PyTorch tensor with the element type that the host knows it by."""

    kind: ClassVar[str] = "DenseTorch"

    device: TorchDevice
    value: torch.Tensor
    dtype: DType

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the dimensions."""
        return tuple(self.value.shape)

    def __dlpack__(self, **options: Any) -> Any:
        with self.device.stream():
            return self.value.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.value.__dlpack_device__()

    def __str__(self) -> str:
        return f"DenseTorchTensor dtype = {self.dtype.label}, shape = {list(self.shape)}, on {self.device.name}"


@dataclass(frozen=True, eq=False)
class TorchDevice(Device):
    """One of PyTorch's devices, ``cpu`` or ``cuda:0``, with a stream of its own where it has streams."""

    name: str
    torch_device: torch.device
    _stream: Any = field(init=False, repr=False)

    # Another host's device may have the same name.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __post_init__(self) -> None:
        stream = torch.cuda.Stream(self.torch_device) if self.has_stream else None
        object.__setattr__(self, "_stream", stream)

    @property
    def has_stream(self) -> bool:
        """Whether kernels are launched, to run later."""
        return self.torch_device.type == "cuda"

    def wait_for_caller(self) -> None:
        """Let the device's kernels run after those that this thread has launched on PyTorch's current stream."""
        if self.has_stream:
            self._stream.wait_stream(torch.cuda.current_stream(self.torch_device))

    def close(self) -> None:
        """Finish what has been launched."""
        if self.has_stream:
            self._stream.synchronize()

    def stream(self) -> AbstractContextManager[Any]:
        """Where this thread's kernels go within a ``with`` statement."""
        return torch.cuda.stream(self._stream) if self.has_stream else nullcontext()


@dataclass(frozen=True, eq=False)
class TorchOpHandler:
    """Runs ops with PyTorch, and asks `fallback` for those it has no kernel for."""

    device: TorchDevice
    fallback: OpHandler
    name: str = "torch"

    def make_op(self, op_name: str) -> Op:
        """The op of that name, on the device or, with copies, the fallback's."""
        op, entry = OPS.get(op_name), CPU_OPS.get(op_name)
        if op is None or entry is None:
            return on_device(self.fallback.device, self.fallback.make_op(op_name))
        run = partial(_run, op, self.device)
        return on_device(self.device, partial(dispatch, entry, self.device, run), op.host_operands)

    def tensor(self, host: HostContext, value: torch.Tensor) -> TensorHandle:
        """A handle of a tensor that is on the handler's device of PyTorch; its memory is shared.

        Raises:
            KernelError: it is elsewhere, or of a type that the host does not know.
        """
        if value.device != self.device.torch_device:
            raise KernelError(f"the tensor is on {value.device}, not on {self.device.torch_device}")
        dtype = next((dtype for dtype, found in DTYPES.items() if found is value.dtype), None)
        if dtype is None:
            raise KernelError(f"{self.device.name} cannot hold tensors of {value.dtype}")
        self.device.wait_for_caller()
        return TensorHandle(host, self.device, TorchTensor(self.device, value.detach(), dtype))


def _run(
    op: TorchOp, device: TorchDevice, entry: OpEntry, inputs: list[Any], invocation: Invocation, metadata: Any
) -> list[TorchTensor]:
    dtype = inputs[0].dtype
    if dtype not in op.dtypes:
        raise KernelError(f"{device.name} has no kernel of {entry.name} for {dtype.label}")
    values = [tensor.value if type(tensor) is TorchTensor else tensor for tensor in inputs]
    attrs = {name: attr.value for name, attr in invocation.attrs}
    with device.stream(), torch.inference_mode():
        computed = op.compute(*values, metadata=metadata, **attrs)
    results = computed if isinstance(computed, tuple) else (computed,)
    dtypes = [dtype] if metadata is None else [result.dtype for result in metadata]
    return [TorchTensor(device, *pair) for pair in zip(results, dtypes, strict=True)]


def create(host: HostContext) -> TorchOpHandler:
    """PyTorch on the first GPU or, where there is none, its CPU; what the entry point names."""
    return create_on(host, "cuda:0" if torch.cuda.is_available() else "cpu")


def create_on(host: HostContext, torch_device: str) -> TorchOpHandler:
    """An op handler for one of PyTorch's devices, e.g. ``cuda:1``, which is ``TORCH:1`` here."""
    chosen = torch.device(torch_device)
    if chosen.type == "cpu":
        _compute_on_calling_threads(host)
    else:
        chosen = torch.device(chosen.type, chosen.index or 0)
    device = TorchDevice(f"{KIND}:{chosen.index or 0}", chosen)
    host.on_close(device.close)
    return TorchOpHandler(device, CpuOpHandler())


def _compute_on_calling_threads(host: HostContext) -> None:
    """While a host with compute threads is open, PyTorch's kernels run on one thread each, as those of BLAS do."""
    if not host.work_queue.has_threads:
        return
    with _lock:
        _former_threads.append(torch.get_num_threads())
        torch.set_num_threads(1)

    def leave() -> None:
        with _lock:
            former = _former_threads.pop()
            if not _former_threads:
                torch.set_num_threads(former)

    host.on_close(leave)


def _from_host(tensor: Any, device: Any, context: ExecutionContext) -> Any:
    if isinstance(tensor, StringHostTensor) or tensor.dtype not in DTYPES:
        raise KernelError(f"{device.name} cannot hold {tensor.kind} tensors of {tensor.dtype.label}")
    dense = to_dense(tensor)
    array = dense.array if dense.dtype is not DType.BF16 else dense.array.view(np.int16)

    def copy() -> TorchTensor:
        # PyTorch has no read-only tensors.
        shared = torch.from_dlpack(array if array.flags.writeable else array.copy())
        with device.stream():
            return TorchTensor(device, shared.view(DTYPES[dense.dtype]).to(device.torch_device), dense.dtype)

    return _blocking(copy, context) if device.has_stream else copy()


def _to_host(tensor: TorchTensor, _: Device, context: ExecutionContext) -> Any:
    device = tensor.device

    def copy() -> DenseHostTensor:
        with device.stream():
            here = tensor.value.cpu().contiguous()
        if tensor.dtype is DType.BF16:
            return DenseHostTensor(here.view(torch.int16).numpy().view(DType.BF16.numpy), tensor.dtype)
        return DenseHostTensor(here.numpy(), tensor.dtype)

    return _blocking(copy, context) if device.has_stream else copy()


def _blocking(work: Callable[[], Any], context: ExecutionContext) -> AsyncValue:
    promise = AsyncValue()

    def results() -> list[Any]:
        return [work() if context.cancellation is None else context.cancellation]

    context.host.enqueue_blocking(fulfilling([promise], results))
    return promise


register_copy("CPU", KIND, _from_host)
register_copy(KIND, "CPU", _to_host)
