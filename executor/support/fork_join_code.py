"""The machine code by which threads share loops, in LLVM's intermediate representation; `fork_join` tells the protocol.

``serve`` is what a helper does from its start to its end, ``fork`` what the thread does whose loop it is, and ``call``
does a block of a loop.
"""

from __future__ import annotations

import platform

from tfrt.executor.support.fork_join_words import (
    BELL,
    HELPERS_TIME,
    LINE,
    MOST_PROCESSORS,
    OF_HELPER,
    OWN_PROCESSORS,
    PLACES,
    STOP,
    check_number,
)
from tfrt.executor.support.machine_code import DATA_OFFSET, CannotAssemble

LOOKING = 200_000
"""Nanoseconds for which a helper looks for the next loop."""

MISSED = 100_000
"""Nanoseconds that loops have taken without helpers when these are woken."""

YIELDS_AFTER = 1 << 6
"""Looks after which who waits offers its processor to others: who it waits for may have none. A power of two.

A helper does that only where the thread is that forks loops. Elsewhere others that look for work in the same way would
keep the processor."""

STAYS = 1 << 4
"""A helper looks where it is when it is woken, and at each loop of so many. A power of two."""


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
    sizes = "i64 %first, i64 %all, i64 %step, i64 %long"
    parameters = f"ptr %crew, {names}, {sizes}"
    return f"""define void @shared({parameters}) nounwind "no-builtins" {{
  %at = getelementptr i8, ptr %crew, i64 {DATA_OFFSET}
  %words = load ptr, ptr %at
  call void @fork{arrays}(ptr %words, ptr @{name}, ptr @call{arrays}, {names}, {sizes})
  ret void
}}
{with_fork}"""


def forking_text(text: str, arrays: int) -> str:
    """A module with the functions of `forking_functions` besides.

    Raises:
        CannotAssemble: loops of so many arrays are not shared.
    """
    return f"{declared(text)}{forking_functions(arrays)}{text}"


def forking_functions(arrays: int) -> str:
    """Two internal functions, which are called after how many arrays they are for: ``fork3`` takes where the words are,
    the code of a loop of so many arrays, ``call3``, the arrays, and what `shared_text` says after them. They need what
    `declared` gives.

    Raises:
        CannotAssemble: loops of so many arrays are not shared.
    """
    check_number(arrays)
    return f"{call_text(arrays, 'internal ')}{fork_text(arrays, 'internal ')}"


def declared(text: str = "") -> str:
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


def _words(*names: str) -> str:
    """Where some words are."""
    return "\n".join(f"  %{name} = getelementptr i8, ptr %words, i64 {PLACES[name]}" for name in names)


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
""".replace("{line}", str(LINE))
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


def serve_text() -> str:
    pause = _pause()[1]
    steady = ("threads", "yield", "here", "move", "clock", "wait", "tasks")
    return f"""{declared()}define void @serve(ptr %words, i64 %me) nounwind "no-builtins" {{
entry:
{_words("open", "active", "sleeping", "grain", "code", "call", "forker", "arrays", "shares", *steady)}
{_words("processors")}
{_read(*steady)}
  %before.me = sub i64 %me, 1
  %all.shares = mul i64 %threads.v, {LINE}
  %helpers = getelementptr i8, ptr %shares, i64 %all.shares
  %my.offset = mul i64 %before.me, {OF_HELPER}
  %awake = getelementptr i8, ptr %helpers, i64 %my.offset
  %bell = getelementptr i8, ptr %awake, i64 {BELL}
  %time = getelementptr i8, ptr %awake, i64 {HELPERS_TIME}
  %stop = getelementptr i8, ptr %awake, i64 {STOP}
  %own = getelementptr i8, ptr %awake, i64 {OWN_PROCESSORS}
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
  %known = icmp ult i64 %here.wide, {MOST_PROCESSORS}
  %moves = and i1 %together, %known
  br i1 %moves, label %move.on, label %look
move.on:
  call void @llvm.memcpy.p0.p0.i64(ptr %own, ptr %processors, i64 {MOST_PROCESSORS // 8}, i1 false)
  %byte = lshr i64 %here.wide, 3
  %bytep = getelementptr i8, ptr %own, i64 %byte
  %bits = load i8, ptr %bytep
  %place = and i64 %here.wide, 7
  %place.narrow = trunc i64 %place to i8
  %bit = shl i8 1, %place.narrow
  %others = xor i8 %bit, -1
  %left.bits = and i8 %bits, %others
  store i8 %left.bits, ptr %bytep
  %moved = call i32 %move.v(i32 0, i64 {MOST_PROCESSORS // 8}, ptr %own)
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
  %some = and i64 %looks.more, {YIELDS_AFTER - 1}
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
  %which = and i64 %seen.now, {STAYS - 1}
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


def call_text(arrays: int, linkage: str = "") -> str:
    loads = [f"  %p{n} = getelementptr ptr, ptr %arrays, i64 {n}\n  %a{n} = load ptr, ptr %p{n}" for n in range(arrays)]
    arguments = ", ".join([*(f"ptr %a{n}" for n in range(arrays)), "i64 %start", "i64 %end"])
    parameters = "ptr %loop, ptr %arrays, i64 %start, i64 %end"
    return f"""define {linkage}void @call{arrays}({parameters}) nounwind "no-builtins" {{
{chr(10).join(loads)}
  call void %loop({arguments})
  ret void
}}
"""


def fork_text(arrays: int, linkage: str = "") -> str:
    pause = _pause()[1]
    names = [f"ptr %a{n}" for n in range(arrays)]
    stores = [f"  %p{n} = getelementptr ptr, ptr %arrays, i64 {n}\n  store ptr %a{n}, ptr %p{n}" for n in range(arrays)]
    sizes = ["i64 %first", "i64 %all", "i64 %step", "i64 %long"]
    parameters = ", ".join(["ptr %words", "ptr %loop", "ptr %caller", *names, *sizes])
    steady = ("threads", "yield", "here", "clock", "ring", "tasks")
    loop = ("grain", "code", "call", "forker", "arrays", "shares", "number", "without", "last", "time")
    return f"""define {linkage}void @fork{arrays}({parameters}) nounwind "no-builtins" {{
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
  %offset = mul i64 %index, {LINE}
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
  %began = call i64 @now.fork{arrays}(ptr %clock.v, ptr %time)
  %last.v = load i64, ptr %last
  %gap = sub i64 %began, %last.v
  %is.break = icmp sgt i64 %gap, {LOOKING}
  %without.then = load i64, ptr %without
  %without.v = select i1 %is.break, i64 0, i64 %without.then
  %enough = icmp sge i64 %without.v, {MISSED}
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
  %all.shares = mul i64 %threads.v, {LINE}
  %helpers = getelementptr i8, ptr %shares, i64 %all.shares
  %before = sub i64 %helper, 1
  %its.offset = mul i64 %before, {OF_HELPER}
  %awake = getelementptr i8, ptr %helpers, i64 %its.offset
  %changed = cmpxchg ptr %awake, i64 0, i64 1 seq_cst seq_cst
  %slept = extractvalue {{ i64, i1 }} %changed, 1
  br i1 %slept, label %ring.it, label %woken
ring.it:
  %one.fewer = atomicrmw sub ptr %sleeping, i64 1 seq_cst
  %bell = getelementptr i8, ptr %awake, i64 {BELL}
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
  %is.long.wait = icmp sgt i64 %longer, {YIELDS_AFTER}
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
  %ended = call i64 @now.fork{arrays}(ptr %clock.v, ptr %time)
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
{_now_text(f".fork{arrays}")}"""
