"""Plans: what is generated, when, and that they end where they must. `test_equivalence.py` has random programs."""

import gc
import linecache
import traceback
import weakref
from itertools import count

import pytest

import tfrt
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.engines.plans import generate, planned
from tfrt.executor.tools.dump_plans import dump

TABLE, GENERATED = 1_000_000, 0


@pytest.fixture(autouse=True)
def kernels():
    """A kernel that does what the test says when it is given a certain number, and one whose values are tracked."""
    acts = {}

    @tfrt.kernel("p.act")
    def act(x: int, chain: tfrt.Chain, host: tfrt.HostContext, context: tfrt.ExecutionContext):
        host.write(f"{x} ")
        return acts.get(x, lambda host, context, chain: chain)(host, context, chain)

    @tfrt.kernel("p.pure", pure=True)
    def pure(x: int):
        return acts["pure", x]() if ("pure", x) in acts else x

    yield acts
    for name in [name for name in BUILTIN.names() if name.startswith("p.")]:
        del BUILTIN._kernels[name]


class Lines(list):
    def __init__(self):
        self.diagnostics = []

    def write(self, text):
        self.append(text)


def load(text, threshold=TABLE, *, queue="s", plans=True):
    host = tfrt.HostContext(queue, plans=plans, plan_threshold=threshold, out=Lines())
    host.diagnostic_handler = lambda diagnostic: host._out.diagnostics.append(diagnostic.headline())
    return tfrt.load(tfrt.compile(text, filename="t.mlir"), host=host)


def run(program, name, *arguments):
    """What a call returns, what was printed meanwhile, and the diagnostics."""
    host = program.host
    results = program[name].start(*arguments)
    host.wait(results)
    host.quiesce()
    texts = []
    for result in results:
        if type(result) is tfrt.AsyncValue:
            texts.append(f"error: {result.error}" if result.is_error else result.value)
        else:
            texts.append(result)
    printed, diagnostics = "".join(host._out), sorted(host._out.diagnostics)
    host._out.clear()
    host._out.diagnostics.clear()
    return texts, printed, diagnostics


FIB = """func.func @fib(%n: i32) -> i32 {
  %one = tfrt.constant.i32 1
  %small = "tfrt.lessequal.i32"(%n, %one) : (i32, i32) -> i1
  %r = tfrt.if %small, %n, %one : (i32, i32) -> (i32) {
    tfrt.return %n : i32
  } else {
    %n1 = "tfrt.minus.i32"(%n, %one) : (i32, i32) -> i32
    %n2 = "tfrt.minus.i32"(%n1, %one) : (i32, i32) -> i32
    %f1 = tfrt.call @fib(%n1) : (i32) -> i32
    %f2 = tfrt.call @fib(%n2) : (i32) -> i32
    %sum = tfrt.add.i32 %f1, %f2
    tfrt.return %sum : i32
  }
  tfrt.return %r : i32
}
"""


def test_what_is_generated():
    text = "".join(dump(load(FIB)))
    lines = [line.partition("#")[0].rstrip() for line in text.splitlines()[2:]]

    def wrapped(expression):
        return (
            f"(wide if -2147483648 <= (wide := {expression}) <= 2147483647 "
            "else (wide + 2147483648 & 4294967295) - 2147483648)"
        )

    assert lines == [
        "def f0_fib(context, r0):",
        "    if context.cancellation is not None: exit1(0)",
        "    r2 = (r0) <= (1)",
        "    if r2:",
        "        pass",
        "        r3 = r0",
        "    else:",
        f"        s2_r2 = {wrapped('(r0) - (1)')}",
        f"        s2_r3 = {wrapped('(s2_r2) - (1)')}",
        "        try: s2_r4 = f0_fib(context, s2_r2)",
        "        except HandOver: exit1(1)",
        "        try: s2_r5 = f0_fib(context, s2_r3)",
        "        except HandOver: exit1(2)",
        f"        s2_r6 = {wrapped('(s2_r4) + (s2_r5)')}",
        "        r3 = s2_r6",
        "    return r3",
    ]
    assert (
        "    if r2:                                                                        # t.mlir:4:8 tfrt.if" in text
    )


def test_why_there_is_no_plan():
    text = "".join(
        dump(
            load("""
func.func @unordered(%x: i32, %ch: !tfrt.chain) -> (!tfrt.chain, !tfrt.chain) {
  %c1 = tfrt.print.i32 %x, %ch
  %c2 = tfrt.print.i32 %x, %ch
  tfrt.return %c1, %c2 : !tfrt.chain, !tfrt.chain
}
func.func @caller(%x: i32, %ch: !tfrt.chain) -> !tfrt.chain {
  %c1, %c2 = tfrt.call @unordered(%x, %ch) : (i32, !tfrt.chain) -> (!tfrt.chain, !tfrt.chain)
  tfrt.return %c1 : !tfrt.chain
}
""")
        )
    )
    assert text == (
        "# A function is generated after 1000000 runs or iterations (--plan-threshold).\n"
        "\n# @unordered runs on the dataflow executor: nothing orders\n"
        "#   tfrt.print.i32 at t.mlir:3:9 and\n#   tfrt.print.i32 at t.mlir:4:9.\n"
        "\n# @caller runs on the dataflow executor: it runs functions whose effects nothing orders.\n"
    )


def test_functions_are_generated_when_they_have_run_often_enough():
    program = load(FIB, 3)
    fib = program.plans.planned(program["fib"])
    first = fib.call
    for _ in range(3):
        assert program["fib"](1) == 1
    assert fib.call is first
    assert program["fib"](10) == 55
    assert fib.call is not first
    assert program["fib"](20) == 6765


@pytest.mark.parametrize(
    ("share", "runs"),
    [(1, 2), (0.3, 4), (0.2, 10), (0.03, 46), (1e-6, 2000)],
)
def test_functions_that_take_long_are_generated_sooner(monkeypatch, share, runs):
    """A run takes a share of the time after which generating pays; this is looked at after 1, 4, 10, 22, 46, … runs."""
    bef = tfrt.compile(
        "func.func @f(%x: i32) -> i32 {\n  %y = tfrt.add.i32 %x, %x\n  tfrt.return %y : i32\n}", filename="t.mlir"
    )
    program = tfrt.load(bef, host=tfrt.HostContext(native=False))
    seconds = share * 4 * planned.GENERATING * len(program["f"].graph.nodes)
    clock = count(0, seconds)
    monkeypatch.setattr(planned, "perf_counter", lambda: next(clock))
    while not program.plans.generated:
        assert program["f"](2) == 4
    assert program.plans.planned(program["f"]).runs - 1 == runs
    assert "after 2000 runs or iterations at the latest" in "".join(dump(tfrt.load(bef)))


def test_loops_are_generated_while_they_run():
    program = load(
        """func.func @loop(%n: i32, %a: i32, %b: i32) -> (i32, i32) {
  %r:2 = tfrt.repeat.i32 %n, %a, %b : i32, i32 {
    %s = tfrt.add.i32 %a, %b
    tfrt.return %b, %s : i32, i32
  }
  tfrt.return %r#0, %r#1 : i32, i32
}""",
        5,
    )
    assert program["loop"](30, 0, 1) == (832040, 1346269)
    assert [found.is_loop for found in program.plans.generated] == [True]
    assert program["loop"](-1, 3, 4) == (3, 4)


# Where things happen: in a straight line, in a call, in a branch, in a loop, in all of them.
PROGRAM = """
func.func @line(%x: i32, %y: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %c1 = "p.act"(%x, %ch) : (i32, !tfrt.chain) -> !tfrt.chain
  %s = tfrt.add.i32 %x, %y
  %p = "p.pure"(%s) : (i32) -> i32
  %c2 = "p.act"(%p, %c1) : (i32, !tfrt.chain) -> !tfrt.chain
  %t = tfrt.add.i32 %p, %y
  %c3 = "p.act"(%t, %c2) : (i32, !tfrt.chain) -> !tfrt.chain
  tfrt.return %t, %c3 : i32, !tfrt.chain
}
func.func @calls(%x: i32, %y: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %a, %c1 = tfrt.call @line(%x, %y, %ch) : (i32, i32, !tfrt.chain) -> (i32, !tfrt.chain)
  %b, %c2 = tfrt.call @line(%a, %y, %c1) : (i32, i32, !tfrt.chain) -> (i32, !tfrt.chain)
  %s = tfrt.add.i32 %a, %b
  tfrt.return %s, %c2 : i32, !tfrt.chain
}
func.func @branches(%x: i32, %y: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %one = tfrt.constant.i32 1
  %b = "tfrt.lessequal.i32"(%x, %one) : (i32, i32) -> i1
  %r, %c = tfrt.if %b, %x, %y, %ch : (i32, i32, !tfrt.chain) -> (i32, !tfrt.chain) {
    %a, %c1 = tfrt.call @line(%x, %y, %ch) : (i32, i32, !tfrt.chain) -> (i32, !tfrt.chain)
    tfrt.return %a, %c1 : i32, !tfrt.chain
  } else {
    tfrt.return %y, %ch : i32, !tfrt.chain
  }
  %c2 = "p.act"(%r, %c) : (i32, !tfrt.chain) -> !tfrt.chain
  %t, %c3 = tfrt.case %one [@line, @calls] (%r, %y, %c2) : (i32, i32, !tfrt.chain) -> (i32, !tfrt.chain)
  tfrt.return %t, %c3 : i32, !tfrt.chain
}
func.func @loops(%x: i32, %y: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %n = tfrt.constant.i32 3
  %r:3 = tfrt.repeat.i32 %n, %x, %y, %ch : i32, i32, !tfrt.chain {
    %a, %c1 = tfrt.call @line(%x, %y, %ch) : (i32, i32, !tfrt.chain) -> (i32, !tfrt.chain)
    %c2 = "p.act"(%a, %c1) : (i32, !tfrt.chain) -> !tfrt.chain
    tfrt.return %a, %y, %c2 : i32, i32, !tfrt.chain
  }
  tfrt.return %r#0, %r#2 : i32, !tfrt.chain
}
func.func @named_body(%x: i32, %y: i32, %ch: !tfrt.chain) -> (i32, i32, !tfrt.chain) {
  %a, %c = tfrt.call @loops(%x, %y, %ch) : (i32, i32, !tfrt.chain) -> (i32, !tfrt.chain)
  tfrt.return %a, %y, %c : i32, i32, !tfrt.chain
}
"""


def pending(host, context, chain):
    value = tfrt.AsyncValue()
    host.enqueue(lambda: value.set(chain))
    return value


def fails_later(host, context, chain):
    value = tfrt.AsyncValue()
    host.enqueue(lambda: value.set_error(tfrt.KernelError("late")))
    return value


def raises(host, context, chain):
    raise tfrt.KernelError("at once")


def raises_anything(host, context, chain):
    return 1 // 0


def failed(host, context, chain):
    return tfrt.AsyncValue.failed(tfrt.KernelError("returned"))


def available(host, context, chain):
    return tfrt.AsyncValue.of(chain)


def cancels(host, context, chain):
    context.cancel()
    return chain


ACTS = [pending, fails_later, raises, raises_anything, failed, available, cancels]


@pytest.mark.parametrize("threshold", [TABLE, GENERATED, 2])
@pytest.mark.parametrize("name", ["line", "calls", "branches", "loops", "named_body"])
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_wherever_a_plan_ends_dataflow_goes_on(kernels, act, name, threshold):
    without, with_plans = load(PROGRAM, plans=False), load(PROGRAM, threshold)
    reference = run(without, name, 1, 2, tfrt.CHAIN)
    seen = {int(number) for number in reference[1].split()}
    assert run(with_plans, name, 1, 2, tfrt.CHAIN) == reference
    assert with_plans.plans._planned
    for number in sorted(seen):
        kernels.clear()
        kernels[number] = act
        assert run(with_plans, name, 1, 2, tfrt.CHAIN) == run(without, name, 1, 2, tfrt.CHAIN)


def test_a_pure_kernel_that_fails(kernels):
    kernels["pure", 3] = lambda: 1 // 0
    expected = run(load(PROGRAM, plans=False), "calls", 1, 2, tfrt.CHAIN)
    assert run(load(PROGRAM, GENERATED), "calls", 1, 2, tfrt.CHAIN) == expected
    assert "t.mlir:5:8: error: runtime error: ZeroDivisionError" in expected[2][0]


@pytest.mark.parametrize("threshold", [TABLE, GENERATED])
def test_after_a_cancellation_in_a_recursion_the_outermost_call_goes_on_first(threshold, kernels):
    """What it puts into the queue comes before what the inner ones do, as in the dataflow executor."""
    text = """
func.func @f(%n: i32, %x: i32, %ch: !tfrt.chain) -> (!tfrt.string, i32, !tfrt.chain) {
  %zero = tfrt.constant.i32 0
  %is_end = "tfrt.lessequal.i32"(%n, %zero) : (i32, i32) -> i1
  %five = tfrt.constant.i32 5
  %text, %y, %end = "tfrt.if"(%is_end, %n, %five, %ch) ({
  ^entry(%m: i32, %z: i32, %ch0: !tfrt.chain):
    %text0 = "tfrt_test.get_string"() {value = ""} : () -> !tfrt.string
    tfrt.return %text0, %z, %ch0 : !tfrt.string, i32, !tfrt.chain
  }, {
  ^entry(%m: i32, %z: i32, %ch0: !tfrt.chain):
    %ch1 = "p.act"(%m, %ch0) : (i32, !tfrt.chain) -> !tfrt.chain
    %one = tfrt.constant.i32 1
    %less = "tfrt.minus.i32"(%m, %one) : (i32, i32) -> i32
    %text1, %y1, %ch2 = tfrt.call @f(%less, %one, %ch1) : (i32, i32, !tfrt.chain) -> (!tfrt.string, i32, !tfrt.chain)
    %ch3 = "p.act"(%y1, %ch2) : (i32, !tfrt.chain) -> !tfrt.chain
    tfrt.return %text1, %y1, %ch3 : !tfrt.string, i32, !tfrt.chain
  }) : (i1, i32, i32, !tfrt.chain) -> (!tfrt.string, i32, !tfrt.chain)
  %last = "tfrt_test.get_string"() {value = "there"} : () -> !tfrt.string
  tfrt.return %last, %y, %end : !tfrt.string, i32, !tfrt.chain
}"""
    found = []
    for plans in (False, True):
        kernels[5] = cancels
        found.append(run(load(text, threshold, plans=plans), "f", 2, 0, tfrt.CHAIN))
    assert found[0] == found[1]
    assert found[0][0] == ["there", 5, "error: Cancelled"]


@pytest.mark.parametrize("threshold", [TABLE, GENERATED])
def test_synchronous_functions_have_plans(threshold, kernels):
    text = """
func.func @f(%x: i32, %y: i32, %ch: !tfrt.chain) -> i32 attributes {tfrt.sync} {
  %sum = "tfrt.add.i32"(%x, %y) : (i32, i32) -> i32
  %ch1 = "p.act"(%sum, %ch) : (i32, !tfrt.chain) -> !tfrt.chain
  %twice = "tfrt.add.i32"(%sum, %sum) : (i32, i32) -> i32
  %ch2 = "p.act"(%twice, %ch1) : (i32, !tfrt.chain) -> !tfrt.chain
  %all = "tfrt.add.i32"(%sum, %twice) : (i32, i32) -> i32
  tfrt.return %all : i32
}"""
    with_plans, without = load(text, threshold), load(text, plans=False)
    for act in (None, *ACTS):
        if act is not None:
            kernels[2] = act
        assert run(with_plans, "f", 1, 1, tfrt.CHAIN) == run(without, "f", 1, 1, tfrt.CHAIN)
    assert with_plans.plans._planned
    assert [found.source.splitlines()[0] for found in with_plans.plans.generated] == (
        ["def f0_f(context, r0, r1, r2):"] if threshold == GENERATED else []
    )


def test_cancelled_before_it_begins():
    for threshold in (TABLE, GENERATED):
        program = load(PROGRAM, threshold)
        context = tfrt.ExecutionContext(program.host)
        context.cancel()
        results = program["loops"].start(1, 2, tfrt.CHAIN, context=context)
        assert [str(result.error) for result in results] == ["Cancelled", "Cancelled"]
        assert not program.host._out


@pytest.mark.parametrize("threshold", [TABLE, GENERATED])
@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_deep_recursion(queue, threshold):
    text = """func.func @sum(%n: i32, %ch: !tfrt.chain) -> (i32, !tfrt.chain) {
  %zero = tfrt.constant.i32 0
  %one = tfrt.constant.i32 1
  %done = "tfrt.lessequal.i32"(%n, %zero) : (i32, i32) -> i1
  %r, %c = tfrt.if %done, %n, %one, %ch : (i32, i32, !tfrt.chain) -> (i32, !tfrt.chain) {
    tfrt.return %n, %ch : i32, !tfrt.chain
  } else {
    %m = "tfrt.minus.i32"(%n, %one) : (i32, i32) -> i32
    EFFECT
    %s, %c2 = tfrt.call @sum(%m, %c1) : (i32, !tfrt.chain) -> (i32, !tfrt.chain)
    %t = tfrt.add.i32 %n, %s
    tfrt.return %t, %c2 : i32, !tfrt.chain
  }
  tfrt.return %r, %c : i32, !tfrt.chain
}"""
    pure = text.replace("EFFECT", "%c1 = tfrt.merge.chains %ch, %ch : !tfrt.chain, !tfrt.chain")
    assert run(load(pure, threshold, queue=queue), "sum", 3_000, tfrt.CHAIN)[0][0] == 4_501_500
    printing = text.replace("EFFECT", '%c1 = "p.act"(%n, %ch) : (i32, !tfrt.chain) -> !tfrt.chain')
    results, printed, _ = run(load(printing, threshold, queue=queue), "sum", 3_000, tfrt.CHAIN)
    assert results[0] == 4_501_500
    assert printed == "".join(f"{number} " for number in range(3_000, 0, -1))


@pytest.mark.parametrize("limit", ["MAX_INLINED", "MAX_INDENT"])
def test_regions_are_called_where_inlining_would_go_too_far(monkeypatch, kernels, limit):
    monkeypatch.setattr(generate, limit, 0)
    kernels[7] = pending
    expected = run(load(PROGRAM, plans=False), "named_body", 1, 2, tfrt.CHAIN)
    program = load(PROGRAM, GENERATED)
    assert run(program, "named_body", 1, 2, tfrt.CHAIN) == expected
    assert not any("s1_r" in found.source for found in program.plans.generated)


@pytest.mark.parametrize("act", [None, *ACTS])
def test_large_functions_are_split(monkeypatch, kernels, act):
    monkeypatch.setattr(generate, "MAX_PART", 2)
    for number in (1, 3, 5):
        kernels.clear()
        if act is not None:
            kernels[number] = act
        program = load(PROGRAM, GENERATED)
        expected = run(load(PROGRAM, plans=False), "line", 1, 2, tfrt.CHAIN)
        assert run(program, "line", 1, 2, tfrt.CHAIN) == expected
        assert any(name.endswith("line_part_2") for name in program.plans.names.namespace)


def test_buffers_go_after_their_last_use():
    program = """func.func @f(%x: i32) -> i32 {
  %a = "p.box"(%x) : (i32) -> !t.box
  %b = "p.open"(%a) : (!t.box) -> i32
  %c = "p.look"(%b) : (i32) -> i32
  tfrt.return %c : i32
}"""
    boxes = []

    class Box:
        pass

    @tfrt.kernel("p.box", pure=True)
    def box(x: int) -> Box:
        made = Box()
        boxes.append(weakref.ref(made))
        return made

    @tfrt.kernel("p.open", pure=True)
    def open_(box: Box) -> int:
        return 1

    @tfrt.kernel("p.look", pure=True)
    def look(x: int) -> int:
        return int(boxes[-1]() is None)

    for threshold in (TABLE, GENERATED):
        assert load(program, threshold)["f"](1) == 1


def test_tracebacks_show_the_program():
    @tfrt.kernel("p.act")
    def act(x: int, chain: tfrt.Chain):
        raise KeyboardInterrupt

    program = load(PROGRAM, GENERATED)
    with pytest.raises(KeyboardInterrupt) as caught:
        program["calls"](1, 2, tfrt.CHAIN)
    linecache.checkcache()
    shown = [
        line.line for line in traceback.extract_tb(caught.value.__traceback__) if line.filename.startswith("plan of")
    ]
    assert [line.split("#")[-1] for line in shown if "#" in line] == [" t.mlir:12:13 tfrt.call", " t.mlir:3:9 p.act"]


def test_a_plan_that_is_handed_over_again_and_again_is_given_up(kernels):
    kernels[1] = pending
    program = load(PROGRAM)
    line = program.plans.planned(program["line"])
    for _ in range(planned.HAND_OVERS + 5):
        run(program, "line", 1, 2, tfrt.CHAIN)
    assert line.runs == planned.HAND_OVERS
    gc.collect()


def test_what_kernels_raised_earlier_is_not_mistaken_for_a_plan(kernels):
    """A kernel that runs a program of its own raises an error that has a traceback of plans already."""
    inner = load(PROGRAM, GENERATED)

    def run_inner(host, context, chain):
        kernels[1] = raises
        return inner["line"](1, 2, tfrt.CHAIN)[1]

    outer = load(PROGRAM, GENERATED)
    kernels[1] = run_inner
    results, *_ = run(outer, "calls", 1, 2, tfrt.CHAIN)
    assert [str(result) for result in results] == ["error: t.mlir:3:9: at once"] * 2


def test_numbers_that_are_no_thresholds():
    from tfrt.executor.tools.bef_run import main

    assert main(["--plan-threshold", "-1", "x.bef"]) == 2


def test_regions_that_have_hardly_run_are_called():
    program = load(
        """func.func @f(%n: i32) -> i32 {
  %one = tfrt.constant.i32 1
  %small = "tfrt.lessequal.i32"(%n, %one) : (i32, i32) -> i1
  %r = tfrt.if %small, %n : (i32) -> (i32) {
    %a = tfrt.add.i32 %n, %n
    tfrt.return %a : i32
  } else {
    %b = "tfrt.minus.i32"(%n, %n) : (i32, i32) -> i32
    tfrt.return %b : i32
  }
  tfrt.return %r : i32
}""",
        8,
    )
    assert [program["f"](1) for _ in range(10)] == [2] * 10
    (generated,) = program.plans.generated
    assert "(r0) + (r0)" in generated.source
    assert "region" in generated.source and "(r0) - (r0)" not in generated.source
    assert program["f"](5) == 0


TIERS = pytest.mark.parametrize(
    "configuration",
    [{"plans": False}, {"plan_threshold": TABLE}, {"plan_threshold": GENERATED}],
    ids=["dataflow", "table", "generated"],
)


def load_with(text, configuration):
    return tfrt.load(tfrt.compile(text, filename="t.mlir"), host=tfrt.HostContext(native=False, **configuration))


@TIERS
def test_constants_of_two_results(configuration):
    @tfrt.kernel("p.pair", constant=True)
    def pair() -> tuple[int, int]:
        return 3, 4

    text = """func.func @f() -> (i32, i32) {
  %a, %b = "p.pair"() : () -> (i32, i32)
  tfrt.return %a, %b : i32, i32
}"""
    assert load_with(text, configuration)["f"]() == (3, 4)


@TIERS
@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("i32", "tfrt.repeat.i32 %x, %n : i32 {", "the result of 'p.odd' must be i32, got float 2.0"),
        ("i1", "tfrt.if %x, %n : (i32) -> (i32) {", "the result of 'p.odd' must be i1, got float 2.0"),
    ],
)
def test_results_that_are_no_numbers_of_their_type(configuration, kind, body, message):
    @tfrt.kernel("p.odd")
    def odd():
        return 2.0

    text = f"""func.func @f(%n: i32) -> i32 {{
  %x = "p.odd"() : () -> {kind}
  %r = {body}
    tfrt.return %n : i32
  }} {"else { tfrt.return %n : i32 }" if kind == "i1" else ""}
  tfrt.return %r : i32
}}"""
    function = load_with(text, configuration)["f"]
    for _ in range(3):
        with pytest.raises(tfrt.KernelError) as caught:
            function(1)
        assert str(caught.value) == f"t.mlir:2:8: {message}"


@TIERS
def test_one_error_object_raised_in_several_places_has_the_place_of_each(configuration):
    error, other = tfrt.KernelError("no"), ValueError("not here")

    @tfrt.kernel("p.raise")
    def raise_(x: int) -> int:
        raise error if x else other

    @tfrt.kernel("p.return")
    def return_(x: int):
        return tfrt.AsyncValue.failed(error)

    text = """func.func @a(%x: i32) -> i32 {
  %y = "p.raise"(%x) : (i32) -> i32
  tfrt.return %y : i32
}
func.func @b(%x: i32) -> i32 {
  %y = "p.raise"(%x) : (i32) -> i32
  tfrt.return %y : i32
}
func.func @c(%x: i32) -> i32 {
  %y = "p.return"(%x) : (i32) -> i32
  tfrt.return %y : i32
}"""
    program = load_with(text, configuration)
    for name, x, expected in [
        ("a", 1, "t.mlir:2:8: no"),
        ("b", 1, "t.mlir:6:8: no"),
        ("a", 0, "t.mlir:2:8: ValueError: not here"),
        ("b", 0, "t.mlir:6:8: ValueError: not here"),
        ("c", 1, "t.mlir:10:8: no"),
        ("a", 1, "t.mlir:2:8: no"),
    ]:
        with pytest.raises(tfrt.KernelError) as caught:
            program[name](x)
        assert str(caught.value) == expected
        assert caught.value is not error
    assert error.location is None and error.__cause__ is None
    assert vars(other) == {}


@pytest.mark.parametrize(
    "name",
    [
        "range",
        "type",
        "if",
        "lambda",
        "r0",
        "context",
        "value",
        "HandOver",
        "CHAIN",
        "f0_main",
        "exit1",
        "ﬁ",
        "²",
        "é",
        "",
        " ",
    ],
)
def test_functions_may_have_any_name(name):
    text = f"""func.func @main(%n: i32) -> i32 {{
  %r = tfrt.repeat.i32 %n, %n : i32 {{
    %s = tfrt.call @"{name or "_"}"(%n) : (i32) -> i32
    tfrt.return %s : i32
  }}
  tfrt.return %r : i32
}}
func.func @"{name or "_"}"(%n: i32) -> i32 {{
  %one = tfrt.constant.i32 1
  %m = tfrt.add.i32 %n, %one
  tfrt.return %m : i32
}}"""
    program = load_with(text, {"plan_threshold": 3})
    for _ in range(10):
        assert program["main"](5) == 10
    assert "".join(dump(program))
