"""A tensor that an op has produced or will produce: its metadata at once where that is possible, its elements later."""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from tfrt.executor.core_runtime.eager_caller import EagerCaller
from tfrt.executor.core_runtime.handlers import Handlers
from tfrt.executor.core_runtime.transfer import copied
from tfrt.executor.declarations.metadata import TensorMetadata, metadata_of
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.location import Location
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.device import Device, Placed

if TYPE_CHECKING:
    import numpy as np


class TensorHandle:
    """A tensor on a device.

    Attributes:
        tensor: a tensor of any kind, or an `AsyncValue` of one, pending or failed.
        metadata: a `TensorMetadata`, or an `AsyncValue` of one where it is known only when the tensor is there.
        device: where the tensor is.
    """

    __slots__ = ("device", "host", "metadata", "tensor")

    def __init__(self, host: HostContext, device: Device, tensor: Any, metadata: Any = None):
        self.host = host
        self.device = device
        self.tensor = tensor if type(tensor) is not AsyncValue else _unboxed(tensor)
        if metadata is None:
            metadata = self._metadata_of_tensor()
        self.metadata = metadata if type(metadata) is not AsyncValue else _unboxed(metadata)

    @staticmethod
    def failed(host: HostContext, device: Device, error: AsyncValue) -> TensorHandle:
        """A handle of a tensor that could not be produced."""
        return TensorHandle(host, device, error, error)

    @property
    def error(self) -> KernelError | None:
        """Why there is no tensor, where that is known."""
        return self.tensor.error if type(self.tensor) is AsyncValue else None

    @property
    def is_available(self) -> bool:
        """Whether the tensor is there."""
        return type(self.tensor) is not AsyncValue or self.tensor.is_available

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape; waits for it where it is not known yet.

        Raises:
            KernelError: there is no tensor.
        """
        return self._wait_for_metadata().shape

    @property
    def dtype(self) -> Any:
        """The tensor's element type; waits for it where it is not known yet.

        Raises:
            KernelError: there is no tensor.
        """
        return self._wait_for_metadata().dtype

    def result(self) -> Any:
        """The tensor; waits for it.

        Raises:
            KernelError: there is no tensor.
        """
        return self._wait_for(self.tensor)

    def result_now(self) -> Any:
        """The tensor, which must be there; for kernels, whose operands are.

        Raises:
            KernelError: there is no tensor.
        """
        return self.tensor.value if type(self.tensor) is AsyncValue else self.tensor

    def to(self, device: Device | Placed | str) -> TensorHandle:
        """A handle of the tensor on another device, at once: see `CoreRuntime.transfer`."""
        return self.to_from(EagerCaller.at(sys._getframe(1)), device, ExecutionContext(self.host))

    def to_from(self, caller: EagerCaller, device: Device | Placed | str, context: ExecutionContext) -> TensorHandle:
        """`to` on behalf of a line of Python, which errors point at, as a part of a request."""
        try:
            return self.transfer(Handlers.of(self.host).place(device), context, caller.location())
        except KernelError as error:
            raise caller.located(error) from error.__cause__

    def transfer(self, device: Device, context: ExecutionContext, location: Location | None = None) -> TensorHandle:
        """A handle of the tensor on `device`, made at once; this one where the tensor is there already.

        What goes wrong later, cancellation included, fails the new handle.

        Args:
            location: what an error of the copy is reported at; by default the caller reports it.

        Raises:
            KernelError: tensors cannot get from the one device to the other.
        """
        if self.device == device:
            return self
        copy = copied(self.tensor, self.device, device, context, location)
        return TensorHandle(self.host, device, copy, self.metadata)

    def numpy(self) -> np.ndarray:
        """The elements as a numpy array, which shares the tensor's memory where it is dense; waits for them.

        Raises:
            KernelError: there is no tensor, or it is in a device's memory: then ``handle.to("cpu")`` copies it.
        """
        return _to_host_array(self.result())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        import numpy as np

        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"a copy is needed to convert from {array.dtype} to {dtype}")
            return array.astype(dtype)
        return np.array(array) if copy else array

    def __dlpack__(self, **options: Any) -> Any:
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.numpy().__dlpack_device__()

    def __await__(self) -> Generator[Any, None, Any]:
        yield from self.host.wait_async([self.tensor]).__await__()
        return self.result_now()

    def __str__(self) -> str:
        tensor, metadata = _unboxed(self.tensor), _unboxed(self.metadata)
        if type(tensor) is not AsyncValue:
            return str(tensor)
        if tensor.error is not None:
            return f"Error TensorHandle: '{tensor.error.message}'"
        if type(metadata) is not AsyncValue:
            return f"future TensorHandle with metadata {metadata}"
        return "fully future TensorHandle with unresolved metadata"

    def __repr__(self) -> str:
        return f"<TensorHandle {self}>"

    def _repr_html_(self) -> str | None:
        from tfrt.executor.core_runtime import notebook
        from tfrt.executor.support.notebook import shown

        return shown(lambda: notebook.tensor(self.device, self.tensor, self.metadata), self)

    def _metadata_of_tensor(self) -> Any:
        tensor = self.tensor
        if type(tensor) is not AsyncValue:
            return metadata_of(tensor)
        metadata = AsyncValue()
        tensor.and_then(fulfilling([metadata], lambda there: [metadata_of(there.value)]))
        return metadata

    def _wait_for_metadata(self) -> TensorMetadata:
        metadata: TensorMetadata = self._wait_for(self.metadata)
        return metadata

    def _wait_for(self, value: Any) -> Any:
        if type(value) is not AsyncValue:
            return value
        self.host.wait([value])
        return value.value


def _to_host_array(tensor: Any) -> np.ndarray:
    """A tensor of any kind as a numpy array."""
    # Numpy comes with these; programs of scalars start without it.
    from tfrt.executor.values.tensor import StringHostTensor, to_dense

    if isinstance(tensor, StringHostTensor):
        import numpy as np

        return np.array(tensor.strings, dtype=np.str_).reshape(tensor.shape)
    return to_dense(tensor).array


def _unboxed(value: Any) -> Any:
    return value.value if type(value) is AsyncValue and value.is_available else value
