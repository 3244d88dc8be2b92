"""Exceptions from outside, at every boundary between two bytecodes of the engine, in each tier.

Whatever arrives wherever: the call ends with that exception, or a kernel has failed with it; nothing that ran runs again;
the next call is as if nothing had happened. A trace function stands for what raises from outside: a signal's handler, a
debugger, `PyThreadState_SetAsyncExc`. ``TFRT_INJECTIONS=1`` tries every boundary, else every few.
"""

import os
import sys
import threading

import pytest

import tfrt
from tfrt.executor.call_depth import calls
from tfrt.executor.kernel_registry import BUILTIN, Kernel, KernelRegistry

STEP = 1 if os.environ.get("TFRT_INJECTIONS") else 7

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


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("name", ["plain", "later", "fails"])
def test_nothing_runs_twice_and_nothing_is_swallowed(name, tier):
    program = load(**TIERS[tier])
    function = program[name]
    try:
        wanted = function(3, tfrt.CHAIN)
    except tfrt.KernelError as error:
        wanted = error
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
        assert calls.depth == 0, f"after {at}"
