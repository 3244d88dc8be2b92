"""What becomes of exceptions: a kernel's own fail its results, all others end the call.

* Whatever a kernel raises, a `KernelError` stands for it (`as_kernel_error`). That is an object of the engine's own,
  which gets the kernel's place: a kernel may raise one exception object again and again, from several threads, so
  nothing is ever written on what it raises. Only the engine's frames go out of its traceback, lest what registers
  refer to should live as long as the exception.
* ``KeyboardInterrupt`` and ``SystemExit`` on a caller's thread, failures of the engine itself, and exceptions that
  arrive from outside while the engine runs (a signal handler's, a debugger's) end the call (`ends_call`). Through
  kernels that call functions they pass as `CallEnded`, which is no ``Exception``; the caller gets the exception itself.
  Where there is no caller on the stack, the results of the call become an `EndedError`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from tfrt.executor.support.errors import EndedError, KernelError, code_of, describe
from tfrt.executor.support.fork import start_anew_after_fork
from tfrt.executor.values.async_value import AsyncValue


class CallEnded(BaseException):
    """An exception that ends the call on its way to the caller, who gets `error`."""

    def __init__(self, error: Exception):
        super().__init__(error)
        self.error = error


class _Thread(threading.local):
    is_worker = False


_thread = _Thread()


def _mark_caller() -> None:
    _thread.is_worker = False


# A child's only thread is nobody's worker, even where it was forked by one.
start_anew_after_fork(_mark_caller)


def mark_worker() -> None:
    """Say that the current thread is the engine's: it has no caller, so whatever a kernel raises there is a failure."""
    _thread.is_worker = True


def ends_call(error: BaseException) -> bool:
    """Whether an exception that came out of a kernel ends the call, rather than being the kernel's failure."""
    if isinstance(error, Exception):
        return False
    return isinstance(error, CallEnded) or (isinstance(error, KeyboardInterrupt | SystemExit) and not _thread.is_worker)


def as_kernel_error(error: BaseException) -> KernelError:
    """A new `KernelError` that stands for an exception of a kernel, which is its cause; a `KernelError` is copied."""
    _without_engine(error)
    if isinstance(error, KernelError):
        return error.copy()
    if ends_call(error):
        return as_ended(error)
    wrapped = KernelError(describe(error), code=code_of(error))
    wrapped.__cause__ = error
    return wrapped


def as_failed(error: BaseException) -> AsyncValue:
    """What the results of a kernel are that has raised `error`.

    Raises:
        BaseException: `error`, where it ends the call.
    """
    if ends_call(error):
        raise error
    return AsyncValue.failed(as_kernel_error(error))


def as_ended(error: BaseException) -> EndedError:
    """What the results of a call become that an exception has ended."""
    return EndedError(error.error if isinstance(error, CallEnded) else error)


def fulfil(promises: Sequence[AsyncValue], work: Callable[[], Sequence[Any]]) -> None:
    """Resolve promises as the values or `AsyncValue`s that `work` returns, one for each, and as its failure else.

    Whatever happens, each is resolved, now or by the value that was returned for it. For tasks, callbacks and kernels
    that have promised something.

    Raises:
        BaseException: what ends the call, once all promises are resolved.
    """
    try:
        values = work()
        if len(values) != len(promises):
            raise KernelError(f"expected {len(promises)} results and got {len(values)}")
    except BaseException as error:
        fail_pending(promises, error)
        if ends_call(error):
            raise
        return
    settle_all(promises, values)


def guard(promises: Sequence[AsyncValue], work: Callable[[], object]) -> None:
    """Run `work`, which resolves promises or sees to it; whatever it raises fails those that are still pending.

    Raises:
        BaseException: what ends the call, once all promises are resolved.
    """
    try:
        work()
    except BaseException as error:
        fail_pending(promises, error)
        if ends_call(error):
            raise


class Promised:
    """A task or callback that resolves promises: who runs it abandons it with what escapes from it, be it from outside.

    Where a signal's handler raises before the first line of a task, no handler in the task can see it.
    """

    __slots__ = ("promises", "work")

    def __init__(self, promises: Sequence[AsyncValue], work: Callable[..., object]):
        self.promises = promises
        self.work = work

    def __call__(self, *resolved: AsyncValue) -> None:
        self.work(*resolved)

    def abandon(self, error: BaseException) -> None:
        """`error` has ended the call: nothing will resolve the promises that are pending."""
        abandon(self.promises, error)


def fulfilling(promises: Sequence[AsyncValue], work: Callable[..., Sequence[Any]]) -> Promised:
    """A task or callback that resolves promises as what `work` returns; see `fulfil`."""
    return Promised(promises, lambda *resolved: fulfil(promises, lambda: work(*resolved)))


def abandon(promises: Sequence[AsyncValue], error: BaseException) -> None:
    """Resolve promises of a call that `error` has ended, but for those that are resolved."""
    for promise in promises:
        if promise.is_pending:
            promise.set_error(as_ended(error))


def fail_pending(promises: Sequence[AsyncValue], error: BaseException) -> None:
    """Fail the promises that are pending with what a kernel has raised, even if that is interrupted."""
    try:
        pending = [promise for promise in promises if promise.is_pending]
        if pending:
            fail_all(pending, as_kernel_error(error))
    except BaseException as another:
        abandon(promises, another)
        raise


def settle_all(promises: Sequence[AsyncValue], values: Sequence[Any]) -> None:
    """Resolve each promise as its value, whatever those do that wait for the one before."""
    ended_by: BaseException | None = None
    for promise, value in zip(promises, values, strict=True):
        try:
            promise.settle(value)
        except BaseException as error:
            ended_by = error
    if ended_by is not None:
        raise ended_by


def fail_all(promises: Sequence[AsyncValue], error: KernelError) -> None:
    """Resolve promises that fail together: they share one error, of which one place is reported."""
    first, *others = promises
    for other in others:
        other.forward(first)
    first.set_error(error)


def failed_results(error: KernelError, count: int) -> list[Any]:
    """What a call that failed as a whole returns: the error, once for each of its `count` results.

    Raises:
        KernelError: `error`, where there is no result to carry it.
    """
    if not count:
        raise error
    return [AsyncValue.failed(error)] * count


_settings = {"engine frames": False}


def keep_engine_frames(keep: bool) -> None:
    """Whether tracebacks of what kernels raise have the engine's frames, in this process; by default they do not."""
    _settings["engine frames"] = keep


def _without_engine(error: BaseException) -> None:
    """Take the engine's frames out of an exception's traceback."""
    if _settings["engine frames"]:
        return
    kept: list[TracebackType] = []
    trace, found = error.__traceback__, False
    while trace is not None:
        if _is_engine(trace):
            found = True
        else:
            kept.append(trace)
        trace = trace.tb_next
    if not found:
        return
    made: TracebackType | None = None
    for trace in reversed(kept):
        made = TracebackType(made, trace.tb_frame, trace.tb_lasti, trace.tb_lineno)
    error.__traceback__ = made


def _is_engine(trace: TracebackType) -> bool:
    return str(trace.tb_frame.f_globals.get("__name__", "")).startswith("tfrt.executor.")


def report_uncaught(error: BaseException) -> None:
    """Show an exception that nobody is there to catch, as Python would."""
    sys.excepthook(type(error), error, error.__traceback__)
