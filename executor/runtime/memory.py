"""A host's limit on memory: what its kernels have made, and that is alive.

Only hosts with a limit have a `MemoryLimit`; it watches kernels that may give arrays. Counted is the memory that
results of kernels are in, arrays, dense tensors, host buffers and the arenas of planned buffers among them, as long as
anybody refers to it: once, however many results are in it, and not where it is an operand's, or none that numpy made (a
file's, a buffer of the caller's). What kernels use until they return, or keep for themselves, is not.

A kernel whose results are known to be new and of known sizes is refused before it runs. Of others it is found out once
they have returned, so what runs at that moment may go beyond the limit until it is refused.

What is collected runs no code of Python's own, where a signal would be lost: a function in C notes that it is gone, and
whoever counts next takes it off. So counts stay right whatever raises or is cancelled.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Sequence
from math import prod
from threading import RLock
from typing import Any

from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.runtime.observer import Call, Place, RunWhenReady
from tfrt.executor.support.errors import ResourceExhaustedError, UsageError
from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.values.arguments import array_type
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.memory import owner


class MemoryLimit:
    """Counts memory that kernels make, and refuses what exceeds a limit; an observer of kernels.

    Args:
        limit: how many bytes may be alive.

    Raises:
        UsageError: that is no number from 1 on.
    """

    def __init__(self, limit: int):
        if type(limit) is not int or limit < 1:
            raise UsageError(f"memory_limit is a number of bytes from 1 on, not {limit!r}")
        self.limit = limit
        # By the identity of the owner: it may be another's after it is gone, so the reference decides.
        self._alive: dict[int, _Reference] = {}
        self._gone: deque[_Reference] = deque()
        self._used = 0
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """In a forked process: who held the lock is gone; what is alive has been copied."""
        # One who holds it may be interrupted by a signal's handler that runs kernels.
        self._lock = RLock()

    @property
    def used(self) -> int:
        """The bytes that are alive."""
        with self._lock:
            self._take_off()
            self._used = sum(known.size for known in self._alive.values())
            return self._used

    def watched(self, call: Call, place: Place, run_when_ready: RunWhenReady) -> Call:
        """`call`, a kernel at one place, with what it makes counted.

        It raises `ResourceExhaustedError` where that would exceed the limit.
        """
        if not place.has_arrays:
            return call
        known = _size_of(place.result_types) if place.makes_results else 0

        def run(*operands: Any, **keywords: Any) -> Any:
            if known:
                self._ask(place, known)
            value = call(*operands, **keywords)
            if not isinstance(value, tuple | list):
                return checked(operands, value)
            return tuple([checked(operands, result) for result in value])

        def checked(operands: Sequence[Any], result: Any) -> Any:
            if type(result) is AsyncValue and result.is_pending:
                promise = AsyncValue()
                run_when_ready([result], fulfilling([promise], lambda: [checked((), result)]))
                return promise
            made = owner(result.value if type(result) is AsyncValue and result.is_available else result)
            if made is None:
                return result
            for given in operands:
                if owner(given) is made:
                    return result
            self._count(place, made)
            return result

        return run

    def _ask(self, place: Place, size: int) -> None:
        """See whether there is room.

        Raises:
            ResourceExhaustedError: there is not.
        """
        with self._lock:
            self._take_off()
            if self._used + size > self.limit and self.used + size > self.limit:
                function = place.function.name
                where = f"@{function}" if function else "a region"
                raise ResourceExhaustedError(
                    f"{place.kernel} in {where} makes {size:,} bytes, and {self._used:,} of the {self.limit:,} that the"
                    " host may have are in use: run fewer requests at a time, or make the host with a larger"
                    " memory_limit"
                )

    def _count(self, place: Place, made: Any) -> None:
        """Count memory, unless it is counted, or nobody's that numpy made.

        Raises:
            ResourceExhaustedError: that exceeds the limit.
        """
        try:
            if not made.flags.owndata:
                return
        except AttributeError:
            # A buffer of another kind, such as a file's.
            return
        key, size = id(made), made.nbytes
        with self._lock:
            same = self._alive.get(key)
            if same is not None and same() is made:
                return
            if self._gone or self._used + size > self.limit:
                self._ask(place, size)
            reference = _Reference(made, self._gone.append)
            reference.key, reference.size = key, size
            # In this order: an exception in between leaves too much, which is found out before anybody is refused.
            self._used += reference.size
            self._alive[reference.key] = reference

    def _take_off(self) -> None:
        """Take off what is gone."""
        gone = self._gone
        while gone:
            reference = gone.popleft()
            if self._alive.get(reference.key) is reference:
                del self._alive[reference.key]
                self._used -= reference.size


class _Reference(weakref.ref):
    """Of the owner of memory.

    Attributes:
        key: the owner's identity.
        size: how many bytes it has.
    """

    __slots__ = ("key", "size")

    key: int
    size: int


def _size_of(types: Sequence[str]) -> int:
    """The bytes that arrays of these types have in all; of those whose shapes are not known, none."""
    total = 0
    for dtype, shape in filter(None, map(array_type, types)):
        if shape is not None and -1 not in shape:
            total += dtype.numpy.itemsize * prod(shape)
    return total
