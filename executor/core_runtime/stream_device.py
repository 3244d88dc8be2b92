"""Devices that work on their own: a *stream* takes work, one piece at a time, in the order in which it is given.

The host only gives; it never waits for the device unless it asks for a result.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import fulfilling, mark_worker
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.support.threads import Worker, join
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.device import Device
from tfrt.executor.values.escaped import tell


@dataclass(frozen=True, eq=False)
class StreamDevice(Device):
    """A device with a stream, which is a thread of its own; who makes one closes it, as in ``host.on_close(d.close)``.

    Each is a device of its own, also where names are the same, as those of several hosts' are.
    """

    _stream: _Stream = field(init=False, repr=False)

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __post_init__(self) -> None:
        object.__setattr__(self, "_stream", _Stream(self))

    def submit(self, name: str, work: Callable[[], Sequence[Any]], count: int, context: ExecutionContext) -> list[Any]:
        """Enqueue work and promise its results, whatever becomes of it: what it raises fails them, and so does a
        cancellation of the request, after which it does not start.

        Args:
            name: what errors call it.
            work: called on the stream's thread; returns the results, values or `AsyncValue`s of them.
            count: how many results it has.

        Returns:
            `AsyncValue`s of the results.

        Raises:
            KernelError: the device is closed.
        """
        promises = [AsyncValue() for _ in range(count)]

        def results() -> Sequence[Any]:
            if context.cancellation is not None:
                return [context.cancellation] * count
            computed = work()
            if len(computed) != count:
                raise KernelError(f"{name} has {len(computed)} results, not {count}")
            return computed

        if not self._stream.put(fulfilling(promises, results)):
            raise KernelError(f"device {self.name} is closed")
        return promises

    def close(self) -> None:
        """Finish what has been submitted, and what that leads to, and end the thread."""
        self._stream.close()


class _Stream:
    """A thread that runs tasks in order, started by the first one."""

    def __init__(self, device: StreamDevice):
        self._name = device.name
        self._is_closed = False
        self._device = weakref.ref(device)
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """Begin without a thread and tasks; in a forked process those are the parent's."""
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: Worker | None = None
        device = self._device()
        if device is not None:
            # Where nobody closes it: a function in C, lest a signal's handler keep it from that.
            self._device = weakref.ref(device, partial(self._tasks.put, None))

    def put(self, task: Callable[[], None]) -> bool:
        """Enqueue a task; False where the stream is closed."""
        with self._lock:
            if self._is_closed:
                return False
            if self._thread is None:
                self._start()
            self._tasks.put(task)
            return True

    def _start(self) -> None:
        self._thread = thread = Worker(self._run, name=f"tfrt-{self._name}")
        try:
            thread.start()
        except BaseException:
            if thread.take_back():
                self._thread = None
            raise

    def end(self) -> None:
        """Finish what has been submitted, then end the thread, for which nobody waits."""
        with self._lock:
            if self._thread is None:
                self._is_closed = True
            else:
                self._tasks.put(None)

    def close(self) -> None:
        self.end()
        if self._thread is not None and self._thread is not threading.current_thread():
            join(self._thread)

    def _run(self) -> None:
        mark_worker()
        is_ending = False
        while True:
            try:
                task = self._tasks.get(block=not is_ending)
            except Empty:
                # Tasks may have led to others; the stream ends when there are none.
                with self._lock:
                    if self._tasks.empty():
                        self._is_closed = True
                        return
                continue
            if task is None:
                is_ending = True
                continue
            try:
                task()
            except BaseException as error:
                tell(task, error)
            # The frame would keep the last task's tensors alive until the next one comes.
            del task
