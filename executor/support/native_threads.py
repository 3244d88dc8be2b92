"""One threading model: while a host has compute threads, BLAS has none of its own.

numpy's matrix products use a thread pool of the BLAS library, by default as large as the machine. From several compute
threads at once, the pools' threads compete for the processors, and a product that waits for all of its share is as
slow as the slowest. So from when a host with compute threads is made until the last such host is closed, BLAS runs on
the calling thread, everywhere in the process, because its setting is the process's; then its former setting is back.
Large products are split by `HostContext.parallel_for` instead. A host on the single-threaded queue changes nothing.

numpy may be imported only later: `apply` is called where tensors first need it.
"""

from __future__ import annotations

import sys
import threading
import weakref
from itertools import count
from typing import Any

# A host that nobody has closed leaves when it is collected, which may happen in the middle of any of these functions,
# on the same thread: so the lock is reentrant, and each step leaves things as they should be.
_lock = threading.RLock()
_hosts: dict[int, weakref.ref[Any]] = {}
_numbers = count()
_limits: Any = None


def enter(host: Any) -> int:
    """A host with compute threads has been made; returns a number for `leave`."""
    with _lock:
        number = next(_numbers)
        _hosts[number] = weakref.ref(host)
        _apply()
    return number


def leave(number: int) -> None:
    """It has been closed."""
    global _limits
    with _lock:
        # Where a signal's handler has raised while a host was collected, that has not left. A copy, since making a list
        # of items may run the collector, and others leave meanwhile.
        for gone in [number, *(other for other, host in _hosts.copy().items() if host() is None)]:
            _hosts.pop(gone, None)
        if not _hosts and _limits is not None:
            limits, _limits = _limits, None
            limits.restore_original_limits()


def apply() -> None:
    """numpy has been imported."""
    with _lock:
        _apply()


def _apply() -> None:
    global _limits
    if _hosts and _limits is None and "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        _limits = threadpool_limits(limits=1, user_api="blas")
