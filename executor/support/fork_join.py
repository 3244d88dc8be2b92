"""Loops of machine code that several threads share: one thread forks a loop, all take blocks of it, and it joins them.

A block of a loop may take a few microseconds, in which Python cannot even wake a thread. So all of this is machine
code, and threads that help never hold the interpreter lock. They look for loops for some hundred microseconds after the
last one, which is longer than what lies between two kernels of a program, and find one within a tenth of a microsecond.
Then they sleep, until they are woken.

**Waking costs**: some tens of microseconds for who wakes, in a virtual machine, and a hundred until the other one is
there. So who forks a loop that takes long wakes helpers at once, and who forks short ones does so when they have taken
as long as that since helpers sleep, with no breaks in which they would fall asleep again. Until helpers come it runs
loops alone, and nobody ever waits for a helper that has not begun.

**Shares are fixed**: each thread has a part of every loop that is always the same, and takes blocks of the others'
parts only when its own is done. So what a thread reads of an array that is read in each call is in its own cache.

**Where helpers run**: not on the processor of the thread that has forked the last loop. Systems may put a thread where
the one is that has woken it, and leave it there (`processors.py`). A helper that finds itself there goes elsewhere, and
is not put back there by the system; all other processors are its.

**Who helps** gives way to tasks: with n threads in all, a helper sleeps where n tasks of the work queue wait or run,
the second one where n - 1 do, and so on.

**The protocol**, over words of memory that all threads see. Who forks a loop takes `busy`; who finds it taken runs the
loop alone. It writes down the loop, then opens it by giving it a number. A helper that sees an open loop counts itself
as active, looks again whether it is open, and only then reads what it is; blocks are taken by adding to the `next` of a
share. When the one that has forked finds no block left, it closes the loop and waits until nobody is active: then all
blocks have been done, and nobody reads the words any more. Helpers that come between see that it is closed. Nobody
waits for a helper that has not begun, so a thread that the system does not run delays only what it has begun itself.

A helper that goes to sleep says so in its `awake`, then waits for its bell. Who wakes it sets that back, if nobody else
does, then rings. A bell is a semaphore, so one that rings early is not lost.
"""

from __future__ import annotations

import ctypes
import os
import sys
import weakref
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, runtime_checkable

import numpy as np

from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.support.fork_join_code import call_text, declared, fork_text, serve_text
from tfrt.executor.support.fork_join_words import (
    AWAKE,
    BELL,
    FUNCTIONS,
    LENGTH,
    LINE,
    MOST_PROCESSORS,
    PROCESSORS,
    STOP,
    SYSTEM,
    TASKS,
    THREADS,
    check_number,
    size_of,
    starts_of,
    word,
)
from tfrt.executor.support.machine_code import CannotAssemble, assemble
from tfrt.executor.support.threads import Worker, join

Loop = Callable[..., None]
"""Machine code that takes arrays, and the first and the last number of a block; it does not see other threads."""


@runtime_checkable
class Queue(Protocol):
    """What a crew needs of a work queue."""

    @property
    def outstanding(self) -> deque[None]:
        """An element for each task that waits or runs."""


class Crew:
    """Threads that help with loops, as long as they would not be too many with those that run tasks.

    Args:
        queue: the tasks'.
        size: how many threads help.

    Attributes:
        words: what code that forks loops is given, which keeps all that it refers to.

    Raises:
        CannotAssemble: there is no machine code here.
    """

    __slots__ = ("__weakref__", "_ending", "_memory", "_missing", "_queue", "_size", "_threads", "words")

    def __init__(self, queue: Queue, size: int):
        _serve_code()
        self._queue, self._size = queue, size
        self._memory: Any = (ctypes.c_char * (size_of(size) + LINE))()
        start = -ctypes.addressof(self._memory) % LINE
        self.words: np.ndarray = np.frombuffer(memoryview(self._memory), np.uint8)[start : start + size_of(size)]
        self._threads: deque[tuple[int, Worker]] = deque()
        self._ending: weakref.finalize[..., Any] | None = None
        self._clear()
        restart_after_fork(self)

    def restart(self) -> None:
        """Begin without loops; in a forked process, where threads are gone, with new helpers."""
        had_threads, self._threads = bool(self._threads), deque()
        if self._ending is not None:
            self._ending.detach()
        self._clear()
        if had_threads:
            self.start()

    def _clear(self) -> None:
        self.words[:] = 0
        # There as long as the words are, for helpers look at it.
        self._memory.tasks = tasks = self._queue.outstanding
        # The numbers of helpers that there are not.
        self._missing = deque(range(1, self._size + 1))
        process = ctypes.CDLL(None)
        for place, name in enumerate(FUNCTIONS):
            self._word(SYSTEM + 8 * place).value = _address(getattr(process, name))
        self._word(TASKS).value = id(tasks) + LENGTH
        self._word(THREADS).value = self._size + 1
        for processor in os.sched_getaffinity(0):
            if processor < MOST_PROCESSORS:
                self.words[PROCESSORS + processor // 8] |= 1 << processor % 8

    def _word(self, offset: int) -> ctypes.c_uint64:
        return word(self.words.ctypes.data + offset)

    def start(self) -> None:
        """Have helpers, asleep, if there are none yet. Where the machine has no threads to give there are fewer."""
        if not self._missing:
            return
        # All that a thread refers to: it must not keep the crew.
        serve, words = _serve_code(), self.words
        if self._ending is None:
            self._ending = weakref.finalize(self, _end, starts_of(words, self._size), words)
        while self._missing:
            try:
                number = self._missing.popleft()
            except IndexError:
                # Another thread starts it.
                return
            start = starts_of(words, self._size)[number - 1]
            # Until it says itself that it sleeps.
            word(start + AWAKE).value = 1
            word(start + STOP).value = 0
            ctypes.CDLL(None).sem_init(ctypes.c_void_p(start + BELL), 0, 0)
            thread = Worker(_help, (serve, words, number), name=f"tfrt-loops-{number - 1}")
            try:
                thread.start()
            except BaseException as error:
                if thread.take_back():
                    self._missing.append(number)
                if isinstance(error, RuntimeError):
                    return
                raise
            self._threads.append((number, thread))

    def close(self) -> None:
        """End the helpers. Loops are forked on, and run alone."""
        while self._threads:
            try:
                number, thread = self._threads.pop()
            except IndexError:
                # Another thread ends it.
                return
            _end(starts_of(self.words, self._size)[number - 1 : number], self.words)
            join(thread)
            self._missing.append(number)

    def sharing(self, loop: Loop, arrays: int) -> Callable[..., None]:
        """A function that runs a loop of as many arrays, with the crew's help.

        It takes the arrays, the first and the last number, how many a block has, and whether the loop takes so long
        that helpers are to be woken for it; it returns when all are done.

        Raises:
            CannotAssemble: there is no machine code for so many arrays.
        """
        check_number(arrays)
        fork, call, code, words = _fork_code(arrays), _address(_call_code(arrays)), _address(loop), self.words
        start: int = words.ctypes.data
        self.start()

        # The words are there as long as somebody can run this.
        def share(*arguments: Any, words: np.ndarray = words) -> None:
            fork(start, code, call, *arguments)

        return share


def _help(serve: Callable[..., None], words: np.ndarray, number: int) -> None:
    serve(words.ctypes.data, number)


def _end(starts: list[int], words: np.ndarray) -> None:
    """Have helpers end, which sleep or look for loops: those that have this, among these words."""
    process = ctypes.CDLL(None)
    for start in starts:
        word(start + STOP).value = 1
        process.sem_post(ctypes.c_void_p(start + BELL))


def _address(code: Callable[..., None]) -> int:
    return ctypes.cast(code, ctypes.c_void_p).value or 0  # type: ignore[arg-type]


@cache
def _serve_code() -> Callable[..., None]:
    """What a helper does from its start to its end: of where the words are, and its number, from 1.

    Raises:
        CannotAssemble: there is none.
    """
    tasks = deque([None, None])
    if ctypes.c_ssize_t.from_address(id(tasks) + LENGTH).value != len(tasks):
        raise CannotAssemble("deques are not like those it is written for")
    if sys.platform != "linux" or ctypes.sizeof(ctypes.c_void_p) != 8:
        raise CannotAssemble("threads wait for one another in machine code only on Linux with 64 bits")
    if not all(hasattr(ctypes.CDLL(None), name) for name in FUNCTIONS):
        raise CannotAssemble("this system's library has no functions by which threads wait for one another")
    return assemble(serve_text(), "serve", [ctypes.c_void_p, ctypes.c_int64])


@cache
def _call_code(arrays: int) -> Callable[..., None]:
    """The function that does a block of a loop: of its code, where its arrays are, and the block."""
    kinds = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
    return assemble(call_text(arrays), f"call{arrays}", kinds)


@cache
def _fork_code(arrays: int) -> Callable[..., None]:
    """The function that forks a loop and joins it: of where the words are, the loop's code and that which calls it, the
    arrays, the first and the last number, how many a block has, and whether the loop takes long."""
    words, sizes = [ctypes.c_void_p] * 3, [ctypes.c_int64] * 4
    return assemble(f"{declared()}{fork_text(arrays)}", f"fork{arrays}", [*words, *[ctypes.py_object] * arrays, *sizes])
