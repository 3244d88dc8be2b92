"""Plans and passes change nothing but the time: random programs with and without, on every kind of work queue.

``TFRT_PROGRAMS`` is the number of programs, all tests together; a program is a function with all that it calls.
``TFRT_TIERS=native`` has machine code made of all that can be, which takes half a second a function.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import tfrt
from tests.executor.engines.plans import random_programs
from tfrt.compiler import compile as compile_text
from tfrt.compiler.pipelines import pipeline
from tfrt.executor.engines.plans import planned
from tfrt.executor.runtime.queues import SeededQueue, create_work_queue

PROGRAMS = int(os.environ.get("TFRT_PROGRAMS", "300"))

GENERATED, TABLE = 0, 1_000_000
THRESHOLDS = [[GENERATED, TABLE], [1], [2]]
"""Functions are called three times; loops may become generated while they run."""

SINGLE_THREADED = ["s", "seeded:7", "seeded:8", "seeded:9"]
QUEUES = ["mstd:2", *SINGLE_THREADED]


@dataclass(frozen=True)
class Observation:
    """What can be seen of a call.

    Attributes:
        results: values as Python spells them, or errors with their locations.
        printed_before: what is printed when the results are there.
        printed: what is printed in the end.
        diagnostics: in no order.
        is_cancelled: whether something cancelled the request.
    """

    results: tuple[str, ...]
    printed_before: tuple[str, ...]
    printed: tuple[str, ...]
    diagnostics: tuple[str, ...]
    is_cancelled: bool


class Seeded(SeededQueue):
    """Draws the same numbers in each call, however many the calls before it have drawn."""

    def __init__(self, seed: int):
        super().__init__(seed)
        self.seed = seed

    def restart(self) -> None:
        self._random.seed(self.seed)


class Machine:
    """A loaded module and what it prints and reports."""

    def __init__(self, bef: bytes, registry: tfrt.KernelRegistry, queue: str, **configuration: Any):
        self.printed: list[str] = []
        self.diagnostics: list[str] = []
        kind, _, seed = queue.partition(":")
        self.queue = Seeded(int(seed)) if kind == "seeded" else create_work_queue(queue)
        self.host = tfrt.HostContext(
            self.queue,
            registry=registry,
            out=self,
            diagnostic_handler=lambda diagnostic: self.diagnostics.append(diagnostic.headline()),
            **configuration,
        )
        self.program = tfrt.load(bef, host=self.host)

    def write(self, text: str) -> None:
        self.printed.append(text)

    def observe(self, call: Any) -> Observation:
        self.printed.clear()
        self.diagnostics.clear()
        if isinstance(self.queue, Seeded):
            self.queue.restart()
        arguments = [self.argument(argument) for argument in call.arguments]
        context = tfrt.ExecutionContext(self.host)
        if call.is_cancelled:
            context.cancel()
        results = self.program[call.function].start(*arguments, context=context)
        if not self.queue.has_threads:
            while any(map(_is_pending, results)) and self.queue.run_one():
                pass
        before = tuple(self.printed)
        # Waiting for results that nobody resolves would not end.
        self.host.quiesce()
        assert not any(map(_is_pending, results)), f"{call} has not ended"
        shown = tuple(map(_show, results))
        return Observation(shown, before, tuple(self.printed), tuple(sorted(self.diagnostics)), context.is_cancelled)

    def argument(self, argument: Any) -> Any:
        error = tfrt.KernelError(f"argument {argument.value}")
        later = tfrt.AsyncValue()
        match argument.how:
            case "available":
                return tfrt.AsyncValue.of(argument.value)
            case "failed":
                return tfrt.AsyncValue.failed(error)
            case "pending":
                self.host.enqueue(lambda: later.set(argument.value))
                return later
            case "failing":
                self.host.enqueue(lambda: later.set_error(error))
                return later
        return argument.value


def _is_pending(value: Any) -> bool:
    return type(value) is tfrt.AsyncValue and value.is_pending


def _show(value: Any) -> str:
    if type(value) is not tfrt.AsyncValue:
        return repr(value)
    return f"error: {value.error}" if value.is_error else repr(value.value)


def compare(
    found: Observation, expected: Observation, *, has_threads: bool, is_ordered: bool, is_exact: bool = False
) -> None:
    """Require that nobody can tell two runs of a call from one another.

    Args:
        is_exact: whether what has run when the request is cancelled is the same. It is a matter of chance on threads
            and for a seed, else of the order of the ops, and of when kernels that do not say so put tasks into the
            queue.
    """
    assert found.is_cancelled == expected.is_cancelled
    if expected.is_cancelled and not is_exact:
        pairs = zip(found.results, expected.results, strict=True)
        found = replace(found, results=tuple(b if "error: Cancelled" in (a, b) else a for a, b in pairs))
        found, expected = (replace(o, diagnostics=_of_effects(o)) for o in (found, expected))
    if has_threads and not is_ordered:
        assert Counter(found.printed) == Counter(expected.printed)
        found = replace(found, printed=expected.printed)
    if has_threads or not expected.results:
        found = replace(found, printed_before=expected.printed_before)
    assert found == expected


def _of_effects(observation: Observation) -> tuple[str, ...]:
    return tuple(d for d in observation.diagnostics if "effect: " in d)


def check(
    module: Any,
    registry: tfrt.KernelRegistry,
    queue: str,
    configurations: list[dict[str, Any]],
    *,
    is_ordered: bool,
    is_exact: bool,
) -> None:
    """Run all calls of a module in these configurations, and without plans on one thread."""
    bef = tfrt.compile(module.text, filename="m")
    has_threads = queue.startswith("mstd")
    reference = Machine(bef, registry, "s" if has_threads else queue, plans=False)
    expected = [reference.observe(call) for call in module.calls]
    for configuration in configurations:
        machine = Machine(bef, registry, queue, **configuration)
        with machine.host:
            for call, wanted in zip(module.calls, expected, strict=True):
                found = machine.observe(call)
                try:
                    compare(found, wanted, has_threads=has_threads, is_ordered=is_ordered, is_exact=is_exact)
                except AssertionError as error:
                    error.add_note(f"{call} on {queue} with {configuration}:\n{module.text}")
                    raise
    for call, seen in zip(module.calls, expected, strict=True):
        event(f"order of effects: {_order(machine.program, call.function)}")
        event(f"cancelled: {seen.is_cancelled}")
        event(f"prints: {len(seen.printed) > 0}")
        event(f"fails: {any(result.startswith('error') for result in seen.results)}")


def _order(program: tfrt.Program, name: str) -> str:
    if program.plans is None:
        return "not known"
    effects = program.plans.facts[program[name].index].effects
    return ("none" if not effects.any else "known") if effects.ordered else "free"


FEATURES: dict[str, dict[str, Any]] = {
    "arithmetic": {"errors": True},
    "control": {"control": True, "errors": True},
    "asynchrony": {"control": True, "asynchrony": True, "streams": True},
    "effects": {"control": True, "effects": "chained"},
    "errors": {"control": True, "effects": "chained", "errors": True, "asynchrony": True},
    "cancellation": {"control": True, "effects": "chained", "cancellation": True, "asynchrony": True},
    "cancellation in order": {"control": True, "effects": "chained", "errors": True, "cancellation": True},
    "chained": {
        "control": True,
        "effects": "chained",
        "errors": True,
        "asynchrony": True,
        "cancellation": True,
        "streams": True,
    },
    "others": {"control": True, "effects": "chained", "errors": True, "asynchrony": True, "others": True},
    "others cancelled": {"control": True, "effects": "chained", "errors": True, "cancellation": True, "others": True},
    "free": {"control": True, "effects": "free", "asynchrony": True, "streams": True, "others": True},
    "free cancellation": {
        "control": True,
        "effects": "free",
        "errors": True,
        "asynchrony": True,
        "cancellation": True,
        "streams": True,
        "others": True,
    },
}


@pytest.mark.parametrize("name", FEATURES)
def test_random_programs(name, registry, monkeypatch):
    with_native = "native" in os.environ.get("TFRT_TIERS", "")
    if with_native:
        monkeypatch.setattr(planned, "is_worthwhile", lambda function: True)
    features = random_programs.Features(**FEATURES[name])
    is_ordered = features.effects != "free"
    # On threads, what a program with free effects does before it is cancelled is anybody's guess.
    queues = SINGLE_THREADED if features.cancellation and not is_ordered else QUEUES

    @settings(
        deadline=None,
        max_examples=-(-PROGRAMS // (random_programs.FUNCTIONS * len(FEATURES))),
        suppress_health_check=list(HealthCheck),
    )
    @given(
        random_programs.modules(features),
        st.sampled_from(queues),
        st.sampled_from(THRESHOLDS),
    )
    def run(module, queue, thresholds):
        configurations: list[dict[str, Any]] = [{"plan_threshold": threshold} for threshold in thresholds]
        if with_native:
            configurations.append({"plan_threshold": 0, "native": True})
        if queue.startswith("mstd"):
            configurations.append({"plans": False})
        # Kernels that run functions in their own way put their tasks into the queue when a plan comes to them.
        is_exact = not (features.asynchrony or features.others) and queue == "s"
        check(module, registry, queue, configurations, is_ordered=is_ordered, is_exact=is_exact)

    run()


PIPELINES = [
    "canonicalize",
    "cse",
    "dce",
    "dead-argument-elimination",
    "inline",
    "loop-invariant-code-motion",
    "unroll{threshold=100},outline-regions{threshold=2}",
    "relax-chains",
    "schedule",
    "symbol-dce",
    "unroll",
    *pipeline.PIPELINES[1:],
]
CHAINED = [name for name in FEATURES if FEATURES[name].get("effects") != "free"]


@pytest.mark.parametrize("name", CHAINED)
def test_random_programs_optimised(name, registry):
    """Passes, too, change nothing: results, what is printed in order, diagnostics and their locations."""
    features = random_programs.Features(**FEATURES[name])

    @settings(
        deadline=None,
        max_examples=-(-PROGRAMS // (8 * random_programs.FUNCTIONS * len(CHAINED))),
        suppress_health_check=list(HealthCheck),
    )
    @given(
        random_programs.modules(features),
        st.sampled_from(["s", "mstd:2"]),
        st.lists(st.sampled_from(PIPELINES), min_size=1, max_size=3).map(",".join),
    )
    def run(module, queue, passes):
        reference = Machine(tfrt.compile(module.text, filename="m"), registry, "s", plans=False)
        optimised = Machine(compile_text(module.text, "m", pipeline=passes), registry, queue, plans=False)
        with optimised.host:
            for call in module.calls:
                wanted, found = reference.observe(call), optimised.observe(call)
                # A result may now be there before something else is printed.
                found = replace(found, printed_before=wanted.printed_before)
                try:
                    compare(found, wanted, has_threads=queue != "s", is_ordered=True)
                except AssertionError as error:
                    error.add_note(f"{call} on {queue} after {passes}:\n{module.text}")
                    raise

    run()


@pytest.mark.parametrize("name", FEATURES)
def test_random_programs_scheduled(name, registry, monkeypatch):
    """Nobody can tell that ops have been reordered, not even where nothing orders the effects of a program.

    Here the pass knows the kernels of the programs, as it knows those that come with tfrt.
    """
    monkeypatch.setattr("tfrt.compiler.passes.shared.effects.BUILTIN", registry)
    features = random_programs.Features(**FEATURES[name])
    is_ordered = features.effects != "free"

    @settings(
        deadline=None,
        max_examples=-(-PROGRAMS // (10 * random_programs.FUNCTIONS * len(FEATURES))),
        suppress_health_check=list(HealthCheck),
    )
    @given(
        random_programs.modules(features),
        st.sampled_from(QUEUES if is_ordered else SINGLE_THREADED),
        st.sampled_from([{"plans": False}, {"plan_threshold": TABLE}, {"plan_threshold": GENERATED}]),
    )
    def run(module, queue, configuration):
        before, after = (compile_text(module.text, "m", pipeline=passes) for passes in ("", "schedule"))
        has_threads = queue.startswith("mstd")
        reference = Machine(before, registry, "s" if has_threads else queue, plans=False)
        scheduled = Machine(after, registry, queue, **configuration)
        with scheduled.host:
            for call in module.calls:
                wanted, found = reference.observe(call), scheduled.observe(call)
                # A result may now be there before something else is printed.
                found = replace(found, printed_before=wanted.printed_before)
                try:
                    compare(found, wanted, has_threads=has_threads, is_ordered=is_ordered)
                except AssertionError as error:
                    error.add_note(f"{call} on {queue} with {configuration}:\n{module.text}")
                    raise

    run()


DEEP = """func.func @sum(%n: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %zero = tfrt.constant.i32 0
  %is_last = "tfrt.lessequal.i32"(%n, %zero) : (i32, i32) -> i1
  %r, %c = tfrt.cond %is_last @end @again (%n, %ch) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
  tfrt.return %r, %c : i32, !tfrt.chain
}
func.func @end(%n: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %bad = tfrt.constant.i32 3
  %c = LAST : (i32, !tfrt.chain) -> !tfrt.chain
  tfrt.return %n, %c : i32, !tfrt.chain
}
func.func @again(%n: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %one = tfrt.constant.i32 1
  %m = "tfrt.minus.i32"(%n, %one) : (i32, i32) -> i32
  %c = EACH : (i32, !tfrt.chain) -> !tfrt.chain
  %s, %d = tfrt.call @sum(%m, %c) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
  %t = tfrt.add.i32 %s, %n
  tfrt.return %t, %d : i32, !tfrt.chain
}
"""
PURE = '"tfrt.merge.chains"(%n, %ch)'
PRINT = '"rnd.print"(%n, %ch)'
LATER = '"rnd.print_later"(%n, %ch)'
CHECK = '"rnd.check"(%bad, %ch)'


@pytest.mark.parametrize(
    ("queue", "configuration"),
    [
        ("s", {"plan_threshold": 0}),
        ("s", {"plan_threshold": 50}),
        ("mstd:2", {"plan_threshold": 50}),
        ("s", {"plans": False}),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("each", "last", "depth"), [(PURE, LATER, 3_000), (PRINT, CHECK, 5_000)], ids=["pure", "printing"]
)
def test_thousands_of_nested_calls(each, last, depth, configuration, queue, registry):
    bef = tfrt.compile(DEEP.replace("EACH", each).replace("LAST", last), filename="m")
    machine = Machine(bef, registry, queue, **configuration)
    call = random_programs.Call("sum", (random_programs.Argument(depth), random_programs.Argument(None)))
    with machine.host:
        found = machine.observe(call)
    printed = [f"{n} " for n in range(depth, 0, -1) if each != PURE]
    printed += ["3? " if last == CHECK else "0 "]
    fails = last == CHECK
    assert found.results == (str(depth * (depth + 1) // 2), "error: m:9:8: effect: 3" if fails else "CHAIN")
    assert found.printed == tuple(printed)
    assert found.diagnostics == (("m:9:8: error: runtime error: effect: 3",) if fails else ())
