"""A stress run: threads, event loops, forks, cancellations, signals and misbehaving kernels on shared hosts.

    python benchmarks/stress.py --seconds 1200

Every call has a ticket, and every effect of a kernel is counted under its ticket: a call that succeeds has had each of
its effects once, any other at most once. A client that makes no progress for `PATIENCE` seconds ends the run with all
stacks. At the end, no thread and no more memory than after the first fifth of the run may be left. Prints what has been
done, how much memory and how many threads there were after each fifth, and ``ok`` or what is wrong. What a client does
next is drawn from the seed; when it happens is the machine's business.
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import gc
import itertools
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from stress_program import BAD, EXPECTED, SOURCE, effects, programs, promised

import tfrt
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.support.errors import KernelError

QUEUES = ("s", "mstd:2,2", "seeded:7", "mstd:1,1")
PATIENCE = 90.0
FORK_PATIENCE = 60
KEPT = 20_000
"""How many effects are kept, of calls that nobody waits for any more."""

_tickets = itertools.count(1)


class Alarm(Exception):
    """What the signal handler raises."""


class Failure(Exception):
    """Something is wrong."""


class Run:
    """One stress run: what clients share.

    Attributes:
        hosts: the hosts that all clients call.
        done: what has been done, by kind.
        failures: what was wrong.
        progress: when each client has got on last.
        sizes: memory in bytes, and threads, after each fifth of the time and in the end.
    """

    def __init__(self, seed: int):
        self.bef = tfrt.compile(SOURCE, filename="stress.mlir")
        self.hosts = [tfrt.HostContext(queue) for queue in QUEUES]
        self.programs = [tfrt.load(self.bef, host=host) for host in self.hosts]
        for host, program in zip(self.hosts, self.programs, strict=True):
            programs[id(host)] = program
        self.seed = seed
        self.done: Counter[str] = Counter()
        self.failures: list[str] = []
        self.progress: dict[str, float] = {}
        self.sizes: list[tuple[int, int]] = []
        self._stop = threading.Event()

    def note(self, client: str, kind: str) -> None:
        self.progress[client] = time.monotonic()
        self.done[kind] += 1

    def measure(self) -> None:
        gc.collect()
        self.sizes.append((_resident(), threading.active_count()))

    def expect(self, ticket: int, names: tuple[str, ...], *, exactly: bool) -> None:
        """Look at the effects of a call that is over, and forget them."""
        for name in (*names, "misbehaving"):
            count = effects.pop((ticket, name), 0)
            if count > 1 or (exactly and name in names and count != 1):
                self.failures.append(f"ticket {ticket}: effect {name} has happened {count} times")

    def call(self, program: Any, name: str, how: Callable[[Any, int], Any]) -> None:
        """Make one call and look at its outcome and effects."""
        ticket = next(_tickets)
        names = EXPECTED.get(name, ("plain", "second"))
        try:
            result = how(program[name], ticket)
        except Alarm:
            # The main thread has helped with the call, and a signal has ended it.
            if program.host.work_queue.has_threads:
                raise
            self.expect(ticket, names, exactly=False)
            return
        except KernelError as error:
            # The alarm may also come in a kernel that the main thread runs for another, and is the kernel's then.
            if name not in BAD and ("Alarm" not in error.message or program.host.work_queue.has_threads):
                raise Failure(f"@{name} failed: {error!r}") from error
            self.expect(ticket, names, exactly=False)
            return
        if name in BAD:
            raise Failure(f"@{name} did not fail")
        if result != ticket:
            raise Failure(f"@{name} of {ticket} is {result}")
        self.expect(ticket, names, exactly=True)


def _client(run: Run, name: str, steps: int | None, act: Callable[[random.Random, int], None]) -> threading.Thread:
    """A thread that acts again and again, until the run is over or it has acted `steps` times."""

    def work() -> None:
        draw = random.Random(f"{run.seed} {name}")
        try:
            for step in itertools.count() if steps is None else range(steps):
                if run._stop.is_set():
                    break
                act(draw, step)
        except BaseException as error:
            run.failures.append(f"{name}: {error!r}")
        finally:
            run.progress.pop(name, None)

    run.progress[name] = time.monotonic()
    return threading.Thread(target=work, name=name, daemon=True)


def _resolver() -> None:
    """The thread that resolves what `stress.later` has promised."""
    while True:
        value, ticket = promised.get()
        value.set(ticket)


def _calling(run: Run, name: str) -> Callable[[random.Random, int], None]:
    def act(draw: random.Random, _: int) -> None:
        run.call(draw.choice(run.programs), draw.choice((*EXPECTED, *BAD)), lambda f, ticket: f(ticket))
        run.note(name, "call")

    return act


def _cancelling(run: Run, name: str) -> Callable[[random.Random, int], None]:
    def act(draw: random.Random, _: int) -> None:
        program, function = draw.choice(run.programs), draw.choice((*EXPECTED, *BAD))
        ticket, context = next(_tickets), ExecutionContext(program.host)
        if draw.random() < 0.3:
            context.cancel()
        results = program[function].start(ticket, context=context)
        canceller = threading.Thread(target=context.cancel)
        canceller.start()
        program.host.wait(results)
        canceller.join()
        # The nested call is a request of its own and goes on; its effects may come yet.
        if function != "outer":
            run.expect(ticket, EXPECTED.get(function, ("plain", "second")), exactly=False)
        run.note(name, "cancel")

    return act


def _awaiting(run: Run, name: str) -> Callable[[random.Random, int], None]:
    async def one(program: Any, function: str, timeout: float | None) -> None:
        ticket = next(_tickets)
        names = EXPECTED.get(function, ("plain", "second"))
        try:
            result = await asyncio.wait_for(program[function].call_async(ticket), timeout)
        except TimeoutError:
            # Kernels that had begun may still have their effects.
            run.done["timeout"] += 1
            return
        except KernelError:
            run.expect(ticket, names, exactly=False)
            return
        if result != ticket:
            raise Failure(f"awaited @{function} of {ticket} is {result}")
        run.expect(ticket, names, exactly=True)

    def act(draw: random.Random, _: int) -> None:
        async def main() -> None:
            timeouts = (None, None, draw.random() * 0.003)
            choices = [(draw.choice(run.programs), draw.choice((*EXPECTED, *BAD))) for _ in range(8)]
            await asyncio.gather(*(one(program, f, draw.choice(timeouts)) for program, f in choices))

        asyncio.run(main())
        run.note(name, "loop")

    return act


def _dropping(run: Run, name: str) -> Callable[[random.Random, int], None]:
    def act(draw: random.Random, _: int) -> None:
        host = tfrt.HostContext(draw.choice(QUEUES))
        program = tfrt.load(run.bef, host=host)
        run.call(program, draw.choice(("ok", "inner", "loop", *BAD)), lambda f, ticket: f(ticket))
        if draw.random() < 0.5:
            host.close()
        run.note(name, "host")

    return act


def _fork(run: Run, draw: random.Random) -> None:
    """A forked process calls hosts that its parent has used, and is using."""
    chosen = [(draw.choice(run.programs), draw.choice(("inner", "loop", *BAD))) for _ in range(3)]
    child = os.fork()
    if child == 0:
        code = 1
        try:
            # The parent's watchdog is gone, and what it leaves behind cannot be used.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(FORK_PATIENCE)
            run.failures.clear()
            effects.clear()
            for program, name in chosen:
                run.call(program, name, lambda f, ticket: f(ticket))
            code = 1 if run.failures else 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if status:
        raise Failure(f"a forked process ended with status {status}")
    run.note("main", "fork")


def _interrupt(run: Run, draw: random.Random) -> None:
    """A signal arrives somewhere in a call; what its handler raises ends the call."""
    program, name, ticket = draw.choice(run.programs), draw.choice((*EXPECTED, *BAD)), next(_tickets)
    names = EXPECTED.get(name, ("plain", "second"))
    armed = [True]

    def handler(*_: object) -> None:
        if armed[0]:
            raise Alarm

    signal.signal(signal.SIGALRM, handler)
    is_over = False
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, draw.random() * 0.004 + 1e-5)
            result = program[name](ticket)
            is_over = True
        finally:
            # It may come here, too, but only once.
            armed[0] = False
            signal.setitimer(signal.ITIMER_REAL, 0)
    except (Alarm, KernelError):
        run.done["alarm"] += 1
    if is_over:
        if result != ticket:
            raise Failure(f"interrupted @{name} of {ticket} is {result}")
        run.expect(ticket, names, exactly=True)
    # What is pending goes on without the caller; what has happened twice shows at once or in `_twice`.
    run.note("main", "signal")


def _twice(before: float = float("inf")) -> list[str]:
    """What has happened twice, of tickets before a number, which are forgotten."""
    # One operation, during which no other thread can add any.
    found = dict.copy(effects)
    for key in found:
        if key[0] < before:
            effects.pop(key, None)
    return [f"ticket {ticket}: effect {name} has happened {n} times" for (ticket, name), n in found.items() if n > 1]


def _resident() -> int:
    """Bytes of memory of this process, or 0 where the system does not say."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def stress(seconds: float | None = None, steps: int | None = None, seed: int = 0) -> Run:
    """Run for so many seconds, or so many steps of each client."""
    gc.collect()
    before = threading.active_count()
    threading.Thread(target=_resolver, daemon=True).start()
    run = Run(seed)
    kinds = {"calling": _calling, "cancelling": _cancelling, "awaiting": _awaiting, "dropping": _dropping}
    clients = [
        _client(run, name, steps, make(run, name))
        for kind, make in kinds.items()
        for name in (f"{kind} {n}" for n in range(2))
    ]
    for client in clients:
        client.start()
    draw, start = random.Random(seed), time.monotonic()
    main_steps = itertools.count() if steps is None else range(steps)
    is_main = threading.current_thread() is threading.main_thread()
    for _ in main_steps:
        elapsed = time.monotonic() - start
        if run.failures or (seconds is not None and elapsed > seconds):
            break
        if seconds is not None and elapsed > seconds / 5 * (len(run.sizes) + 1):
            run.measure()
        if is_main:
            faulthandler.dump_traceback_later(PATIENCE, exit=True)
            (_fork if draw.random() < 0.2 else _interrupt)(run, draw)
            faulthandler.cancel_dump_traceback_later()
        _look_for_hangs(run)
        if len(effects) > KEPT:
            # What older tickets' calls were to do they have done.
            run.failures.extend(_twice(next(_tickets) - KEPT // 4))
    if steps is None:
        run._stop.set()
    for client in clients:
        while client.is_alive() and not run.failures:
            client.join(1.0)
            _look_for_hangs(run)
    run.failures.extend(_twice())
    if run.failures:
        return run
    for host in run.hosts:
        host.close()
    programs.clear()
    gc.collect()
    _until_ended(before + 1, run)
    run.measure()
    early, late = run.sizes[0][0], run.sizes[-1][0]
    if late > early * 1.3 + (16 << 20):
        run.failures.append(f"memory has grown from {early >> 20} to {late >> 20} MB")
    return run


def _look_for_hangs(run: Run) -> None:
    now = time.monotonic()
    for name, last in list(run.progress.items()):
        if name != "main" and now - last > PATIENCE:
            print(f"{name} hangs", file=sys.stderr, flush=True)
            faulthandler.dump_traceback(all_threads=True)
            run.failures.append(f"{name} has made no progress for {now - last:.0f} s")


def _until_ended(count: int, run: Run) -> None:
    """Join the threads that dropped hosts have told to end."""
    for thread in _alive():
        if thread.name.startswith("tfrt-"):
            thread.join(30)
            if thread.is_alive():
                run.failures.append(f"thread {thread.name} does not end")
    if (left := len(_alive())) > count:
        run.failures.append(f"{left - count} threads are left")


def _alive() -> list[threading.Thread]:
    """The threads that run. One whose start a signal has interrupted is enumerated for ever, though it never ran."""
    return [thread for thread in threading.enumerate() if thread.is_alive()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--steps", type=int, help="how often each client acts, instead of --seconds")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faulthandler.enable()
    start = time.monotonic()
    run = stress(None if options.steps else options.seconds, options.steps, options.seed)
    done = ", ".join(f"{count} {kind}s" for kind, count in sorted(run.done.items()))
    print(f"{done} in {time.monotonic() - start:.0f} s")
    print("memory and threads:", ", ".join(f"{memory >> 20} MB {threads}" for memory, threads in run.sizes))
    print("\n".join(run.failures) if run.failures else "ok")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
