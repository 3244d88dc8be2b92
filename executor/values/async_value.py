"""A value that may not be there yet.

An `AsyncValue` is pending until it is resolved, once: it becomes available with a value, or an error. Callbacks
registered with `and_then` run when it is resolved, on the thread that resolves it, in the order of registration;
on a resolved value they run at once. Coroutines can await it from any event loop.

**No locks.** Waiters sit in a list, whose ``append`` and ``pop`` are atomic. (There is one as a rule, and a list takes
a fifth of a deque's time and memory to make, once for every value.) Resolving writes the payload, then the state, then
pops and runs waiters until there are none. Registering appends, then reads the state again and, if
the value has been resolved meanwhile, pops and runs waiters too. Either the registration's read comes after the state
was written, and it runs the waiter itself (or somebody popped it first); or it comes before, then so did the append,
and the resolver's popping finds the waiter. Since a waiter is run by whoever pops it, it runs exactly once. The
payload is written before the state, so whoever sees a resolved state sees the payload.

The order of a registration's append and the resolver's first pop decides which case it is, so the resolver must
really pop. Under the global interpreter lock, looking whether there are waiters is as good, and cheaper. On a
free-threaded build it is not: a plain read may overtake the write of the state, whereas each operation on a list
happens before or after each other one.

**A callback that raises harms nobody else.** The waiters after it are called nevertheless. What has escaped from it is
told (`escaped.py`) with the wake-ups that are put aside, below. A callback that others depend on has an ``abandon``.

**No deep recursion.** A callback may resolve another value, whose callbacks resolve a third, and so on. Beyond
`MAX_DEPTH` nested wake-ups on one thread, or where Python's recursion limit is near, further ones are put aside and run
when the outermost one is done.

**A signal's handler that raises leaves nobody asleep.** The interpreter runs handlers when a Python function begins,
after calls of functions in C and where loops jump back, not after operators. So waiters are taken by a ``for`` over an
iterator in C and called without any of these in between; what is put aside is put aside by an operator. Whoever is
interrupted in waking others does it once more before it lets the exception go on.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from itertools import repeat
from typing import Any

from tfrt.executor.support.call_depth import counters, is_limit_near, recount
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.fork import start_anew_after_fork
from tfrt.executor.values.escaped import ResolvedTwiceError, report, tell

MAX_DEPTH = 40
"""Nested wake-ups on a thread's stack; each takes some six Python frames."""

_PENDING, _AVAILABLE, _ERROR = range(3)

_FREE_THREADED = not getattr(sys, "_is_gil_enabled", lambda: True)()


Callback = Callable[["AsyncValue"], None]

Escape = tuple[Any, BaseException] | tuple[Any, BaseException, None]
"""A task or callback, with what has escaped from it; longer where telling it has been interrupted."""

Deferred = deque["AsyncValue | Escape"]
"""What a thread has put aside: values whose waiters are to be woken, and escapes to be told."""


class _Wakeups(threading.local):
    """The wake-ups on this thread's stack, and what is put aside."""

    def __init__(self) -> None:
        self.depth = 0
        self.deferred: Deferred = deque()
        self.taken: Iterator[AsyncValue | Escape] = map(deque.popleft, repeat(self.deferred))


_wakeups = _Wakeups()


class AsyncValue:
    """A value that may not be there yet: pending until it is resolved, once, with a value or an error.

    ``AsyncValue()`` is pending. Any thread may resolve it, and coroutines can await it, from any event loop.
    """

    __slots__ = ("__weakref__", "_payload", "_state", "_waiters")

    def __init__(self) -> None:
        self._state = _PENDING
        self._payload: Any = None
        self._waiters: list[Callback] = []

    @staticmethod
    def of(value: Any) -> AsyncValue:
        """An available value."""
        result = AsyncValue()
        result._payload = value
        result._state = _AVAILABLE
        return result

    @staticmethod
    def promised_by(promiser: Any) -> AsyncValue:
        """A pending value that keeps alive who is going to resolve it, until then."""
        result = AsyncValue()
        result._payload = promiser
        return result

    @staticmethod
    def failed(error: KernelError) -> AsyncValue:
        """A value that is an error."""
        result = AsyncValue()
        result._payload = error
        result._state = _ERROR
        return result

    @property
    def is_pending(self) -> bool:
        """Whether it is still to be resolved."""
        return self._state == _PENDING

    @property
    def is_available(self) -> bool:
        """Whether it has a value."""
        return self._state == _AVAILABLE

    @property
    def is_error(self) -> bool:
        """Whether it is an error."""
        return self._state == _ERROR

    @property
    def value(self) -> Any:
        """The value.

        Raises:
            KernelError: the error, where it is one.
            RuntimeError: it is still pending.
        """
        if self._state == _AVAILABLE:
            return self._payload
        if self._state == _ERROR:
            # An object of the caller's own: several may raise it at the same time.
            raise self._payload.copy()
        raise RuntimeError("the value is not available yet")

    @property
    def error(self) -> KernelError | None:
        """The error, or None where there is none (yet)."""
        return self._payload if self._state == _ERROR else None

    def set(self, value: Any) -> None:
        """Make the value available.

        Raises:
            RuntimeError: it is resolved already.
        """
        if self._state:
            raise ResolvedTwiceError("the value is resolved already")
        self._payload = value
        self._state = _AVAILABLE
        if self._waiters or _FREE_THREADED:
            try:
                self._wake()
            except BaseException:
                self._wake_again()
                raise

    def set_error(self, error: KernelError) -> None:
        """Make the value an error.

        Raises:
            RuntimeError: it is resolved already.
        """
        self._resolve(_ERROR, error)

    def forward(self, other: AsyncValue) -> None:
        """Resolve this value as `other` is resolved, now or later."""
        other.and_then(_Forward(self, other))

    def settle(self, value: Any) -> None:
        """Become `value`, which may be an `AsyncValue`: then become what it is or will be."""
        if type(value) is AsyncValue:
            self.forward(value)
        else:
            self.set(value)

    def and_then(self, callback: Callback) -> None:
        """Call ``callback(self)`` once this value is resolved: at once, or on the thread that resolves it.

        Callbacks should not raise; see `tfrt.executor.values.escaped` for what becomes of it if they do.
        """
        if self._state:
            callback(self)
            return
        self._waiters.append(callback)
        if self._state:
            try:
                self._wake()
            except BaseException:
                self._wake_again()
                raise

    def __await__(self) -> Generator[Any, None, Any]:
        if not self._state:
            import asyncio
            from contextlib import suppress

            loop = asyncio.get_running_loop()
            future = loop.create_future()

            def finish() -> None:
                if not future.done():
                    future.set_result(None)

            def wake() -> None:
                # A loop that has been closed meanwhile raises; nobody waits there any more.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(finish)

            self.and_then(Ring(wake))
            yield from future.__await__()
        return self.value

    def __repr__(self) -> str:
        if self._state == _PENDING:
            return "<AsyncValue pending>"
        return f"<AsyncValue {'error' if self._state == _ERROR else 'available'}: {self._payload}>"

    def _resolve(self, state: int, payload: Any) -> None:
        if self._state:
            raise ResolvedTwiceError("the value is resolved already")
        self._payload = payload
        self._state = state
        if self._waiters or _FREE_THREADED:
            try:
                self._wake()
            except BaseException:
                self._wake_again()
                raise

    def _wake_again(self) -> None:
        """Wake those who still wait where something has kept `_wake` from it."""
        if self._waiters:
            self._wake()
        elif not _wakeups.depth:
            run_deferred()

    def _wake(self) -> None:
        wakeups = _wakeups
        depth = wakeups.depth
        if depth >= MAX_DEPTH or (depth & 7 == 7 and is_limit_near()):
            wakeups.deferred.append(self)
            return
        waiters = self._waiters
        try:
            wakeups.depth = depth + 1
            # The first comes first. That moves all others, which only shows where there are thousands.
            for callback in map(list.pop, repeat(waiters), repeat(0)):
                try:
                    callback(self)
                except BaseException as error:
                    deferred = wakeups.deferred
                    deferred += ((callback, error),)
                if not (waiters or _FREE_THREADED):
                    break
        except IndexError:
            # Somebody else has taken the last one.
            pass
        finally:
            wakeups.depth = depth
            if not depth and wakeups.deferred:
                run_deferred()


class _Forward:
    """A callback that resolves `target` as `source` is resolved."""

    __slots__ = ("source", "target")

    def __init__(self, target: AsyncValue, source: AsyncValue):
        self.target = target
        self.source = source

    def __call__(self, resolved: AsyncValue) -> None:
        self.target._resolve(resolved._state, resolved._payload)

    def abandon(self, error: BaseException) -> None:
        """Resolve it nevertheless, if `error` came before that."""
        if not self.target._state:
            self.target._resolve(self.source._state, self.source._payload)
        elif isinstance(error, Exception):
            report(error)


class Ring:
    """A callback that wakes somebody, by a function that may be called again."""

    __slots__ = ("wake",)

    def __init__(self, wake: Callable[[], object]):
        self.wake = wake

    def __call__(self, _: AsyncValue) -> None:
        self.wake()

    def abandon(self, _: BaseException) -> None:
        """Whatever has come in between."""
        self.wake()


def deferred_wakeups() -> Deferred:
    """What this thread has put aside, now and later: the same object each time.

    Whoever runs a task adds what escapes from it, with the task, by an operator; then it calls `run_deferred`.
    """
    return _wakeups.deferred


def run_deferred() -> None:
    """Run the wake-ups that this thread has put aside, and tell the tasks from which something has escaped.

    For callers that are about to block while wake-ups are on their stack: those put aside might be what they would
    wait for.

    Raises:
        BaseException: what is no ``Exception`` and has escaped from a task, or what has interrupted this.
    """
    if not _wakeups.deferred:
        return
    ended_by = _run_deferred()
    # Something may have escaped between counting a wake-up and uncounting it.
    recount()
    if ended_by is not None:
        raise ended_by


def _run_deferred() -> BaseException | None:
    wakeups = _wakeups
    deferred, depth = wakeups.deferred, wakeups.depth
    ended_by: BaseException | None = None
    try:
        wakeups.depth = 1
        for found in wakeups.taken:
            try:
                if isinstance(found, tuple):
                    tell(found[0], found[1])
                    if not isinstance(found[1], Exception):
                        ended_by = found[1]
                else:
                    found._wake()
            except BaseException as error:
                ended_by = error
                if not isinstance(found, tuple):
                    if found._waiters:
                        deferred += (found,)
                elif len(found) == 2:
                    deferred += ((*found, None),)
            if not deferred:
                break
    except IndexError:
        # A callback has run the last one.
        pass
    finally:
        wakeups.depth = depth
    return ended_by


def forget_wakeups() -> None:
    """In a process that has just been forked: what stands on this thread's stack is the other process's."""
    _wakeups.depth = 0
    _wakeups.deferred.clear()


start_anew_after_fork(forget_wakeups)


def _forget_depth() -> None:
    _wakeups.depth = 0


_MODULE = "tfrt.executor.values.async_value"
counters.append((frozenset({("_wake", _MODULE), ("_run_deferred", _MODULE)}), _forget_depth))
