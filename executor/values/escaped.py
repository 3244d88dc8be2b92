"""What becomes of what escapes from a task or a callback, which has no caller.

* Whoever waits for what it has promised gets it: the task is told (its ``abandon``), and has to break its promises.
* Nobody being told, an ``Exception`` is shown by ``threading.excepthook``.
* What is no ``Exception`` (``KeyboardInterrupt``) goes on, in the end, to whoever runs the task.

An exception that was shown may have kept somebody from resolving a value. So if the thread is about to sleep until that
is there, in the same call, it is raised there instead (`raise_lost`): better than to wait for ever.
"""

from __future__ import annotations

import threading
from typing import Any

from tfrt.executor.support.call_depth import of_thread, recount


class ResolvedTwiceError(RuntimeError):
    """A value is resolved already."""


def tell(task: Any, error: BaseException) -> None:
    """Tell a task what has escaped from it, or show that. May be called again where it was interrupted."""
    if isinstance(error, Exception):
        lose(error)
    abandon = getattr(task, "abandon", None)
    if abandon is not None:
        try:
            abandon(error)
        except BaseException as raised:
            if raised is not error:
                raise
    elif isinstance(error, Exception):
        report(error)


def report(error: BaseException) -> None:
    """Show an exception that has no caller to go to, as one is shown that ends a thread."""
    recount()
    threading.excepthook(
        threading.ExceptHookArgs((type(error), error, error.__traceback__, threading.current_thread()))
    )


def lose(error: BaseException) -> None:
    """Keep an exception for `raise_lost`."""
    if isinstance(error, Exception) and not isinstance(error, ResolvedTwiceError):
        of_thread.calls.lost = error


def forget_lost() -> None:
    """Begin a call, in which nothing has been lost yet."""
    of_thread.calls.lost = None


def raise_lost() -> None:
    """For whoever is about to sleep until a value is there.

    Raises:
        Exception: what has been lost on this thread since the call began.
    """
    calls = of_thread.calls
    lost = calls.lost
    if lost is not None:
        calls.lost = None
        raise lost
