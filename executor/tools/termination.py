"""What `bef-run` does when a signal asks it to end: SIGINT (Ctrl-C) and SIGTERM.

**SIGINT** ends what runs by a ``KeyboardInterrupt``; what was under way is noted. Python handles signals between two of
its own instructions, so not while the main thread is within a call of numpy's. Where it does not come back within
`GRACE` seconds, a thread that the signal's arrival wakes ends the process in its stead.

**SIGTERM** drains: what runs goes on to its end, and nothing further begins. Where a time is set for that, and over,
what runs is ended as by SIGINT.

A second signal of the kind ends the process at once.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from tfrt.executor.support import cli
from tfrt.executor.support.fork import start_anew_after_fork
from tfrt.executor.support.threads import Worker

GRACE = 0.5
"""Seconds that the main thread has for noticing SIGINT."""

Note = Callable[[FrameType | None], list[str]]
"""Says what is under way, given the main thread's innermost frame, or None where that is not known."""


class Signals:
    """The signals that have come.

    Attributes:
        is_terminated: whether SIGTERM has come.
        before_leaving: called before the process is ended where the main thread cannot do it.
    """

    def __init__(self, tool: str, drain_timeout: float | None, note: Note):
        self.is_terminated = False
        self.before_leaving: Callable[[], None] | None = None
        self._tool = tool
        self._drain_timeout = drain_timeout
        self._note = note
        self._is_overdue = False
        self._is_ended = False
        self._is_reported = False
        self._under_way: list[str] = []
        self._is_noticed = threading.Event()

    @property
    def code(self) -> int:
        """The exit code where what ran has been ended."""
        return cli.TERMINATED if self._is_overdue else cli.INTERRUPTED

    def report(self) -> None:
        """Say, once, that what ran has been ended, and what that was. The main thread has come back."""
        self._is_noticed.set()
        if self._is_reported:
            return
        self._is_reported = True
        why = "interrupted"
        if self._is_overdue:
            why = f"terminated: not through {self._drain_timeout:g} s after SIGTERM"
        cli.complain(self._tool, f"{why}; under way:" if self._under_way else why)
        cli.explain("\n".join(f"  {line}" for line in self._under_way))

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Handles SIGINT."""
        signal.signal(number, signal.SIG_DFL)
        self._is_ended = True
        self._under_way = self._note(frame)
        raise KeyboardInterrupt

    def terminate(self, number: int, _: FrameType | None) -> None:
        """Handles SIGTERM."""
        signal.signal(number, signal.SIG_DFL)
        self.is_terminated = True

    def is_over(self) -> None:
        """Nobody is to look after the main thread any more."""
        self._is_noticed.set()

    def watch(self, arrivals: int) -> None:
        """Look after the main thread, from another one.

        Args:
            arrivals: the file that tells of signals as they come; closed in the end.
        """
        known: set[int] = set()
        try:
            while numbers := os.read(arrivals, 16):
                for number in numbers:
                    if number == signal.SIGINT and number in known:
                        # The main thread has not come to set what the system does then.
                        os._exit(self.code)
                    if number not in known and number in (signal.SIGINT, signal.SIGTERM):
                        known.add(number)
                        act = self._end_for_it if number == signal.SIGINT else self._drain
                        Worker(act, name="tfrt-ending").start()
        finally:
            os.close(arrivals)

    def _drain(self) -> None:
        if self._drain_timeout is not None and not self._is_noticed.wait(self._drain_timeout):
            self._is_overdue = True
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGINT)

    def _end_for_it(self) -> None:
        if self._is_noticed.wait(GRACE) or self._is_ended:
            return
        self._is_ended = True
        self._under_way = self._note(None)
        self.report()
        if self.before_leaving is not None:
            self.before_leaving()
        os._exit(self.code)


@contextmanager
def noticing_signals(tool: str, drain_timeout: float | None, note: Note) -> Iterator[Signals]:
    """Notice signals meanwhile. On threads other than the main one none ever comes.

    Args:
        tool: the name that messages begin with.
        drain_timeout: seconds after SIGTERM at which what runs is ended; None for never.
        note: says what is under way.

    Raises:
        KeyboardInterrupt: SIGINT came, or the time for draining is over.
    """
    signals = Signals(tool, drain_timeout, note)
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    with _watched(signals):
        before = [
            (signal.SIGINT, signal.signal(signal.SIGINT, signals.interrupt)),
            (signal.SIGTERM, signal.signal(signal.SIGTERM, signals.terminate)),
        ]
        try:
            yield signals
        finally:
            signals.is_over()
            for number, handler in before:
                # None stands for a handler that was not set from Python.
                signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextmanager
def _watched(signals: Signals) -> Iterator[None]:
    """Have a thread look after the main one, where the system has what that takes."""
    if not hasattr(signal, "pthread_kill"):
        yield
        return
    arrivals, arriving = os.pipe()
    os.set_blocking(arriving, False)
    before = signal.set_wakeup_fd(arriving, warn_on_full_buffer=False)
    _watching.append(arriving)
    Worker(signals.watch, (arrivals,), name="tfrt-signals").start()
    try:
        yield
    finally:
        _watching.remove(arriving)
        signal.set_wakeup_fd(before)
        os.close(arriving)


_watching: list[int] = []
"""The files by which threads hear of signals."""


def _hear_no_more() -> None:
    """In a forked process: the signals that come here are no business of the parent's."""
    if _watching:
        signal.set_wakeup_fd(-1)
        _watching.clear()


start_anew_after_fork(_hear_no_more)
