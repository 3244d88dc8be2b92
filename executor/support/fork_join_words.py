"""The words of memory by which threads share loops (`fork_join`): where each lies, and what it is measured in."""

from __future__ import annotations

import ctypes

import numpy as np

from tfrt.executor.support.machine_code import CannotAssemble

MOST_ARRAYS = 24
"""How many arrays the code of a loop may take."""

LINE = 64

BUSY, OPEN, ACTIVE, SLEEPING, LOOP = (LINE * number for number in range(5))
"""Where words lie, in bytes. Those that several threads write are on cache lines of their own."""

GRAIN, CODE, CALL, FORKER, ARRAYS = (LOOP + 8 * number for number in range(5))
OF_FORKER = LOOP + -(-(8 * (4 + MOST_ARRAYS)) // LINE) * LINE
NUMBER, WITHOUT, LAST, TIME = (OF_FORKER + 8 * number for number in range(4))
SYSTEM = OF_FORKER + LINE
"""What never changes: functions of the system's, where there is how many tasks wait or run, and how many threads there
are."""

FUNCTIONS = ("sched_yield", "sched_getcpu", "sched_setaffinity", "clock_gettime", "sem_post", "sem_wait")
YIELD, HERE, MOVE, CLOCK, RING, WAIT, TASKS, THREADS = (SYSTEM + 8 * number for number in range(8))
PROCESSORS = SYSTEM + LINE
"""A bit for each processor that the process may run on."""

MOST_PROCESSORS = 1024
SHARES = PROCESSORS + MOST_PROCESSORS // 8
"""A line for each thread: its `next`, and the end of its share."""

AWAKE, BELL, HELPERS_TIME, STOP, OWN_PROCESSORS = 0, LINE, LINE + 32, LINE + 48, 2 * LINE
OF_HELPER = OWN_PROCESSORS + MOST_PROCESSORS // 8
"""How much each helper has: whether it is awake, its bell, a time, whether it is to end, and a bit for each processor
that it may run on."""

LENGTH = object.__basicsize__
"""Where in a deque its length is: https://docs.python.org/3/c-api/structures.html#c.PyVarObject."""

PLACES = {
    "busy": BUSY,
    "open": OPEN,
    "active": ACTIVE,
    "sleeping": SLEEPING,
    "grain": GRAIN,
    "code": CODE,
    "call": CALL,
    "forker": FORKER,
    "arrays": ARRAYS,
    "number": NUMBER,
    "without": WITHOUT,
    "last": LAST,
    "time": TIME,
    "yield": YIELD,
    "here": HERE,
    "move": MOVE,
    "clock": CLOCK,
    "ring": RING,
    "wait": WAIT,
    "tasks": TASKS,
    "threads": THREADS,
    "processors": PROCESSORS,
    "shares": SHARES,
}


def size_of(helpers: int) -> int:
    return helpers_of(helpers) + helpers * OF_HELPER


def helpers_of(helpers: int) -> int:
    """Where what helpers have begins."""
    return SHARES + (helpers + 1) * LINE


def starts_of(words: np.ndarray, helpers: int) -> list[int]:
    """The addresses of what each helper has."""
    start: int = words.ctypes.data + helpers_of(helpers)
    return [start + number * OF_HELPER for number in range(helpers)]


def word(address: int) -> ctypes.c_uint64:
    return ctypes.c_uint64.from_address(address)


def check_number(arrays: int) -> None:
    if arrays > MOST_ARRAYS:
        raise CannotAssemble(f"loops of {arrays} arrays are not shared")
