"""A simulated accelerator: a model for devices with a memory and a clock of their own.

Its tensors are in a memory that the host does not read; copies and ops run on its *stream*, a thread that takes
one at a time in the order in which they are given to it. The host only gives; it never waits for the device unless it
asks for a result. Ops compute what the CPU's compute, on the device's memory, and their shapes are checked by
the same metadata functions at once. Ops whose shapes are not known beforehand or that have side effects, and other
dialects' ops, go to the fallback, for which arguments are copied to the host; their results stay there.
Arguments in other memories are copied to the device.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, ClassVar

import numpy as np

from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.core_runtime.dispatch import dispatch, on_device
from tfrt.executor.core_runtime.op_handler import Invocation, Op, OpHandler
from tfrt.executor.core_runtime.transfer import register_copy
from tfrt.executor.declarations.op import OpEntry
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.runtime.failures import Promised, fulfil, mark_worker
from tfrt.executor.runtime.host_context import ExecutionContext, HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.values.async_value import AsyncValue, abandoned, report
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
class SimulatedDevice(Device):
    """A simulated accelerator; who makes one closes it.

    Args:
        latency: seconds that each op and each copy takes beyond its computation.
        on_event: called on the device's thread with ``"start"`` or ``"end"`` and the name of the op or copy. What it
            raises fails the op or copy.
    """

    name: str = f"{KIND}:0"
    latency: float = 0.0
    on_event: Callable[[str, str], object] | None = None
    _stream: _Stream = field(init=False, repr=False)

    # Another host's device may have the same name.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __post_init__(self) -> None:
        stream = _Stream(self.name)
        object.__setattr__(self, "_stream", stream)
        # Where nobody closes it.
        weakref.finalize(self, stream.end).atexit = False

    def submit(self, name: str, work: Callable[[], Sequence[Any]], count: int, context: ExecutionContext) -> list[Any]:
        """Enqueue work on the stream and promise its `count` results; it is skipped if the request is cancelled."""
        promises = [AsyncValue() for _ in range(count)]

        def results() -> Sequence[Any]:
            if context.cancellation is not None:
                return [context.cancellation] * count
            with self._told(name):
                if self.latency:
                    time.sleep(self.latency)
                computed = work()
            if len(computed) != count:
                raise KernelError(f"{name} has {len(computed)} results, not {count}")
            return computed

        if not self._stream.put(Promised(promises, lambda: fulfil(promises, results))):
            raise KernelError(f"device {self.name} is closed")
        return promises

    def close(self) -> None:
        """Finish what has been submitted, and what that leads to, and end the thread."""
        self._stream.close()

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


class _Stream:
    """A thread that runs tasks in order, started by the first one."""

    def __init__(self, name: str):
        self._name = name
        self._is_closed = False
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """Begin without a thread and tasks; in a forked process those are the parent's."""
        self._is_ending = False
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"tfrt-{self._name}", daemon=True)

    def put(self, task: Callable[[], None]) -> bool:
        """Enqueue a task; False where the stream is closed."""
        with self._lock:
            if self._is_closed:
                return False
            if self._thread.ident is None:
                self._thread.start()
            self._tasks.put(task)
            return True

    def end(self) -> None:
        """Finish what has been submitted, then end the thread, for which nobody waits."""
        with self._lock:
            if self._thread.ident is None:
                self._is_closed = True
            elif not self._is_ending:
                # The thread puts it back as long as tasks are left, so two of them would never end.
                self._is_ending = True
                self._tasks.put(None)

    def close(self) -> None:
        self.end()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        mark_worker()
        while True:
            task = self._tasks.get()
            if task is not None:
                try:
                    task()
                except BaseException as error:
                    if not abandoned(task, error):
                        report(error)
                # The frame would keep the last task's tensors alive until the next one comes.
                del task
                continue
            # Tasks may have led to others; the stream ends when there are none.
            with self._lock:
                if self._tasks.empty():
                    self._is_closed = True
                    return
                self._tasks.put(None)


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
