"""Who may begin a request on a host: limits, and the end.

Only hosts that have limits, or are being closed with a timeout, have an `Admission`; calls of all others do not pass
here. A request is counted from the first call in its context until the results of that call are there. What its kernels
call is part of it. Requests are held weakly: one that is gone, however it ended, is not counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import RLock
from typing import Any
from weakref import ref

from tfrt.executor.support.errors import ResourceExhaustedError, UnavailableError, UsageError
from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.values.async_value import AsyncValue

Run = Callable[[Any, Sequence[Any]], list[Any]]
"""Runs a call, given its `ExecutionContext` and arguments."""


class Admission:
    """Admits requests.

    Args:
        queue: the host's work queue, which has a `length`, the number of tasks that wait, if that is limited.
        max_requests: how many may be under way at a time; None for any number.
        max_queued_tasks: at how many tasks that wait none is admitted; None for any number.

    Raises:
        UsageError: a limit is no number from 1 on, or the queue does not tell its length.
    """

    def __init__(self, queue: Any, max_requests: int | None = None, max_queued_tasks: int | None = None):
        for name, what, limit in (
            ("max_requests", "requests", max_requests),
            ("max_queued_tasks", "tasks", max_queued_tasks),
        ):
            if limit is not None and (type(limit) is not int or limit < 1):
                raise UsageError(f"{name} is a number of {what} from 1 on, not {limit!r}")
        if max_queued_tasks is not None and not hasattr(queue, "length"):
            raise UsageError(f"max_queued_tasks needs a work queue that has a length, which '{queue.name}' has not")
        self._queue = queue
        self._max_requests = max_requests
        self._max_queued_tasks = max_queued_tasks
        self._is_closed = False
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """In a forked process: the requests are the parent's, and who held the lock is gone."""
        # One who holds it may be interrupted by a signal's handler that begins a request.
        self._lock = RLock()
        # By identity, which may be another's after one is gone: so the reference decides.
        self._under_way: dict[int, ref[Any]] = {}
        self._gone: deque[ref[Any]] = deque()

    def close(self, under_way: Iterable[Any]) -> None:
        """Admit nothing new from now on; those requests may go on."""
        with self._lock:
            for request in under_way:
                self._under_way[id(request)] = ref(request, self._gone.append)
            self._is_closed = True

    def watched_function(self, run: Run) -> Run:
        """`run`, which runs calls of a function, for requests that are admitted.

        It raises `ResourceExhaustedError` where there are too many, `UnavailableError` where the host is closed.
        """

        def admitted(context: Any, arguments: Sequence[Any]) -> list[Any]:
            whole, under_way = context.whole, self._under_way
            key = id(whole)
            known = under_way.get(key)
            if known is not None and known() is whole:
                return run(context, arguments)
            try:
                with self._lock:
                    if self._gone:
                        self._forget()
                    limit = self._max_requests
                    is_full = limit is not None and len(under_way) >= limit
                    if is_full or self._is_closed or self._max_queued_tasks is not None:
                        self._refuse(is_full)
                    under_way[key] = ref(whole, self._gone.append)
                results = run(context, arguments)
            except BaseException:
                under_way.pop(key, None)
                raise
            for result in results:
                if type(result) is AsyncValue:
                    context.host.run_when_ready(results, partial(_finish, under_way, key, ref(whole)))
                    return results
            under_way.pop(key, None)
            return results

        return admitted

    def _forget(self) -> None:
        """Count those no more that are gone."""
        gone = self._gone
        while gone:
            reference = gone.popleft()
            for key in [key for key, known in self._under_way.items() if known is reference]:
                del self._under_way[key]

    def _refuse(self, is_full: bool) -> None:
        """Refuse a request, unless the work queue is what is limited and has room.

        Raises:
            UnavailableError: the host is closed.
            ResourceExhaustedError: there are too many requests, or tasks.
        """
        if self._is_closed:
            raise UnavailableError("the host is closed: it takes no more requests")
        if is_full:
            limit = self._max_requests
            raise ResourceExhaustedError(
                f"the host has {limit} request{'' if limit == 1 else 's'} under way, which is its limit: try again"
                " when one has ended, or make the host with a larger max_requests"
            )
        limit = self._max_queued_tasks
        if limit is not None and (length := self._queue.length) >= limit:
            raise ResourceExhaustedError(
                f"{length} task{' waits' if length == 1 else 's wait'} in the host's work queue, and at {limit} no"
                " request is taken: try again later, or make the host with a larger max_queued_tasks"
            )


def _finish(under_way: dict[int, ref[Any]], key: int, request: ref[Any]) -> None:
    """Count a request no more whose results are there; another may have its identity by now."""
    known = under_way.get(key)
    if known is not None and known() is request():
        under_way.pop(key, None)
