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
import platform
import sys
import weakref
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, runtime_checkable

import numpy as np

from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.support.machine_code import DATA_OFFSET, CannotAssemble, assemble
from tfrt.executor.support.threads import Worker, join

MOST_ARRAYS = 24
"""How many arrays the code of a loop may take."""

LOOKING = 200_000
"""Nanoseconds for which a helper looks for the next loop."""

_MISSED = 100_000
"""Nanoseconds that loops have taken without helpers when these are woken."""

_LINE = 64

_BUSY, _OPEN, _ACTIVE, _SLEEPING, _LOOP = (_LINE * number for number in range(5))
"""Where words lie, in bytes. Those that several threads write are on cache lines of their own."""

_GRAIN, _CODE, _CALL, _FORKER, _ARRAYS = (_LOOP + 8 * number for number in range(5))
_OF_FORKER = _LOOP + -(-(8 * (4 + MOST_ARRAYS)) // _LINE) * _LINE
_NUMBER, _WITHOUT, _LAST, _TIME = (_OF_FORKER + 8 * number for number in range(4))
_SYSTEM = _OF_FORKER + _LINE
"""What never changes: functions of the system's, where there is how many tasks wait or run, and how many threads there
are."""

_FUNCTIONS = ("sched_yield", "sched_getcpu", "sched_setaffinity", "clock_gettime", "sem_post", "sem_wait")
_YIELD, _HERE, _MOVE, _CLOCK, _RING, _WAIT, _TASKS, _THREADS = (_SYSTEM + 8 * number for number in range(8))
_PROCESSORS = _SYSTEM + _LINE
"""A bit for each processor that the process may run on."""

_MOST_PROCESSORS = 1024
_SHARES = _PROCESSORS + _MOST_PROCESSORS // 8
"""A line for each thread: its `next`, and the end of its share."""

_AWAKE, _BELL, _HELPERS_TIME, _STOP, _OWN_PROCESSORS = 0, _LINE, _LINE + 32, _LINE + 48, 2 * _LINE
_OF_HELPER = _OWN_PROCESSORS + _MOST_PROCESSORS // 8
"""How much each helper has: whether it is awake, its bell, a time, whether it is to end, and a bit for each processor
that it may run on."""

_LENGTH = object.__basicsize__
"""Where in a deque its length is: https://docs.python.org/3/c-api/structures.html#c.PyVarObject."""

_YIELDS_AFTER = 1 << 6
"""Looks after which who waits offers its processor to others: who it waits for may have none. A power of two.

A helper does that only where the thread is that forks loops. Elsewhere others that look for work in the same way would
keep the processor."""

_STAYS = 1 << 4
"""A helper looks where it is when it is woken, and at each loop of so many. A power of two."""

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
        self._memory: Any = (ctypes.c_char * (_size_of(size) + _LINE))()
        start = -ctypes.addressof(self._memory) % _LINE
        self.words: np.ndarray = np.frombuffer(memoryview(self._memory), np.uint8)[start : start + _size_of(size)]
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
        for place, name in enumerate(_FUNCTIONS):
            self._word(_SYSTEM + 8 * place).value = _address(getattr(process, name))
        self._word(_TASKS).value = id(tasks) + _LENGTH
        self._word(_THREADS).value = self._size + 1
        for processor in os.sched_getaffinity(0):
            if processor < _MOST_PROCESSORS:
                self.words[_PROCESSORS + processor // 8] |= 1 << processor % 8

    def _word(self, offset: int) -> ctypes.c_uint64:
        return _word(self.words.ctypes.data + offset)

    def start(self) -> None:
        """Have helpers, asleep, if there are none yet. Where the machine has no threads to give there are fewer."""
        if not self._missing:
            return
        # All that a thread refers to: it must not keep the crew.
        serve, words = _serve_code(), self.words
        if self._ending is None:
            self._ending = weakref.finalize(self, _end, _starts_of(words, self._size), words)
        while self._missing:
            try:
                number = self._missing.popleft()
            except IndexError:
                # Another thread starts it.
                return
            start = _starts_of(words, self._size)[number - 1]
            # Until it says itself that it sleeps.
            _word(start + _AWAKE).value = 1
            _word(start + _STOP).value = 0
            ctypes.CDLL(None).sem_init(ctypes.c_void_p(start + _BELL), 0, 0)
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
            _end(_starts_of(self.words, self._size)[number - 1 : number], self.words)
            join(thread)
            self._missing.append(number)

    def sharing(self, loop: Loop, arrays: int) -> Callable[..., None]:
        """A function that runs a loop of as many arrays, with the crew's help.

        It takes the arrays, the first and the last number, how many a block has, and whether the loop takes so long
        that helpers are to be woken for it; it returns when all are done.

        Raises:
            CannotAssemble: there is no machine code for so many arrays.
        """
        _check_number(arrays)
        fork, call, code, words = _fork_code(arrays), _address(_call_code(arrays)), _address(loop), self.words
        start: int = words.ctypes.data
        self.start()

        # The words are there as long as somebody can run this.
        def share(*arguments: Any, words: np.ndarray = words) -> None:
            fork(start, code, call, *arguments)

        return share


def _size_of(helpers: int) -> int:
    return _helpers_of(helpers) + helpers * _OF_HELPER


def _helpers_of(helpers: int) -> int:
    """Where what helpers have begins."""
    return _SHARES + (helpers + 1) * _LINE


def _starts_of(words: np.ndarray, helpers: int) -> list[int]:
    """The addresses of what each helper has."""
    start: int = words.ctypes.data + _helpers_of(helpers)
    return [start + number * _OF_HELPER for number in range(helpers)]


def _help(serve: Callable[..., None], words: np.ndarray, number: int) -> None:
    serve(words.ctypes.data, number)


def _end(starts: list[int], words: np.ndarray) -> None:
    """Have helpers end, which sleep or look for loops: those that have this, among these words."""
    process = ctypes.CDLL(None)
    for start in starts:
        _word(start + _STOP).value = 1
        process.sem_post(ctypes.c_void_p(start + _BELL))


def _word(address: int) -> ctypes.c_uint64:
    return ctypes.c_uint64.from_address(address)


def _check_number(arrays: int) -> None:
    if arrays > MOST_ARRAYS:
        raise CannotAssemble(f"loops of {arrays} arrays are not shared")


def _address(code: Callable[..., None]) -> int:
    return ctypes.cast(code, ctypes.c_void_p).value or 0  # type: ignore[arg-type]


@cache
def _serve_code() -> Callable[..., None]:
    """What a helper does from its start to its end: of where the words are, and its number, from 1.

    Raises:
        CannotAssemble: there is none.
    """
    tasks = deque([None, None])
    if ctypes.c_ssize_t.from_address(id(tasks) + _LENGTH).value != len(tasks):
        raise CannotAssemble("deques are not like those it is written for")
    if sys.platform != "linux" or ctypes.sizeof(ctypes.c_void_p) != 8:
        raise CannotAssemble("threads wait for one another in machine code only on Linux with 64 bits")
    if not all(hasattr(ctypes.CDLL(None), name) for name in _FUNCTIONS):
        raise CannotAssemble("this system's library has no functions by which threads wait for one another")
    return assemble(_serve_text(), "serve", [ctypes.c_void_p, ctypes.c_int64])


@cache
def _call_code(arrays: int) -> Callable[..., None]:
    """The function that does a block of a loop: of its code, where its arrays are, and the block."""
    return assemble(_call_text(arrays), "call", [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64])


@cache
def _fork_code(arrays: int) -> Callable[..., None]:
    """The function that forks a loop and joins it: of where the words are, the loop's code and that which calls it, the
    arrays, the first and the last number, how many a block has, and whether the loop takes long."""
    words, sizes = [ctypes.c_void_p] * 3, [ctypes.c_int64] * 4
    return assemble(f"{_declared()}{_fork_text(arrays)}", "fork", [*words, *[ctypes.py_object] * arrays, *sizes])


def shared_text(text: str, name: str, arrays: int) -> str:
    """The module of a loop with a function ``shared`` besides: it takes the crew's words as an array, the loop's
    arrays, the first and the last number, how many a block has, and whether the loop takes long.

    Args:
        name: the loop's.

    Raises:
        CannotAssemble: loops of so many arrays are not shared.
    """
    names = ", ".join(f"ptr %a{n}" for n in range(arrays))
    head = f"define void @{name}("
    if head not in text:
        raise CannotAssemble(f"there is no function '{name}'")
    with_fork = forking_text(text.replace(head, f"define internal void @{name}(", 1), arrays)
    parameters = f"ptr %crew, {names}, i64 %first, i64 %all, i64 %step, i64 %long"
    return f"""define void @shared({parameters}) nounwind "no-builtins" {{
  %at = getelementptr i8, ptr %crew, i64 {DATA_OFFSET}
  %words = load ptr, ptr %at
  call void @fork(ptr %words, ptr @{name}, ptr @call, {names}, i64 %first, i64 %all, i64 %step, i64 %long)
  ret void
}}
{with_fork}"""


def forking_text(text: str, arrays: int) -> str:
    """A module with two internal functions besides: ``fork`` takes where the words are, the code of a loop of so many
    arrays, ``call``, the arrays, and what `shared_text` says after them.

    Raises:
        CannotAssemble: loops of so many arrays are not shared.
    """
    _check_number(arrays)
    return f"{_declared(text)}{_call_text(arrays, 'internal ')}{_fork_text(arrays, 'internal ')}{text}"


def _declared(text: str = "") -> str:
    """What the functions here declare, besides what a text does."""
    pause = _pause()[0]
    wanted = ["declare i64 @llvm.smin.i64(i64, i64)\n", *([pause] if pause else [])]
    return "".join(line for line in wanted if line.partition("@")[2].partition("(")[0] + "(" not in text)


def _pause() -> tuple[str, str]:
    """What tells the processor that this is a loop that waits: its declaration, and its call."""
    if platform.machine() in ("x86_64", "AMD64"):
        return "declare void @llvm.x86.sse2.pause()\n", "call void @llvm.x86.sse2.pause()"
    if platform.machine() in ("aarch64", "arm64"):
        return "declare void @llvm.aarch64.hint(i32)\n", "call void @llvm.aarch64.hint(i32 1)"
    return "", ""


_PLACES = {
    "busy": _BUSY,
    "open": _OPEN,
    "active": _ACTIVE,
    "sleeping": _SLEEPING,
    "grain": _GRAIN,
    "code": _CODE,
    "call": _CALL,
    "forker": _FORKER,
    "arrays": _ARRAYS,
    "number": _NUMBER,
    "without": _WITHOUT,
    "last": _LAST,
    "time": _TIME,
    "yield": _YIELD,
    "here": _HERE,
    "move": _MOVE,
    "clock": _CLOCK,
    "ring": _RING,
    "wait": _WAIT,
    "tasks": _TASKS,
    "threads": _THREADS,
    "processors": _PROCESSORS,
    "shares": _SHARES,
}


def _words(*names: str) -> str:
    """Where some words are."""
    return "\n".join(f"  %{name} = getelementptr i8, ptr %words, i64 {_PLACES[name]}" for name in names)


def _read(*names: str) -> str:
    """Some of what never changes, by its name and ``.v``."""
    kinds = {"threads": "i64"}
    return "\n".join(f"  %{name}.v = load {kinds.get(name, 'ptr')}, ptr %{name}" for name in names)


_BLOCKS = """
take:
  %share = phi i64 [ %me, %begin ], [ %other, %exhausted ]
  %tried = phi i64 [ 1, %begin ], [ %tried.more, %exhausted ]
  %share.offset = mul i64 %share, {line}
  %next = getelementptr i8, ptr %shares, i64 %share.offset
  %endp = getelementptr i8, ptr %next, i64 8
  %until = load i64, ptr %endp
  br label %again
again:
  %start = atomicrmw add ptr %next, i64 %step seq_cst
  %there = icmp slt i64 %start, %until
  br i1 %there, label %block, label %exhausted
block:
  %after = add i64 %start, %step
  %end = call i64 @llvm.smin.i64(i64 %after, i64 %until)
  call void %caller(ptr %loop, ptr %arrays, i64 %start, i64 %end)
  br label %again
exhausted:
  %following = add i64 %share, 1
  %last.one = icmp eq i64 %following, %threads.v
  %other = select i1 %last.one, i64 0, i64 %following
  %tried.more = add i64 %tried, 1
  %more = icmp sle i64 %tried.more, %threads.v
  br i1 %more, label %take, label %done
""".replace("{line}", str(_LINE))
"""Taking blocks until there are none: of the share of number `me`, then of the others'."""


def _now_text(suffix: str) -> str:
    """The function that tells the time, in nanoseconds."""
    return f"""define internal i64 @now{suffix}(ptr %clock, ptr %time) nounwind "no-builtins" {{
  %ignored = call i32 %clock(i32 1, ptr %time)
  %seconds = load i64, ptr %time
  %rest = getelementptr i64, ptr %time, i64 1
  %nanoseconds = load i64, ptr %rest
  %whole = mul i64 %seconds, 1000000000
  %all = add i64 %whole, %nanoseconds
  ret i64 %all
}}
"""


def _serve_text() -> str:
    pause = _pause()[1]
    steady = ("threads", "yield", "here", "move", "clock", "wait", "tasks")
    return f"""{_declared()}define void @serve(ptr %words, i64 %me) nounwind "no-builtins" {{
entry:
{_words("open", "active", "sleeping", "grain", "code", "call", "forker", "arrays", "shares", *steady)}
{_words("processors")}
{_read(*steady)}
  %before.me = sub i64 %me, 1
  %all.shares = mul i64 %threads.v, {_LINE}
  %helpers = getelementptr i8, ptr %shares, i64 %all.shares
  %my.offset = mul i64 %before.me, {_OF_HELPER}
  %awake = getelementptr i8, ptr %helpers, i64 %my.offset
  %bell = getelementptr i8, ptr %awake, i64 {_BELL}
  %time = getelementptr i8, ptr %awake, i64 {_HELPERS_TIME}
  %stop = getelementptr i8, ptr %awake, i64 {_STOP}
  %own = getelementptr i8, ptr %awake, i64 {_OWN_PROCESSORS}
  %most.tasks = sub i64 %threads.v, %me
  br label %fall.asleep
fall.asleep:
  store atomic i64 0, ptr %awake seq_cst, align 8
  %one.more = atomicrmw add ptr %sleeping, i64 1 seq_cst
  br label %sleep
sleep:
  %failed = call i32 %wait.v(ptr %bell)
  %ending = load atomic i64, ptr %stop seq_cst, align 8
  %ends = icmp ne i64 %ending, 0
  br i1 %ends, label %leave, label %listen
listen:
  %interrupted = icmp ne i32 %failed, 0
  br i1 %interrupted, label %sleep, label %settle
settle:
  %seen.s = phi i64 [ 0, %listen ], [ %seen.now, %settle.again ]
  %forked.on = load i64, ptr %forker
  %here.now = call i32 %here.v()
  %here.wide = sext i32 %here.now to i64
  %together = icmp eq i64 %here.wide, %forked.on
  %known = icmp ult i64 %here.wide, {_MOST_PROCESSORS}
  %moves = and i1 %together, %known
  br i1 %moves, label %move.on, label %look
move.on:
  call void @llvm.memcpy.p0.p0.i64(ptr %own, ptr %processors, i64 {_MOST_PROCESSORS // 8}, i1 false)
  %byte = lshr i64 %here.wide, 3
  %bytep = getelementptr i8, ptr %own, i64 %byte
  %bits = load i8, ptr %bytep
  %place = and i64 %here.wide, 7
  %place.narrow = trunc i64 %place to i8
  %bit = shl i8 1, %place.narrow
  %others = xor i8 %bit, -1
  %left.bits = and i8 %bits, %others
  store i8 %left.bits, ptr %bytep
  %moved = call i32 %move.v(i32 0, i64 {_MOST_PROCESSORS // 8}, ptr %own)
  br label %look
look:
  %looks = phi i64 [ 0, %settle ], [ 0, %move.on ], [ %looks.more, %rest ], [ %looks.more, %offer ], [ 0, %finished ]
  %till = phi i64 [ 0, %settle ], [ 0, %move.on ], [ %till, %rest ], [ %till.now, %offer ], [ 0, %finished ]
  %seen = phi i64 [ %seen.s, %settle ], [ %seen.s, %move.on ], [ %seen, %rest ], [ %seen, %offer ],
    [ %seen.now, %finished ]
  %now = load atomic i64, ptr %open seq_cst, align 8
  %shut = icmp eq i64 %now, 0
  %old = icmp eq i64 %now, %seen
  %nothing = or i1 %shut, %old
  br i1 %nothing, label %spin, label %enter
spin:
  %count = load atomic i64, ptr %tasks.v monotonic, align 8
  %others.work = icmp sgt i64 %count, %most.tasks
  br i1 %others.work, label %fall.asleep, label %stay
stay:
  {pause}
  %looks.more = add i64 %looks, 1
  %some = and i64 %looks.more, {_YIELDS_AFTER - 1}
  %offers = icmp eq i64 %some, 0
  br i1 %offers, label %offer.it, label %rest
rest:
  br label %look
offer.it:
  %forked.there = load i64, ptr %forker
  %still.here = call i32 %here.v()
  %still.here.wide = sext i32 %still.here to i64
  %in.its.way = icmp eq i64 %still.here.wide, %forked.there
  br i1 %in.its.way, label %give.way, label %ask
give.way:
  %ignored = call i32 %yield.v()
  br label %ask
ask:
  %ending.now = load atomic i64, ptr %stop seq_cst, align 8
  %ends.now = icmp ne i64 %ending.now, 0
  br i1 %ends.now, label %fall.asleep, label %read.clock
read.clock:
  %time.now = call i64 @now.serve(ptr %clock.v, ptr %time)
  %first = icmp eq i64 %till, 0
  %later = add i64 %time.now, {LOOKING}
  %till.now = select i1 %first, i64 %later, i64 %till
  %over = icmp sgt i64 %time.now, %till.now
  br i1 %over, label %fall.asleep, label %offer
offer:
  br label %look
enter:
  %active.before = atomicrmw add ptr %active, i64 1 seq_cst
  %seen.now = load atomic i64, ptr %open seq_cst, align 8
  %missed = icmp eq i64 %seen.now, 0
  br i1 %missed, label %done, label %begin
begin:
  %step = load i64, ptr %grain
  %loop = load ptr, ptr %code
  %caller = load ptr, ptr %call
  br label %take
{_BLOCKS}
done:
  %active.after = atomicrmw sub ptr %active, i64 1 seq_cst
  %which = and i64 %seen.now, {_STAYS - 1}
  %looks.around = icmp eq i64 %which, 1
  br i1 %looks.around, label %settle.again, label %finished
settle.again:
  br label %settle
finished:
  br label %look
leave:
  %leaving = cmpxchg ptr %awake, i64 0, i64 1 seq_cst seq_cst
  %unasked = extractvalue {{ i64, i1 }} %leaving, 1
  br i1 %unasked, label %uncount, label %end.of.it
uncount:
  %one.fewer = atomicrmw sub ptr %sleeping, i64 1 seq_cst
  br label %end.of.it
end.of.it:
  ret void
}}
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
{_now_text(".serve")}"""


def _call_text(arrays: int, linkage: str = "") -> str:
    loads = [f"  %p{n} = getelementptr ptr, ptr %arrays, i64 {n}\n  %a{n} = load ptr, ptr %p{n}" for n in range(arrays)]
    arguments = ", ".join([*(f"ptr %a{n}" for n in range(arrays)), "i64 %start", "i64 %end"])
    return f"""define {linkage}void @call(ptr %loop, ptr %arrays, i64 %start, i64 %end) nounwind "no-builtins" {{
{chr(10).join(loads)}
  call void %loop({arguments})
  ret void
}}
"""


def _fork_text(arrays: int, linkage: str = "") -> str:
    pause = _pause()[1]
    names = [f"ptr %a{n}" for n in range(arrays)]
    stores = [f"  %p{n} = getelementptr ptr, ptr %arrays, i64 {n}\n  store ptr %a{n}, ptr %p{n}" for n in range(arrays)]
    sizes = ["i64 %first", "i64 %all", "i64 %step", "i64 %long"]
    parameters = ", ".join(["ptr %words", "ptr %loop", "ptr %caller", *names, *sizes])
    steady = ("threads", "yield", "here", "clock", "ring", "tasks")
    loop = ("grain", "code", "call", "forker", "arrays", "shares", "number", "without", "last", "time")
    return f"""define {linkage}void @fork({parameters}) nounwind "no-builtins" {{
entry:
{_words("busy", "open", "active", "sleeping", *loop, *steady)}
  %taken = cmpxchg ptr %busy, i64 0, i64 1 seq_cst seq_cst
  %mine = extractvalue {{ i64, i1 }} %taken, 1
  br i1 %mine, label %write, label %alone
alone:
  call void %loop({", ".join([*names, "i64 %first", "i64 %all"])})
  ret void
write:
{_read(*steady)}
  store i64 %step, ptr %grain
  store ptr %loop, ptr %code
  store ptr %caller, ptr %call
{chr(10).join(stores)}
  %here.now = call i32 %here.v()
  %here.wide = sext i32 %here.now to i64
  store i64 %here.wide, ptr %forker
  %numbers = sub i64 %all, %first
  br label %part
part:
  %index = phi i64 [ 0, %write ], [ %index.more, %part ]
  %from = phi i64 [ %first, %write ], [ %to, %part ]
  %index.more = add i64 %index, 1
  %scaled = mul i64 %numbers, %index.more
  %away = udiv i64 %scaled, %threads.v
  %to = add i64 %first, %away
  %offset = mul i64 %index, {_LINE}
  %next.of = getelementptr i8, ptr %shares, i64 %offset
  %end.of = getelementptr i8, ptr %next.of, i64 8
  store i64 %from, ptr %next.of
  store i64 %to, ptr %end.of
  %all.parts = icmp eq i64 %index.more, %threads.v
  br i1 %all.parts, label %publish, label %part
publish:
  %last.number = load i64, ptr %number
  %this = add i64 %last.number, 1
  store i64 %this, ptr %number
  store atomic i64 %this, ptr %open seq_cst, align 8
  %asleep = load atomic i64, ptr %sleeping monotonic, align 8
  %some.sleep = icmp sgt i64 %asleep, 0
  br i1 %some.sleep, label %consider, label %begin
consider:
  %began = call i64 @now.fork(ptr %clock.v, ptr %time)
  %last.v = load i64, ptr %last
  %gap = sub i64 %began, %last.v
  %is.break = icmp sgt i64 %gap, {LOOKING}
  %without.then = load i64, ptr %without
  %without.v = select i1 %is.break, i64 0, i64 %without.then
  %enough = icmp sge i64 %without.v, {_MISSED}
  %is.long = icmp ne i64 %long, 0
  %worth = or i1 %enough, %is.long
  %count = load atomic i64, ptr %tasks.v monotonic, align 8
  br i1 %worth, label %wake, label %begin
wake:
  %helper = phi i64 [ 1, %consider ], [ %helper.more, %woken ]
  %others = sub i64 %threads.v, %helper
  %gives.way = icmp sgt i64 %count, %others
  %past = icmp slt i64 %others, 1
  %no.more = or i1 %gives.way, %past
  br i1 %no.more, label %begin, label %ask
ask:
  %all.shares = mul i64 %threads.v, {_LINE}
  %helpers = getelementptr i8, ptr %shares, i64 %all.shares
  %before = sub i64 %helper, 1
  %its.offset = mul i64 %before, {_OF_HELPER}
  %awake = getelementptr i8, ptr %helpers, i64 %its.offset
  %changed = cmpxchg ptr %awake, i64 0, i64 1 seq_cst seq_cst
  %slept = extractvalue {{ i64, i1 }} %changed, 1
  br i1 %slept, label %ring.it, label %woken
ring.it:
  %one.fewer = atomicrmw sub ptr %sleeping, i64 1 seq_cst
  %bell = getelementptr i8, ptr %awake, i64 {_BELL}
  %rung = call i32 %ring.v(ptr %bell)
  br label %woken
woken:
  %helper.more = add i64 %helper, 1
  br label %wake
begin:
  %start.time = phi i64 [ 0, %publish ], [ %began, %consider ], [ 0, %wake ]
  %without.before = phi i64 [ 0, %publish ], [ %without.v, %consider ], [ 0, %wake ]
  %me = add i64 0, 0
  br label %take
{_BLOCKS}
done:
  store atomic i64 0, ptr %open seq_cst, align 8
  br label %join
join:
  %waited = phi i64 [ 0, %done ], [ %longer, %wait ], [ 0, %offer ]
  %still = load atomic i64, ptr %active seq_cst, align 8
  %joined = icmp eq i64 %still, 0
  br i1 %joined, label %joined.all, label %patience
patience:
  %longer = add i64 %waited, 1
  %is.long.wait = icmp sgt i64 %longer, {_YIELDS_AFTER}
  br i1 %is.long.wait, label %offer, label %wait
wait:
  {pause}
  br label %join
offer:
  %ignored = call i32 %yield.v()
  br label %join
joined.all:
  %was.alone = icmp ne i64 %start.time, 0
  br i1 %was.alone, label %count.it, label %forget
count.it:
  %ended = call i64 @now.fork(ptr %clock.v, ptr %time)
  %took = sub i64 %ended, %start.time
  %without.now = add i64 %without.before, %took
  store i64 %without.now, ptr %without
  store i64 %ended, ptr %last
  br label %leave
forget:
  store i64 0, ptr %without
  br label %leave
leave:
  store atomic i64 0, ptr %busy seq_cst, align 8
  ret void
}}
{_now_text(".fork")}"""
