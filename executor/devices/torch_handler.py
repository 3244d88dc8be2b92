"""PyTorch as a device: its tensors and kernels, on CUDA where there is a GPU and on its CPU otherwise.

On the CPU, tensors share memory with the host's in both directions (DLPack), unless the memory is read-only, and ops
run when their inputs are there. On CUDA, ops are launched on a stream of the handler's own and their tensors count as
there at once, since the stream keeps the order; only copies wait, on the host's threads for blocking work. Shapes are
checked by the same metadata functions as the CPU's. Other ops go to the fallback on the host, and their
results stay there. Arguments in other memories are copied.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch

from tfrt.executor.async_value import AsyncValue
from tfrt.executor.binding import as_kernel_error
from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.core_runtime.dispatch import dispatch
from tfrt.executor.core_runtime.op_handler import Invocation, Op, OpHandler
from tfrt.executor.core_runtime.op_registry import CPU_OPS, OpEntry
from tfrt.executor.core_runtime.transfer import on_device, register_copy
from tfrt.executor.device import Device
from tfrt.executor.dtype import DType
from tfrt.executor.errors import KernelError
from tfrt.executor.host_context import ExecutionContext, HostContext
from tfrt.executor.tensor import DenseHostTensor, StringHostTensor, to_dense

KIND = "TORCH"

_DTYPES = {
    DType.I1: torch.bool,
    DType.UI8: torch.uint8,
    DType.I8: torch.int8,
    DType.I16: torch.int16,
    DType.I32: torch.int32,
    DType.I64: torch.int64,
    DType.F16: torch.float16,
    DType.BF16: torch.bfloat16,
    DType.F32: torch.float32,
    DType.F64: torch.float64,
}


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

    def stream(self) -> AbstractContextManager[Any]:
        """Where this thread's kernels go within a ``with`` statement."""
        return torch.cuda.stream(self._stream) if self.has_stream else nullcontext()


def _matmul(a: Any, b: Any, *, transpose_a: bool = False, transpose_b: bool = False, **_: Any) -> torch.Tensor:
    return (a.T if transpose_a else a) @ (b.T if transpose_b else b)


_OPS: dict[str, Callable[..., torch.Tensor]] = {
    "tf.Relu": lambda x, **_: torch.relu(x),
    "tf.Add": lambda a, b, **_: a + b,
    "tf.AddV2": lambda a, b, **_: a + b,
    "tf.Sub": lambda a, b, **_: a - b,
    "tf.Mul": lambda a, b, **_: a * b,
    "tf.MatMul": _matmul,
    "tf.Softmax": lambda x, **_: torch.softmax(x, -1),
    "tf.LogSoftmax": lambda x, **_: torch.log_softmax(x, -1),
    "tf.Tanh": lambda x, **_: torch.tanh(x),
    "tf.Sigmoid": lambda x, **_: torch.sigmoid(x),
}


@dataclass(frozen=True, eq=False)
class TorchOpHandler:
    """Runs ops with PyTorch, and asks `fallback` for those it has no kernel for."""

    device: TorchDevice
    fallback: OpHandler
    name: str = "torch"

    def make_op(self, op_name: str) -> Op:
        """The op of that name, on the device or, with copies, the fallback's."""
        kernel, entry = _OPS.get(op_name), CPU_OPS.get(op_name)
        if kernel is None or entry is None:
            return on_device(self.fallback.device, self.fallback.make_op(op_name))
        device = self.device

        def run(_: OpEntry, inputs: list[Any], invocation: Invocation, metadata: Any) -> tuple[TorchTensor]:
            attrs = {name: attr.value for name, attr in invocation.attrs}
            with device.stream(), torch.inference_mode():
                result = kernel(*(tensor.value for tensor in inputs), **attrs)
            return (TorchTensor(device, result, metadata[0].dtype),)

        return on_device(device, lambda invocation: dispatch(entry, device, run, invocation))


def create(host: HostContext) -> TorchOpHandler:
    """PyTorch on the first GPU or, where there is none, its CPU; what the entry point names."""
    return create_on("cuda:0" if torch.cuda.is_available() else "cpu")


def create_on(torch_device: str) -> TorchOpHandler:
    """An op handler for one of PyTorch's devices."""
    chosen = torch.device(torch_device)
    return TorchOpHandler(TorchDevice(f"{KIND}:{chosen.index or 0}", chosen), CpuOpHandler())


def _from_host(tensor: Any, device: Any, context: ExecutionContext) -> Any:
    if isinstance(tensor, StringHostTensor) or tensor.dtype not in _DTYPES:
        raise KernelError(f"{device.name} cannot hold {tensor.kind} tensors of {tensor.dtype.label}")
    dense = to_dense(tensor)
    array = dense.array if dense.dtype is not DType.BF16 else dense.array.view(np.int16)

    def copy() -> TorchTensor:
        # PyTorch has no read-only tensors.
        shared = torch.from_dlpack(array if array.flags.writeable else array.copy())
        with device.stream():
            return TorchTensor(device, shared.view(_DTYPES[dense.dtype]).to(device.torch_device), dense.dtype)

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

    def run() -> None:
        failed = context.cancellation
        if failed is not None:
            promise.forward(failed)
            return
        try:
            result = work()
        except Exception as error:
            promise.set_error(as_kernel_error(error))
            return
        promise.set(result)

    context.host.enqueue_blocking(run)
    return promise


register_copy("CPU", KIND, _from_host)
register_copy(KIND, "CPU", _to_host)
