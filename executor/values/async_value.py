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

**A callback that raises harms nobody else.** The waiters after it are called nevertheless. An ``Exception`` is shown
by ``threading.excepthook``; what is none (``KeyboardInterrupt``) goes on to whoever resolves the value, in the end. It
may have kept the callback from resolving another value. So if the thread is about to sleep until that is there, in the
same call, the exception is raised there instead (`raise_lost`): better than to wait for ever.

**No deep recursion.** A callback may resolve another value, whose callbacks resolve a third, and so on. Beyond
`MAX_DEPTH` nested wake-ups on one thread, or where Python's recursion limit is near, further ones are put aside and run
when the outermost one is done.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from tfrt.executor.support.call_depth import counters, is_limit_near, recount
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.fork import start_anew_after_fork

MAX_DEPTH = 40
"""Nested wake-ups on a thread's stack; each takes some six Python frames."""

_PENDING, _AVAILABLE, _ERROR = range(3)

_FREE_THREADED = not getattr(sys, "_is_gil_enabled", lambda: True)()


class ResolvedTwiceError(RuntimeError):
    """A value is resolved already."""


Callback = Callable[["AsyncValue"], None]


class _Wakeups(threading.local):
    """The wake-ups on this thread's stack, those put aside, and the exception that was shown last."""

    def __init__(self) -> None:
        self.depth = 0
        self.deferred: deque[AsyncValue] = deque()
        self.lost: Exception | None = None


_wakeups = _Wakeups()


class AsyncValue:
    """A future value; see the module docstring. `AsyncValue()` is pending."""

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
                self._wake_others()
                raise

    def set_error(self, error: KernelError) -> None:
        """Make the value an error.

        Raises:
            RuntimeError: it is resolved already.
        """
        self._resolve(_ERROR, error)

    def forward(self, other: AsyncValue) -> None:
        """Resolve this value as `other` is resolved, now or later."""
        other.and_then(lambda resolved: self._resolve(resolved._state, resolved._payload))

    def settle(self, value: Any) -> None:
        """Become `value`, which may be an `AsyncValue`: then become what it is or will be."""
        if type(value) is AsyncValue:
            self.forward(value)
        else:
            self.set(value)

    def and_then(self, callback: Callback) -> None:
        """Call ``callback(self)`` once this value is resolved: at once, or on the thread that resolves it.

        Callbacks should not raise; what they raise is only shown.
        """
        if self._state:
            callback(self)
            return
        self._waiters.append(callback)
        if self._state:
            self._wake()

    def __await__(self) -> Generator[Any, None, Any]:
        if not self._state:
            import asyncio
            from contextlib import suppress

            loop = asyncio.get_running_loop()
            future = loop.create_future()

            def finish() -> None:
                if not future.done():
                    future.set_result(None)

            def wake(_: AsyncValue) -> None:
                # A loop that has been closed meanwhile raises; nobody waits there any more.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(finish)

            self.and_then(wake)
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
                self._wake_others()
                raise

    def _wake_others(self) -> None:
        """Wake those who still wait where something has kept `_wake` from it."""
        if self._waiters:
            self._wake()

    def _wake(self) -> None:
        wakeups = _wakeups
        depth = wakeups.depth
        if depth >= MAX_DEPTH or (depth & 7 == 7 and is_limit_near()):
            wakeups.deferred.append(self)
            return
        wakeups.depth = depth + 1
        waiters = self._waiters
        ended_by: BaseException | None = None
        try:
            # The first comes first. That moves all others, which only shows where there are thousands. Between what the
            # iterator does and the callback's beginning no signal's handler runs, so none keeps it from being called.
            for callback in iter(partial(waiters.pop, 0), None):
                try:
                    callback(self)
                except Exception as error:
                    lose(error)
                    if not abandoned(callback, error):
                        report(error)
                except BaseException as error:
                    abandoned(callback, error)
                    ended_by = error
                if not (waiters or _FREE_THREADED):
                    break
        except IndexError:
            # Somebody else has taken the last one.
            pass
        finally:
            wakeups.depth = depth
            if not depth and wakeups.deferred:
                run_deferred()
        if ended_by is not None:
            raise ended_by


def deferred_wakeups() -> deque[AsyncValue]:
    """The wake-ups that this thread has put aside, now and later: the same object each time."""
    return _wakeups.deferred


def run_deferred() -> None:
    """Run the wake-ups that this thread has put aside.

    For callers that are about to block while wake-ups are on their stack: those put aside might be what they would
    wait for.
    """
    wakeups = _wakeups
    if not wakeups.deferred:
        return
    ended_by: BaseException | None = None
    depth, wakeups.depth = wakeups.depth, 1
    try:
        while wakeups.deferred:
            try:
                wakeups.deferred.popleft()._wake()
            except BaseException as error:
                ended_by = error
    finally:
        wakeups.depth = depth
    if ended_by is not None:
        raise ended_by


def abandoned(task: Any, error: BaseException) -> bool:
    """Tell a task or callback that has promised something what has escaped from it; False if it cannot be told.

    Whoever waits for what was promised gets the exception, so nobody else needs to.
    """
    abandon = getattr(task, "abandon", None)
    if abandon is None:
        return False
    try:
        abandon(error)
    except BaseException:
        return False
    return True


def report(error: BaseException) -> None:
    """Show an exception that has no caller to go to, as one is shown that ends a thread."""
    recount()
    threading.excepthook(
        threading.ExceptHookArgs((type(error), error, error.__traceback__, threading.current_thread()))
    )


def lose(error: BaseException) -> None:
    """Keep an exception for `raise_lost`."""
    if isinstance(error, Exception) and not isinstance(error, ResolvedTwiceError):
        _wakeups.lost = error


def forget_lost() -> None:
    """Begin a call, in which nothing has been lost yet."""
    _wakeups.lost = None


def raise_lost() -> None:
    """For whoever is about to sleep until a value is there.

    Raises:
        Exception: what has been shown on this thread since the call began.
    """
    lost = _wakeups.lost
    if lost is not None:
        _wakeups.lost = None
        raise lost


def forget_wakeups() -> None:
    """In a process that has just been forked: what stands on this thread's stack is the other process's."""
    _wakeups.depth = 0
    _wakeups.deferred.clear()


start_anew_after_fork(forget_wakeups)


def _forget_depth() -> None:
    _wakeups.depth = 0


_MODULE = "tfrt.executor.values.async_value"
counters.append((frozenset({("_wake", _MODULE), ("run_deferred", _MODULE)}), _forget_depth))
