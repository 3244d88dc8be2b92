"""Who may begin a request on a host: limits, and the end.

Only hosts that have limits, or are being closed with a timeout, have an `Admission`; calls of all others do not pass
here. A request is counted from the first call in its context until the results of that call are there. What its kernels
call is part of it. Requests are held weakly: one that is gone, however it ended, is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import RLock
from typing import Any
from weakref import WeakSet

from tfrt.executor.support.errors import ResourceExhaustedError, UnavailableError, UsageError
from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.values.async_value import AsyncValue

Run = Callable[[Any, Sequence[Any]], list[Any]]
"""Runs a call, given its `ExecutionContext` and arguments."""


class Admission:
    """Admits requests.

    Args:
        max_requests: how many may be under way at a time; None for any number.

    Raises:
        UsageError: the limit is no number from 1 on.
    """

    def __init__(self, max_requests: int | None = None):
        if max_requests is not None and (type(max_requests) is not int or max_requests < 1):
            raise UsageError(f"max_requests is a number of requests from 1 on, not {max_requests!r}")
        self._max_requests = max_requests
        self._is_closed = False
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """In a forked process: the requests are the parent's, and who held the lock is gone."""
        # One who holds it may be interrupted by a signal's handler that begins a request.
        self._lock = RLock()
        self._under_way: WeakSet[Any] = WeakSet()

    def close(self, under_way: Iterable[Any]) -> None:
        """Admit nothing new from now on; those requests may go on."""
        with self._lock:
            self._under_way.update(under_way)
            self._is_closed = True

    def watched_function(self, run: Run) -> Run:
        """`run`, which runs calls of a function, for requests that are admitted.

        It raises `ResourceExhaustedError` where there are too many, `UnavailableError` where the host is closed.
        """

        def admitted(context: Any, arguments: Sequence[Any]) -> list[Any]:
            whole, under_way = context.whole, self._under_way
            if whole in under_way:
                return run(context, arguments)
            finish = partial(under_way.discard, whole)
            try:
                self._admit(whole)
                results = run(context, arguments)
            except BaseException:
                finish()
                raise
            later = [result for result in results if type(result) is AsyncValue]
            context.host.run_when_ready(later, finish)
            return results

        return admitted

    def _admit(self, request: Any) -> None:
        with self._lock:
            if self._is_closed:
                raise UnavailableError("the host is closed: it takes no more requests")
            limit = self._max_requests
            if limit is not None and len(self._under_way) >= limit:
                raise ResourceExhaustedError(
                    f"the host has {limit} request{'' if limit == 1 else 's'} under way, which is its limit: try again"
                    " when one has ended, or make the host with a larger max_requests"
                )
            self._under_way.add(request)
