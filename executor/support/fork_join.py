"""Loops of machine code that several threads share: one thread forks a loop, all take blocks of it, and it joins them.

A block of a loop may take a few microseconds, in which Python cannot even wake a thread. So threads that help look for
loops in machine code, without the interpreter lock, and find one within a tenth of a microsecond. They look for some
hundred microseconds after the last one, which is longer than what lies between two kernels of a program, and then go
back to what they do otherwise: they are a host's compute threads, and this is a task like any other. Where another task
is added meanwhile, they go back at once. To go back and be woken again costs all: who forks loops and who helps need
the interpreter lock then, and the one that has to wait for it sleeps for some tens of microseconds.

**The protocol**, over words of memory that all threads see. Who forks a loop takes `busy`; who finds it taken runs the
loop alone. It writes down the loop, then opens it by giving it a number. A helper that sees an open loop counts itself
as active, looks again whether it is open, and only then reads what it is; blocks are taken by adding to `next`. When
the one that has forked finds no block left, it closes the loop and waits until nobody is active: then all blocks have
been done, and nobody reads the words any more. Helpers that come between see that it is closed. Nobody waits for a
helper that has not begun, so a thread that the system does not run delays only what it has begun itself.
"""

from __future__ import annotations

import ctypes
import platform
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, runtime_checkable

from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.support.machine_code import CannotAssemble, assemble

MOST_ARRAYS = 24
"""How many arrays the code of a loop may take."""

LOOKS = 1 << 13
"""How often a helper looks for the next loop, which takes 100 to 400 microseconds, as long as processors pause."""

_BUSY, _OPEN, _NEXT, _ACTIVE, _LOOP = 0, 64, 128, 192, 256
"""Where words lie, in bytes. Those that several threads write are on cache lines of their own."""

_TOTAL, _GRAIN, _CODE, _CALL, _NUMBER, _YIELD, _ARRAYS = (_LOOP + 8 * number for number in range(7))
_SIZE = _ARRAYS + 8 * MOST_ARRAYS
_LINE = 64

_LENGTH = object.__basicsize__
"""Where in a deque its length is: https://docs.python.org/3/c-api/structures.html#c.PyVarObject."""

_YIELDS_AFTER = 1 << 6
"""Looks after which who waits offers its processor to others: who it waits for may have none. A power of two."""

Loop = Callable[..., None]
"""Machine code that takes arrays, and the first and the last number of a block; it does not see other threads."""


@runtime_checkable
class Queue(Protocol):
    """What a crew needs of a work queue."""

    @property
    def length(self) -> int: ...

    @property
    def outstanding(self) -> deque[None]:
        """An element for each task that waits or runs."""

    def add_task(self, task: Callable[[], None], /) -> None: ...


class Crew:
    """Threads that help with loops: those of a work queue, while that has nothing else for them to do.

    Args:
        size: how many of them help at a time.

    Raises:
        CannotAssemble: there is no machine code here.
    """

    __slots__ = ("__weakref__", "_address", "_idle", "_memory", "_queue", "_size")

    def __init__(self, queue: Queue, size: int):
        _serve_code()
        self._queue, self._size = queue, size
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """Begin without loops and helpers."""
        self._memory = memory = (ctypes.c_char * (_SIZE + _LINE))()
        self._address = address = ctypes.addressof(memory) + -ctypes.addressof(memory) % _LINE
        ctypes.c_void_p.from_address(address + _YIELD).value = _address(ctypes.CDLL(None).sched_yield)
        idle: deque[Callable[[], None]] = deque()
        queue, serve = self._queue, _serve_code()

        # `memory` is there as long as somebody runs this, also while Python ends and gives back the crew.
        def help(memory: Any = memory) -> None:
            try:
                if not queue.length:
                    tasks = queue.outstanding
                    serve(address, LOOKS, id(tasks) + _LENGTH)
            finally:
                # Its own: that of a process that was forked is another one.
                idle.append(help)

        idle.extend([help] * self._size)
        self._idle = idle

    def sharing(self, loop: Loop, arrays: int) -> Callable[..., None]:
        """A function that runs a loop of as many arrays, with the crew's help.

        It takes the arrays, the first and the last number, and how many a block has; it returns when all are done.

        Raises:
            CannotAssemble: there is no machine code for so many arrays.
        """
        if arrays > MOST_ARRAYS:
            raise CannotAssemble(f"loops of {arrays} arrays are not shared")
        fork, call, code = _fork_code(arrays), _address(_call_code(arrays)), _address(loop)

        def share(*arguments: Any) -> None:
            if self._idle and not self._queue.length:
                self._wake()
            fork(self._address, code, call, *arguments)

        return share

    def _wake(self) -> None:
        """Let a helper look for loops."""
        try:
            help = self._idle.pop()
        except IndexError:
            # Another thread has taken it.
            return
        try:
            self._queue.add_task(help)
        except BaseException:
            self._idle.append(help)
            raise


def _address(code: Callable[..., None]) -> int:
    return ctypes.cast(code, ctypes.c_void_p).value or 0  # type: ignore[arg-type]


@cache
def _serve_code() -> Callable[..., None]:
    """The function that looks for loops: of where the words are, how often to look, and where there is how many tasks
    wait or run.

    Raises:
        CannotAssemble: there is none.
    """
    tasks = deque([None, None])
    if ctypes.c_ssize_t.from_address(id(tasks) + _LENGTH).value != len(tasks):
        raise CannotAssemble("deques are not like those it is written for")
    return assemble(_serve_text(), "serve", [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p])


@cache
def _call_code(arrays: int) -> Callable[..., None]:
    """The function that does a block of a loop: of its code, where its arrays are, and the block."""
    return assemble(_call_text(arrays), "call", [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64])


@cache
def _fork_code(arrays: int) -> Callable[..., None]:
    """The function that forks a loop and joins it: of where the words are, the loop's code and that which calls it, the
    arrays, the first and the last number, and how many a block has."""
    words, sizes = [ctypes.c_void_p] * 3, [ctypes.c_int64] * 3
    return assemble(_fork_text(arrays), "fork", [*words, *[ctypes.py_object] * arrays, *sizes])


def _pause() -> tuple[str, str]:
    """What tells the processor that this is a loop that waits: its declaration, and its call."""
    if platform.machine() in ("x86_64", "AMD64"):
        return "declare void @llvm.x86.sse2.pause()\n", "call void @llvm.x86.sse2.pause()"
    if platform.machine() in ("aarch64", "arm64"):
        return "declare void @llvm.aarch64.hint(i32)\n", "call void @llvm.aarch64.hint(i32 1)"
    return "", ""


def _words(*names: str) -> str:
    places = {"busy": _BUSY, "open": _OPEN, "next": _NEXT, "active": _ACTIVE, "total": _TOTAL, "grain": _GRAIN}
    places |= {"code": _CODE, "call": _CALL, "number": _NUMBER, "yield": _YIELD, "arrays": _ARRAYS}
    return "\n".join(f"  %{name} = getelementptr i8, ptr %words, i64 {places[name]}" for name in names)


_BLOCKS = """
take:
  %start = atomicrmw add ptr %next, i64 %step seq_cst
  %there = icmp slt i64 %start, %all
  br i1 %there, label %block, label %done
block:
  %after = add i64 %start, %step
  %end = call i64 @llvm.smin.i64(i64 %after, i64 %all)
  call void %caller(ptr %loop, ptr %arrays, i64 %start, i64 %end)
  br label %take
"""
"""Taking blocks until there are none."""


def _serve_text() -> str:
    declared, pause = _pause()
    return f"""{declared}declare i64 @llvm.smin.i64(i64, i64)
define void @serve(ptr %words, i64 %looks, ptr %tasks) nounwind "no-builtins" {{
entry:
{_words("open", "next", "active", "total", "grain", "code", "call", "yield", "arrays")}
  %sched.yield = load ptr, ptr %yield
  %count = load atomic i64, ptr %tasks monotonic, align 8
  br label %look
look:
  %least = phi i64 [ %count, %entry ], [ %lesser, %wait ], [ %lesser, %offer ], [ %least, %done ]
  %left = phi i64 [ %looks, %entry ], [ %fewer, %wait ], [ %fewer, %offer ], [ %looks, %done ]
  %seen = phi i64 [ 0, %entry ], [ %seen, %wait ], [ %seen, %offer ], [ %seen.now, %done ]
  %now = load atomic i64, ptr %open seq_cst, align 8
  %shut = icmp eq i64 %now, 0
  %known = icmp eq i64 %now, %seen
  %nothing = or i1 %shut, %known
  br i1 %nothing, label %spin, label %enter
spin:
  %tasks.now = load atomic i64, ptr %tasks monotonic, align 8
  %added = icmp sgt i64 %tasks.now, %least
  br i1 %added, label %end.of.it, label %stay
stay:
  %lesser = call i64 @llvm.smin.i64(i64 %tasks.now, i64 %least)
  {pause}
  %fewer = sub i64 %left, 1
  %some = and i64 %fewer, {_YIELDS_AFTER - 1}
  %offers = icmp eq i64 %some, 0
  br i1 %offers, label %offer, label %wait
wait:
  br label %look
offer:
  %ignored = call i32 %sched.yield()
  %over = icmp sle i64 %fewer, 0
  br i1 %over, label %end.of.it, label %look
enter:
  %others = atomicrmw add ptr %active, i64 1 seq_cst
  %seen.now = load atomic i64, ptr %open seq_cst, align 8
  %missed = icmp eq i64 %seen.now, 0
  br i1 %missed, label %done, label %begin
begin:
  %all = load i64, ptr %total
  %step = load i64, ptr %grain
  %loop = load ptr, ptr %code
  %caller = load ptr, ptr %call
  br label %take
{_BLOCKS}
done:
  %before = atomicrmw sub ptr %active, i64 1 seq_cst
  br label %look
end.of.it:
  ret void
}}
"""


def _call_text(arrays: int) -> str:
    loads = [f"  %p{n} = getelementptr ptr, ptr %arrays, i64 {n}\n  %a{n} = load ptr, ptr %p{n}" for n in range(arrays)]
    arguments = ", ".join([*(f"ptr %a{n}" for n in range(arrays)), "i64 %start", "i64 %end"])
    return f"""define void @call(ptr %loop, ptr %arrays, i64 %start, i64 %end) nounwind "no-builtins" {{
{chr(10).join(loads)}
  call void %loop({arguments})
  ret void
}}
"""


def _fork_text(arrays: int) -> str:
    names = [f"ptr %a{n}" for n in range(arrays)]
    stores = [f"  %p{n} = getelementptr ptr, ptr %arrays, i64 {n}\n  store ptr %a{n}, ptr %p{n}" for n in range(arrays)]
    parameters = ", ".join(["ptr %words", "ptr %loop", "ptr %caller", *names, "i64 %first", "i64 %all", "i64 %step"])
    declared, pause = _pause()
    return f"""{declared}declare i64 @llvm.smin.i64(i64, i64)
define void @fork({parameters}) nounwind "no-builtins" {{
entry:
{_words("busy", "open", "next", "active", "total", "grain", "code", "call", "number", "yield", "arrays")}
  %taken = cmpxchg ptr %busy, i64 0, i64 1 seq_cst seq_cst
  %mine = extractvalue {{ i64, i1 }} %taken, 1
  br i1 %mine, label %fork, label %alone
alone:
  call void %loop({", ".join([*names, "i64 %first", "i64 %all"])})
  ret void
fork:
  store i64 %all, ptr %total
  store i64 %step, ptr %grain
  store ptr %loop, ptr %code
  store ptr %caller, ptr %call
{chr(10).join(stores)}
  store atomic i64 %first, ptr %next seq_cst, align 8
  %last = load i64, ptr %number
  %this = add i64 %last, 1
  store i64 %this, ptr %number
  store atomic i64 %this, ptr %open seq_cst, align 8
  br label %take
{_BLOCKS}
done:
  store atomic i64 0, ptr %open seq_cst, align 8
  br label %join
join:
  %waited = phi i64 [ 0, %done ], [ %longer, %wait ], [ 0, %offer ]
  %still = load atomic i64, ptr %active seq_cst, align 8
  %joined = icmp eq i64 %still, 0
  br i1 %joined, label %leave, label %patience
patience:
  %longer = add i64 %waited, 1
  %long = icmp sgt i64 %longer, {_YIELDS_AFTER}
  br i1 %long, label %offer, label %wait
wait:
  {pause}
  br label %join
offer:
  %sched.yield = load ptr, ptr %yield
  %ignored = call i32 %sched.yield()
  br label %join
leave:
  store atomic i64 0, ptr %busy seq_cst, align 8
  ret void
}}
"""
