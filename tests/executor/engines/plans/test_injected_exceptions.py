"""Exceptions from outside, at every boundary between two bytecodes of the engine, in each tier.

Whatever arrives wherever: the call ends with that exception, or a kernel has failed with it; nothing that ran runs
again; the next call is as if nothing had happened. A trace function stands for what raises from outside: a signal's
handler, a debugger, `PyThreadState_SetAsyncExc`. ``TFRT_INJECTIONS=1`` tries every boundary, else every few.
"""

import gc
import os
import sys
import threading

import pytest

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.support.call_depth import of_thread
from tfrt.executor.values.async_value import _wakeups

STEP = 1 if os.environ.get("TFRT_INJECTIONS") else 11

TIERS = {
    "table": {"plan_threshold": 1_000_000},
    "generated": {"plan_threshold": 0},
    "dataflow": {"plans": False},
}

PROGRAM = """
func.func private @inner(%x: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %y, %c = "inj.effect"(%x, %ch) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
  %z = "inj.pure"(%y) : (i32) -> i32
  tfrt.return %z, %c : i32, !tfrt.chain
}
func.func @plain(%x: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %one = tfrt.constant.i32 1
  %small = "tfrt.lessequal.i32"(%x, %one) : (i32, i32) -> i1
  %a, %c1 = tfrt.if %small, %x, %ch : (i32, !tfrt.chain) -> (i32, !tfrt.chain) {
    tfrt.return %x, %ch : i32, !tfrt.chain
  } else {
    %r, %c = tfrt.call @inner(%x, %ch) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
    tfrt.return %r, %c : i32, !tfrt.chain
  }
  %two = tfrt.constant.i32 2
  %b:2 = tfrt.repeat.i32 %two, %a, %c1 : i32, !tfrt.chain {
    %r, %c = tfrt.call @inner(%a, %c1) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
    tfrt.return %r, %c : i32, !tfrt.chain
  }
  %s = tfrt.add.i32 %b#0, %x
  %t, %c2 = "inj.effect"(%s, %b#1) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
  tfrt.return %t, %c2 : i32, !tfrt.chain
}
func.func @later(%x: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %y, %c = tfrt.call @inner(%x, %ch) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
  %z = "inj.later"(%y) : (i32) -> i32
  %r, %c1 = tfrt.call @inner(%z, %c) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
  tfrt.return %r, %c1 : i32, !tfrt.chain
}
func.func @fails(%x: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %y, %c = tfrt.call @inner(%x, %ch) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
  %z = "inj.fail"(%y) : (i32) -> i32
  %r, %c1 = "inj.effect"(%y, %c) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
  %q, %c2 = "inj.effect"(%z, %c1) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
  tfrt.return %r, %c1 : i32, !tfrt.chain
}
"""

TASKS = """
func.func @tasks(%x: i32, %ch: !tfrt.chain) -> i32 {
  %a = "inj.task"(%x) : (i32) -> i32
  %b = "inj.task"(%x) : (i32) -> i32
  %c = "inj.task"(%x) : (i32) -> i32
  %s = tfrt.add.i32 %a, %b
  %d = "inj.task"(%s) : (i32) -> i32
  %t = tfrt.add.i32 %c, %d
  tfrt.return %t : i32
}
"""

SHARED = ValueError("raised again and again")


class Injected(Exception):
    pass


class Effects(threading.local):
    """What has run in the calls of a thread."""

    def __init__(self):
        self.ran = []


effects = Effects()
REGISTRY = KernelRegistry(BUILTIN)


def effect(x: int, chain: tfrt.Chain) -> tuple[int, tfrt.Chain]:
    effects.ran.append(x)
    return x + 1, chain


def pure(x: int) -> int:
    return x * 2


def later(x: int, *, host: tfrt.HostContext):
    value = tfrt.AsyncValue()
    host.enqueue(lambda: value.set(x))
    return value


def fail(x: int) -> int:
    raise SHARED


for function in (effect, pure, later, fail):
    REGISTRY.register(Kernel(f"inj.{function.__name__}", function, pure=function in (pure, later, fail)))


REGISTRY.register(Kernel("inj.task", pure, pure=True, enqueued=True))


def load(**configuration):
    host = tfrt.HostContext("s", registry=REGISTRY, native=False, **configuration)
    return tfrt.load(tfrt.compile(PROGRAM, filename="m.mlir"), host=host)


def is_engine(frame):
    return str(frame.f_globals.get("__name__")).startswith("tfrt.executor.")


def call_with(function, at):
    """Call a function of the program and raise `Injected` before the `at`-th bytecode of the engine.

    Returns:
        How many there are, or None if it has been raised; what came of the call; what ran.
    """
    seen = 0
    is_raised = False

    def trace(frame, event, _):
        nonlocal seen, is_raised
        if event == "call":
            if not is_engine(frame):
                return None
            frame.f_trace_opcodes = True
            frame.f_trace_lines = False
            return trace
        if event == "opcode" and not is_raised:
            seen += 1
            if seen == at:
                is_raised = True
                raise Injected
        return trace

    effects.ran = []
    outer = sys.gettrace()
    try:
        sys.settrace(trace)
        outcome = function(3, tfrt.CHAIN)
    except BaseException as error:
        outcome = error
    finally:
        sys.settrace(outer)
    return None if is_raised else seen, outcome, effects.ran


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """Exceptions that a callback has raised are shown, which here is as it should be."""
    monkeypatch.setattr(threading, "excepthook", lambda _: None)


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("name", ["plain", "later", "fails"])
def test_nothing_runs_twice_and_nothing_is_swallowed(name, tier):
    program = load(**TIERS[tier])
    function = program[name]
    wanted = function(3, tfrt.CHAIN)
    count, _, complete = call_with(function, 0)
    assert len(complete) > 1
    for at in range(1, count + 1, STEP):
        _, outcome, ran = call_with(function, at)
        assert ran == complete[: len(ran)], f"at {at}: {ran}"
        if isinstance(outcome, BaseException):
            assert isinstance(outcome, Injected | tfrt.KernelError), f"at {at}: {outcome!r}"
        else:
            # A pure kernel that nobody waits for may have failed.
            assert outcome == wanted or name == "fails", f"at {at}: {outcome!r}"
        effects.ran = []
        program.host.quiesce()
        again = function(3, tfrt.CHAIN)
        assert again == wanted and effects.ran == complete, f"after {at}"
        assert of_thread.calls.depth == 0 and _wakeups.depth == 0 and not _wakeups.deferred, f"after {at}"


@pytest.mark.parametrize("tier", TIERS)
def test_tasks_that_are_interrupted_leave_nothing_behind(tier):
    """On one thread, where tasks that are pure share one of the work queue."""
    host = tfrt.HostContext("s", registry=REGISTRY, native=False, **TIERS[tier])
    function = tfrt.load(tfrt.compile(TASKS, filename="m.mlir"), host=host)["tasks"]
    assert function(3, tfrt.CHAIN) == 30
    count, _, _ = call_with(function, 0)
    for at in range(1, count + 1, STEP):
        _, outcome, _ = call_with(function, at)
        assert outcome == 30 or isinstance(outcome, Injected | tfrt.KernelError), f"at {at}: {outcome!r}"
        host.quiesce()
        assert function(3, tfrt.CHAIN) == 30, f"after {at}"
        assert of_thread.calls.depth == 0 and _wakeups.depth == 0 and not _wakeups.deferred, f"after {at}"


@pytest.mark.parametrize("tier", TIERS)
def test_threads_that_raise_one_object_get_their_own_results(tier):
    program = load(**TIERS[tier])
    wrong = []

    def work(seed):
        for number in range(seed, seed + 60):
            effects.ran = []
            x = number * 10
            try:
                found = program["fails"](x, tfrt.CHAIN)
            except BaseException as error:
                found = error
            if found != (2 * (x + 1) + 1, tfrt.CHAIN) or effects.ran != [x, 2 * (x + 1)]:
                wrong.append((x, found, effects.ran))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=[1000 * seed]) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong
    # Nothing of ours stays on the object, however often it has been raised.
    trace = SHARED.__traceback__
    while trace is not None:
        assert not is_engine(trace.tb_frame)
        trace = trace.tb_next


DEEP = """
func.func @down(%n: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %zero = tfrt.constant.i32 0
  %done = "tfrt.lessequal.i32"(%n, %zero) : (i32, i32) -> i1
  %r, %c = tfrt.if %done, %n, %ch : (i32, !tfrt.chain) -> (i32, !tfrt.chain) {
    tfrt.return %n, %ch : i32, !tfrt.chain
  } else {
    %one = tfrt.constant.i32 1
    %m = "tfrt.minus.i32"(%n, %one) : (i32, i32) -> i32
    EFFECT
    %s, %c2 = tfrt.call @down(%m, %c1) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
    %t = tfrt.add.i32 %s, %n
    tfrt.return %t, %c2 : i32, !tfrt.chain
  }
  tfrt.return %r, %c : i32, !tfrt.chain
}"""
PURE = "%c1 = tfrt.merge.chains %ch, %ch : !tfrt.chain, !tfrt.chain"
EFFECT = '%e, %c1 = "inj.effect"(%n, %ch) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)'


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("what", [PURE, EFFECT], ids=["pure", "effect"])
def test_programs_recurse_wherever_the_caller_stands(what, tier):
    """From any depth of the caller's stack the call succeeds, or, at its very end, raises; nothing runs twice."""
    host = tfrt.HostContext("s", registry=REGISTRY, native=False, **TIERS[tier])
    down = tfrt.load(tfrt.compile(DEEP.replace("EFFECT", what), filename="m.mlir"), host=host)["down"]
    assert down(200, tfrt.CHAIN)[0] == 20100

    def call_from(depth):
        if depth:
            return call_from(depth - 1)
        effects.ran = []
        return down(200, tfrt.CHAIN)

    complete = list(range(200, 0, -1)) if what == EFFECT else []
    stack = 0
    frame = sys._getframe()
    while frame is not None:
        stack, frame = stack + 1, frame.f_back
    room = sys.getrecursionlimit() - stack
    # At the very end of the stack there is no room for what the garbage collector would call.
    gc.disable()
    try:
        for depth in [*range(0, room - 100, 97), *range(room - 100, room - 5, 5)]:
            try:
                assert call_from(depth)[0] == 20100
            except RecursionError:
                assert depth >= room - 100
            assert effects.ran == complete[: len(effects.ran)]
            assert of_thread.calls.depth == 0 and _wakeups.depth == 0 and not _wakeups.deferred
    finally:
        gc.enable()
    host.close()
