"""The native tier: what can be native, and that machine code does what plans do."""

import ctypes
import signal
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tfrt.executor.engines.plans import native, native_calls, planned
from tfrt.executor.support import native_code
from tfrt.executor.support.native_code import is_available

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
    ordered = [name for name in program if plans.facts[program[name].index].effects.ordered]
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
from tfrt.executor.engines.plans.native_runtime import (
    Refused, cancelled, divide, divide32, divide64, enter, leave, single, wrap32,
)


@njit("int64(int64, int64, int64, int64)", nogil=True, cache=CACHE)
def native_2(flag, call, depth, r0):
    if depth > 2000 or cancelled(flag, call): raise Refused
    r3 = (r0) <= (0)
    if r3:
        pass
        r4 = r0
    else:
        s2_r2 = wrap32((r0) - (1))
        s2_r3 = native_2(flag, call, depth + 1, s2_r2)
        s2_r4 = wrap32((r0) + (s2_r3))
        r4 = s2_r4
    return r4


@njit("Tuple((int64, int64))(int64, int64, int64, int64)", nogil=True, cache=CACHE)
def native_4(flag, call, depth, r0):
    if depth > 2000 or cancelled(flag, call): raise Refused
    r1 = native_2(flag, call, depth + 1, r0)
    s1_v0 = r1
    s1_v1 = r0
    s1_total = r0
    for s1_index in range(s1_total):
        if cancelled(flag, call): raise Refused
        s1_r2, s1_r3 = divide32(s1_v0, s1_v1)
        s1_r4 = wrap32((s1_v0) + (s1_r2))
        s1_v0, s1_v1 = s1_r4, s1_r3
    return s1_v0, s1_v1


@njit("Tuple((int64, int64))(int64, int64, int64)", nogil=True, cache=CACHE)
def enter_4(flag, call, r0):
    enter(call)
    results = native_4(flag, call, 0, r0)
    leave(call)
    return results
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
    def fails(*_):
        raise RuntimeError("no compiler")

    monkeypatch.setattr(native_code, "_load", fails)
    with caplog.at_level("INFO"):
        assert load(RECURSION, native=True)["sum"](3) == 6
    assert caplog.messages == ["no machine code for @sum: no compiler"]


def test_no_machine_code_where_nobody_wants_it(monkeypatch):
    monkeypatch.setattr(planned, "NATIVE_AFTER", 0.0)
    program = load(RECURSION, native=False)
    for _ in range(3):
        assert program["sum"](3) == 6
    assert not program.plans.is_timing


class Interruption(Exception):
    """What a signal's handler raises."""


def test_what_is_raised_while_machine_code_is_made_is_no_error_of_the_compiler(monkeypatch):
    """It is made on a thread of its own, so handlers, which run on the main thread, raise beside it."""
    threads = []

    def make(source, name, runtime):
        threads.append(threading.current_thread())
        return source, name, runtime

    monkeypatch.setattr(native_code, "_load", make)
    assert native_code.load("source", "name") == ("source", "name", None)
    assert threads[0] is not threading.main_thread()


def test_without_a_thread_nothing_is_compiled(monkeypatch):
    monkeypatch.setattr(native_code, "Thread", no_thread)
    with pytest.raises(native_code.CannotCompile, match=r"^can't start new thread$"):
        native_code.load("source", "name")


def no_thread(**_):
    class Refused:
        def start(self):
            raise RuntimeError("can't start new thread")

    return Refused()


class TestRefusals:
    """Which exceptions make the ordinary plan run; machine code is played by Python."""

    @pytest.fixture
    def run(self, monkeypatch):
        """Runs `@sum` on an argument as machine code that is a function of its record."""
        program = load(RECURSION, native=False)
        found = program.plans.planned(program["sum"])

        def run(machine_code, argument=4):
            def entry(flag, address, _):
                return machine_code(native_calls.NativeCall.from_address(address))

            monkeypatch.setattr(native, "load", lambda *_: entry)
            return native.make_native(found)(tfrt.ExecutionContext(program.host), argument)

        return run

    @pytest.mark.parametrize(
        "error", [ZeroDivisionError(), RecursionError(), ValueError("math domain error")], ids=repr
    )
    def test_what_machine_code_raises_is_a_refusal(self, run, error):
        def refuses(record):
            record.is_inside = 1
            raise error

        assert run(refuses) == 10
        assert run(lambda record: record.is_inside) == 0

    @pytest.mark.parametrize("error", [ZeroDivisionError(), Interruption(), TypeError(), KeyboardInterrupt()], ids=repr)
    def test_all_else_ends_the_call(self, run, error):
        def raises(record):
            raise error

        with pytest.raises(type(error)) as caught:
            run(raises)
        assert caught.value is error

    @pytest.mark.parametrize(
        ("error", "argument", "result"), [(TypeError(), 4.0, 10), (OverflowError(), 1 << 63, -1)], ids=repr
    )
    def test_what_machine_code_cannot_be_given(self, run, error, argument, result):
        """The ordinary plan gets it."""

        def raises(record):
            raise error

        assert run(raises, argument) == result

    def test_without_a_thread_that_ticks(self, run, monkeypatch):
        monkeypatch.setattr(native_calls, "_is_ticking", False)
        monkeypatch.setattr(native_calls, "Thread", no_thread)
        assert run(lambda record: pytest.fail("nothing would interrupt it")) == 10

    def test_a_handler_may_run_machine_code(self, run):
        records = []

        def inner(record):
            records.append(record)
            return 7

        def outer(record):
            records.append(record)
            assert run(inner) == 7
            return 8

        assert run(outer) == 8
        assert len({ctypes.addressof(record) for record in records}) == 2


class TestTicks:
    @pytest.fixture(autouse=True)
    def ticks(self, monkeypatch):
        monkeypatch.setattr(native_calls, "_all", [])
        monkeypatch.setattr(native_calls, "free", [])
        # A thread that an earlier test has started finds no calls, ends, and takes no part in this one.
        for thread in threading.enumerate():
            if thread.name == "tfrt-native-ticks":
                thread.join(60)
                assert not thread.is_alive()
        monkeypatch.setattr(native_calls, "_is_ticking", True)

    def test_calls_are_ticked_until_there_are_none(self, monkeypatch):
        record = call, _ = native_calls.new_record()
        due = []

        def sleep(seconds):
            due.append(call.is_due)
            call.is_due = 0
            if len(due) == 3 * native_calls._QUIET:
                native_calls.free.append(record)

        monkeypatch.setattr(native_calls, "sleep", sleep)
        native_calls._tick()
        assert due == [0] + [1] * (4 * native_calls._QUIET - 2)
        assert not native_calls._is_ticking

    def test_a_call_that_begins_while_the_thread_ends(self, monkeypatch):
        """It has seen that somebody ticks, so somebody does."""
        asked = []
        answers = iter([True] * native_calls._QUIET + [False] + [True] * (native_calls._QUIET + 1))
        monkeypatch.setattr(native_calls, "_are_free", lambda: asked.append(0) or next(answers))
        monkeypatch.setattr(native_calls, "sleep", lambda seconds: None)
        native_calls._tick()
        assert len(asked) == 2 * native_calls._QUIET + 2
        assert not native_calls._is_ticking

    def test_a_thread_is_started_once(self, monkeypatch):
        started = []

        class Thread:
            def __init__(self, **options):
                assert options["daemon"]

            def start(self):
                started.append(self)

        monkeypatch.setattr(native_calls, "Thread", Thread)
        native_calls._is_ticking = False
        assert [native_calls.keep_ticking(), native_calls.keep_ticking()] == [True, True]
        assert len(started) == 1

    def test_after_a_fork_calls_of_other_threads_are_gone(self):
        record = native_calls.new_record()
        native_calls.new_record()
        native_calls.free.append(record)
        native_calls._after_fork()
        assert native_calls._all == [record]
        assert not native_calls._is_ticking


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
        with pytest.raises(tfrt.KernelError) as info:
            program["f"](3, 0)
        assert str(info.value) == "t.mlir:3:17: Divide by zero"

    def test_cancellation_from_another_thread(self):
        program = load(RECURSION, native=True)
        program["for_ever"](False)
        context = tfrt.ExecutionContext(program.host)
        timer = threading.Timer(0.2, context.cancel)
        timer.start()
        (result,) = program["for_ever"].start(True, context=context)
        assert str(result.error) == "Cancelled"
        timer.join()

    @pytest.mark.parametrize("error", [KeyboardInterrupt("mine"), SystemExit("mine")], ids=repr)
    def test_what_a_signal_handler_raises_ends_the_call(self, error):
        def handler(*_):
            raise error

        program = load(RECURSION, native=True)
        program["for_ever"](False)
        before = signal.signal(signal.SIGALRM, handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(type(error)) as caught:
                program["for_ever"](True)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert caught.value is error
        assert program["for_ever"](False) is False

    def test_a_handler_that_raises_nothing_lets_it_go_on(self):
        program = load(RECURSION, native=True)
        program["for_ever"](False)
        context = tfrt.ExecutionContext(program.host)
        handled = []

        def handler(*_):
            # Also from within the handler machine code can be run.
            handled.append(program["sum"](4))
            if len(handled) == 3:
                context.cancel()

        before = signal.signal(signal.SIGALRM, handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
            (result,) = program["for_ever"].start(True, context=context)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert str(result.error) == "Cancelled"
        assert handled[:3] == [10, 10, 10]

    def test_an_exception_for_another_thread(self):
        program = load(RECURSION, native=True)
        program["for_ever"](False)
        caught, is_running = [], threading.Event()

        def call():
            try:
                is_running.set()
                program["for_ever"](True)
            except BaseException as error:
                caught.append(type(error))

        thread = threading.Thread(target=call)
        thread.start()
        is_running.wait()
        raised = ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
        assert raised == 1
        thread.join()
        assert caught == [SystemExit]

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
