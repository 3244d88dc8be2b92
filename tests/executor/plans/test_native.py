"""The native tier: what can be native, and that machine code does what plans do."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tfrt.executor.native_code import is_available
from tfrt.executor.plans import native, planned

NUMBA = pytest.mark.skipif(not is_available(), reason="needs Numba")

SCALARS = """
func.func @i32(%a: i32, %b: i32) -> (i32, i32, i32, i1, i1) {
  %s = tfrt.add.i32 %a, %b
  %d = "tfrt.minus.i32"(%a, %b) : (i32, i32) -> i32
  %m = "tfrt.mul.i32"(%a, %b) : (i32, i32) -> i32
  %e = "tfrt.equal.i32"(%s, %d) : (i32, i32) -> i1
  %l = "tfrt.lessequal.i32"(%s, %d) : (i32, i32) -> i1
  tfrt.return %s, %d, %m, %e, %l : i32, i32, i32, i1, i1
}
func.func @i64(%a: i64, %b: i64) -> (i64, i64, i64) {
  %s = "tfrt.add.i64"(%a, %b) : (i64, i64) -> i64
  %d = "tfrt.minus.i64"(%a, %b) : (i64, i64) -> i64
  %m = "tfrt.mul.i64"(%a, %b) : (i64, i64) -> i64
  tfrt.return %s, %d, %m : i64, i64, i64
}
func.func @div32(%a: i32, %b: i32) -> (i32, i32) {
  %q, %r = tfrt.div.i32 %a, %b
  tfrt.return %q, %r : i32, i32
}
func.func @div64(%a: i64, %b: i64) -> (i64, i64) {
  %q, %r = tfrt.div.i64 %a, %b
  tfrt.return %q, %r : i64, i64
}
func.func @f32(%a: f32, %b: f32) -> (f32, f32, f32) {
  %s = "tfrt.add.f32"(%a, %b) : (f32, f32) -> f32
  %m = "tfrt.multiply.f32"(%a, %b) : (f32, f32) -> f32
  %q = "tfrt.div.f32"(%a, %b) : (f32, f32) -> f32
  tfrt.return %s, %m, %q : f32, f32, f32
}
func.func @f64(%a: f64, %b: f64) -> (f64, f64, f64, f64) {
  %s = "tfrt.add.f64"(%a, %b) : (f64, f64) -> f64
  %m = "tfrt.multiply.f64"(%a, %b) : (f64, f64) -> f64
  %q = "tfrt.div.f64"(%a, %b) : (f64, f64) -> f64
  %n = "tfrt.minimum.f64"(%a, %b) : (f64, f64) -> f64
  tfrt.return %s, %m, %q, %n : f64, f64, f64, f64
}
"""

RECURSION = """
func.func @sum(%n: i32) -> i32 {
  %zero = tfrt.constant.i32 0
  %one = tfrt.constant.i32 1
  %done = "tfrt.lessequal.i32"(%n, %zero) : (i32, i32) -> i1
  %r = tfrt.if %done, %n, %one : (i32, i32) -> (i32) {
    tfrt.return %n : i32
  } else {
    %m = "tfrt.minus.i32"(%n, %one) : (i32, i32) -> i32
    %s = tfrt.call @sum(%m) : (i32) -> i32
    %t = tfrt.add.i32 %n, %s
    tfrt.return %t : i32
  }
  tfrt.return %r : i32
}
func.func @twice(%n: i32) -> (i32, i32) {
  %a = tfrt.call @sum(%n) : (i32) -> i32
  %r:2 = tfrt.repeat.i32 %n, %a, %n : i32, i32 {
    %q, %rest = tfrt.div.i32 %a, %n
    %b = tfrt.add.i32 %a, %q
    tfrt.return %b, %rest : i32, i32
  }
  tfrt.return %r#0, %r#1 : i32, i32
}
func.func @ping(%n: i32) -> i32 {
  %r = tfrt.call @pong(%n) : (i32) -> i32
  tfrt.return %r : i32
}
func.func @pong(%n: i32) -> i32 {
  %r = tfrt.call @ping(%n) : (i32) -> i32
  tfrt.return %r : i32
}
func.func @prints(%n: i32, %ch: !tfrt.chain) -> !tfrt.chain {
  %c = tfrt.print.i32 %n, %ch
  tfrt.return %c : !tfrt.chain
}
func.func @strings(%a: !tfrt.string) -> !tfrt.string {
  tfrt.return %a : !tfrt.string
}
func.func @same(%x: i1) -> (i1, i1) {
  tfrt.return %x, %x : i1, i1
}
func.func @for_ever(%go: i1) -> i1 {
  %r = tfrt.while %go @same(%go) parallel_iterations(1) : (i1) -> (i1)
  tfrt.return %r : i1
}
"""


def load(text, **options):
    return tfrt.load(tfrt.compile(text, filename="t.mlir"), host=tfrt.HostContext(plan_threshold=0, **options))


def outcome(program, name, *arguments):
    """The results, or their errors, as text with their types."""
    results = program[name].start(*arguments)
    program.host.wait(results)
    values = [r.error or r.value if type(r) is tfrt.AsyncValue else r for r in results]
    return [(type(value), str(value) if isinstance(value, Exception) else repr(value)) for value in values]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache(folder, monkeypatch):
    monkeypatch.setenv("TFRT_CACHE_DIR", str(folder))


def test_what_can_be_native():
    program = load(RECURSION, native=False)
    plans = program.plans
    ordered = [name for name in program if plans.effects[program[name].index].ordered]
    assert [name for name in ordered if native.can_be_native(plans.planned(program[name]))] == [
        "sum",
        "twice",
        "same",
        "for_ever",
    ]
    assert [name for name in ordered if native.is_worthwhile(plans.planned(program[name]))] == [
        "sum",
        "twice",
        "ping",
        "pong",
        "for_ever",
    ]


def test_the_source_is_the_plans_with_native_forms():
    program = load(RECURSION, native=False)
    source = native.native_source(program.plans.planned(program["twice"]))
    assert (
        source
        == """from numba import njit
from tfrt.executor.plans.native_runtime import cancelled, divide, divide32, divide64, single, wrap32


@njit("int64(int64, int64, int64)", nogil=True, cache=CACHE)
def native_sum(flag, depth, r0):
    if depth > 2000 or cancelled(flag): raise RecursionError
    r3 = (r0) <= (0)
    if r3:
        pass
        r4 = r0
    else:
        s2_r2 = wrap32((r0) - (1))
        s2_r3 = native_sum(flag, depth + 1, s2_r2)
        s2_r4 = wrap32((r0) + (s2_r3))
        r4 = s2_r4
    return r4


@njit("Tuple((int64, int64))(int64, int64, int64)", nogil=True, cache=CACHE)
def native_twice(flag, depth, r0):
    if depth > 2000 or cancelled(flag): raise RecursionError
    r1 = native_sum(flag, depth + 1, r0)
    s1_v0 = r1
    s1_v1 = r0
    s1_total = r0
    for s1_index in range(s1_total):
        if cancelled(flag): raise RecursionError
        s1_r2, s1_r3 = divide32(s1_v0, s1_v1)
        s1_r4 = wrap32((s1_v0) + (s1_r2))
        s1_v0, s1_v1 = s1_r4, s1_r3
    return s1_v0, s1_v1
"""
    )


def test_functions_that_take_long_become_native(monkeypatch):
    made = []
    monkeypatch.setattr(planned, "is_available", lambda: True)
    monkeypatch.setattr(planned, "NATIVE_AFTER", 0.0)
    monkeypatch.setattr(planned, "make_native", lambda found: made.append(found.function.name) or found.call)
    program = load(RECURSION)
    assert program["sum"](3) == 6
    assert made == []  # it was not timed before it was generated
    assert program["sum"](3) == 6
    assert program["sum"](3) == 6
    assert made == ["sum"]


def test_what_cannot_be_compiled_stays_as_it_is(monkeypatch, caplog):
    def fails(found):
        raise RuntimeError("no compiler")

    monkeypatch.setattr(planned, "make_native", fails)
    with caplog.at_level("INFO"):
        assert load(RECURSION, native=True)["sum"](3) == 6
    assert caplog.messages == ["no machine code for @sum: no compiler"]


def test_no_machine_code_where_nobody_wants_it(monkeypatch):
    monkeypatch.setattr(planned, "NATIVE_AFTER", 0.0)
    program = load(RECURSION, native=False)
    for _ in range(3):
        assert program["sum"](3) == 6
    assert not program.plans.is_timing


@NUMBA
class TestMachineCode:
    """With Numba."""

    @pytest.fixture(scope="class")
    @classmethod
    def both(cls):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(planned, "is_worthwhile", lambda found: True)
            ours, reference = load(SCALARS, native=True), load(SCALARS, plans=False)
            for name in ours:
                ours.plans.planned(ours[name]).generate()
                assert ours.plans.planned(ours[name]).call.__qualname__.startswith("make_native")
            yield ours, reference

    @pytest.mark.parametrize("name", ["i32", "i64", "div32", "div64", "f32", "f64"])
    def test_scalars(self, both, name):
        bits = 32 if name.endswith("32") else 64
        edges = [-(1 << bits - 1), (1 << bits - 1) - 1, -1, 0, 1]
        integers = st.sampled_from(edges) | st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)
        values = st.floats(width=bits) if name.startswith("f") else integers

        @settings(deadline=None, max_examples=200)
        @given(values, values)
        def check(a, b):
            ours, reference = both
            assert outcome(ours, name, a, b) == outcome(reference, name, a, b)

        check()

    def test_recursion_loops_and_calls(self):
        ours, reference = load(RECURSION, native=True), load(RECURSION, plans=False)
        for name in ("sum", "twice"):
            ours.plans.planned(ours[name]).generate()
            assert ours.plans.planned(ours[name]).call.__qualname__.startswith("make_native")
        for n in (-1, 0, 1, 5, 100, 3000):
            assert outcome(ours, "sum", n) == outcome(reference, "sum", n)
            assert outcome(ours, "twice", n) == outcome(reference, "twice", n)

    def test_errors_are_those_of_the_plan(self):
        program = load(
            """func.func @f(%n: i32, %a: i32) -> i32 {
  %r:2 = tfrt.repeat.i32 %n, %n, %a : i32, i32 {
    %q, %rest = tfrt.div.i32 %n, %a
    tfrt.return %q, %a : i32, i32
  }
  tfrt.return %r#0 : i32
}""",
            native=True,
        )
        assert program["f"](3, 1) == 3
        with pytest.raises(tfrt.KernelError, match=r"^t.mlir:3:17: Divide by zero$"):
            program["f"](3, 0)

    def test_cancellation_from_another_thread(self):
        program = load(RECURSION, native=True)
        program["for_ever"](False)
        context = tfrt.ExecutionContext(program.host)
        timer = threading.Timer(0.2, context.cancel)
        timer.start()
        (result,) = program["for_ever"].start(True, context=context)
        assert str(result.error) == "Cancelled"
        timer.join()

    def test_the_next_process_finds_it(self, folder):
        load(RECURSION, native=True)["sum"](3)
        assert list(folder.glob("plan_*.py"))
        assert list(folder.glob("__pycache__/plan_*.nbi"))

    def test_without_a_folder_it_is_made_anew(self, monkeypatch, tmp_path, caplog):
        caplog.set_level("INFO")
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("TFRT_CACHE_DIR", str(tmp_path / "file"))
        program = load(RECURSION, native=True)
        assert program["sum"](4) == 10
        assert caplog.messages == []
        assert program.plans.planned(program["sum"]).call.__qualname__.startswith("make_native")
