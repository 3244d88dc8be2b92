"""Who has memory: a host's allocator counts what kernels take from it, and on request every tensor's memory.

`bef-run --host_allocator_type` chooses among the allocators of the reference implementation
(``lib/host_context/profiled_allocator.cc`` and ``test_fixed_size_allocator.cc`` in tensorflow/runtime). The memory is
Python's and numpy's; an allocator says what is alive of it, and refuses what exceeds its capacity. Memory of tensors
is only counted within `counted_by`.
"""

from __future__ import annotations

import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

from tfrt.executor.support.fork import restart_after_fork

if TYPE_CHECKING:
    import numpy as np

OVERHEAD = 64
"""Bytes that a buffer has beside its elements: what describes it, and room for alignment."""

_SMALL = 32
"""Bytes; pieces of this size or less are not what a fixed size is about."""


class Allocator:
    """Counts memory that is taken and given back.

    Args:
        capacity: how many bytes may be alive; by default, any number. Pieces of at most 32 bytes do not count.
        log: called with a severity and a message where memory is taken or given back under a capacity.
    """

    def __init__(self, capacity: int | None = None, log: Callable[[str, str], None] | None = None):
        self.capacity = capacity
        self.alive = self.alive_bytes = self.most = self.most_bytes = self.total = 0
        self._log = log or (lambda severity, message: None)
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """In a forked process: who held the lock is gone."""
        # One who holds the lock may set off the garbage collector, which gives back what it finds.
        self._lock = RLock()

    def acquire(self, size: int) -> None:
        """Count a piece of `size` bytes as alive.

        Raises:
            MemoryError: that exceeds the capacity.
        """
        with self._lock:
            if self._is_limited(size):
                assert self.capacity is not None
                rest = self.capacity - self.alive_bytes - size
                if rest < 0:
                    left = rest + size
                    self._log("E", f"Attempted to allocate {size} bytes. However current capacity is only {left}.")
                    raise MemoryError
                self._log("I", f"Allocating {size} bytes. {rest} remaining.")
            elif self.capacity is not None:
                return
            self.total += 1
            self.alive += 1
            self.alive_bytes += size
            self.most, self.most_bytes = max(self.most, self.alive), max(self.most_bytes, self.alive_bytes)

    def release(self, size: int) -> None:
        """Count such a piece as given back."""
        with self._lock:
            if self.capacity is not None and not self._is_limited(size):
                return
            self.alive -= 1
            self.alive_bytes -= size
            if self.capacity is not None:
                self._log("I", f"Freeing {size} bytes. {self.capacity - self.alive_bytes} available.")

    def _is_limited(self, size: int) -> bool:
        return self.capacity is not None and size > _SMALL

    def profile(self) -> str:
        """What has been counted, in lines."""
        return (
            "HostAllocator profile:\n"
            f"Current number of allocations = {self.alive}\n"
            f"Max number of allocations = {self.most}\n"
            f"Total number of allocations = {self.total}\n"
            f"Current number of bytes allocated = {self.alive_bytes}\n"
            f"Max number of bytes allocated = {self.most_bytes}\n"
        )

    def leak(self) -> str:
        """What is alive, where that should be nothing: the profile and a line more; empty where it is nothing."""
        if not self.alive:
            return ""
        return f"{self.profile()}Memory leak detected: {self.alive} alive allocations, {self.alive_bytes} alive bytes\n"


_counting: Allocator | None = None


@contextmanager
def counted_by(allocator: Allocator) -> Iterator[None]:
    """Count the memory of tensors and buffers that are made in this process meanwhile."""
    global _counting
    before, _counting = _counting, allocator
    try:
        yield
    finally:
        _counting = before


def counted(array: np.ndarray) -> np.ndarray:
    """`array`, which is new and has memory of its own, counted as long as it, or a view of it, lives.

    Raises:
        MemoryError: that exceeds the allocator's capacity.
    """
    allocator = _counting
    if allocator is not None:
        size = array.nbytes + OVERHEAD
        allocator.acquire(size)
        weakref.finalize(array, allocator.release, size).atexit = False
    return array


def log(severity: str, message: str) -> None:
    """Write a line to standard error, as the reference's log does: severity, time, thread, place, message."""
    now = time.time_ns() // 1000
    seconds = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now // 1_000_000))
    caller = sys._getframe(1)
    place = f"{caller.f_code.co_filename.rpartition('/')[2]}:{caller.f_lineno}"
    sys.stdout.flush()
    sys.stderr.write(f"{severity} {seconds}.{now % 1_000_000:06d} {threading.get_native_id()} {place}] {message}\n")
