"""Loops that run as machine code give what they give iteration by iteration."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import tfrt
from tfrt.executor.support.machine_code import is_available
from tfrt.kernels.cpu import loops

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
STEPS = 7


@pytest.fixture
def ran(monkeypatch):
    """How many iterations machine code has run, in each call that it was asked to."""
    counts = []
    own = loops._Native.run

    def run(self, count, operands, context):
        found = own(self, count, operands, context)
        counts.append(0 if found is None else count - found[0])
        return found

    monkeypatch.setattr(loops._Native, "run", run)
    return counts


def scan(state, body, result, inputs, steps=STEPS):
    """A program that goes over `%xs`.

    Args:
        state: names, first values, and types; `%ys` collects.
        body: lines that make of `%x`, and of the state, what is named like it with an ``n`` behind.
        inputs: the program's arguments, with their types.
    """
    names = [f"%{name} = {first}" for name, first, _ in state]
    types = ", ".join(["tensor<i32>", *[type for _, _, type in state]])
    given = ", ".join(["%j", *[f"%{name}n" for name, _, _ in state]])
    return f"""func.func @main({inputs}) -> {result[1]} {{
      %zero = stablehlo.constant dense<0> : tensor<i32>
      %r:{1 + len(state)} = stablehlo.while(%i = %zero, {", ".join(names)}) : {types} cond {{
        %all = stablehlo.constant dense<{steps}> : tensor<i32>
        %more = stablehlo.compare LT, %i, %all : (tensor<i32>, tensor<i32>) -> tensor<i1>
        stablehlo.return %more : tensor<i1>
      }} do {{
        %none = stablehlo.constant dense<0> : tensor<i32>
        %one = stablehlo.constant dense<1> : tensor<i32>
        {body}
        %j = stablehlo.add %i, %one : tensor<i32>
        stablehlo.return {given} : {types}
      }}
      return %r#{result[0]} : {result[1]}
    }}"""


def lstm(batch, width, *, turned=False, steps=STEPS, dtype="f32"):
    """A recurrent layer whose inputs are products already."""
    row, wide = f"tensor<{batch}x{width}x{dtype}>", f"tensor<{batch}x{4 * width}x{dtype}>"
    xs, ys = f"tensor<{steps}x{batch}x{4 * width}x{dtype}>", f"tensor<{steps}x{batch}x{width}x{dtype}>"
    w = f"tensor<{4 * width}x{width}x{dtype}>" if turned else f"tensor<{width}x{4 * width}x{dtype}>"
    gates = "\n".join(
        f"%{gate} = stablehlo.slice %z [0:{batch}, {n * width}:{(n + 1) * width}] : ({wide}) -> {row}"
        for n, gate in enumerate("abde")
    )
    body = f"""
        %part = stablehlo.dynamic_slice %xs, %i, %none, %none, sizes = [1, {batch}, {4 * width}]
          : ({xs}, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x{batch}x{4 * width}x{dtype}>
        %x = stablehlo.reshape %part : (tensor<1x{batch}x{4 * width}x{dtype}>) -> {wide}
        %p = stablehlo.dot_general %h, %w, contracting_dims = [1] x [{int(turned)}] : ({row}, {w}) -> {wide}
        %z = stablehlo.add %p, %x : {wide}
        {gates}
        %ia = stablehlo.logistic %a : {row}
        %ib = stablehlo.logistic %b : {row}
        %id = stablehlo.tanh %d : {row}
        %ie = stablehlo.logistic %e : {row}
        %kept = stablehlo.multiply %ib, %c : {row}
        %new = stablehlo.multiply %ia, %id : {row}
        %cn = stablehlo.add %kept, %new : {row}
        %t = stablehlo.tanh %cn : {row}
        %hn = stablehlo.multiply %ie, %t : {row}
        %rowed = stablehlo.reshape %hn : ({row}) -> tensor<1x{batch}x{width}x{dtype}>
        %ysn = stablehlo.dynamic_update_slice %ys, %rowed, %i, %none, %none
          : ({ys}, tensor<1x{batch}x{width}x{dtype}>, tensor<i32>, tensor<i32>, tensor<i32>) -> {ys}"""
    state = [("h", "%h0", row), ("c", "%h0", row), ("ys", "%ys0", ys)]
    return scan(state, body, (3, ys), f"%xs: {xs}, %w: {w}, %h0: {row}, %ys0: {ys}", steps)


def arrays(batch, width, *, turned=False, steps=STEPS, dtype=np.float32):
    rng = np.random.default_rng(0)
    xs = rng.standard_normal((steps, batch, 4 * width)).astype(dtype)
    w = (rng.standard_normal((4 * width, width) if turned else (width, 4 * width)) / width**0.5).astype(dtype)
    h = rng.standard_normal((batch, width)).astype(dtype)
    return xs, w, h, np.zeros((steps, batch, width), dtype)


def expected_of(xs, w, h, ys, turned=False):
    """The same in double precision."""
    h, ys, w = h.astype(np.float64), ys.astype(np.float64), w.astype(np.float64)
    w, c = w.T if turned else w, h

    def logistic(x):
        return 1 / (1 + np.exp(-x))

    for step, x in enumerate(xs):
        a, b, d, e = np.split(h @ w + x, 4, axis=1)
        c = logistic(b) * c + logistic(a) * np.tanh(d)
        ys[step] = h = logistic(e) * np.tanh(c)
    return ys


def constant(array):
    return np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)


@LLVM
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("is_constant", [False, True])
@pytest.mark.parametrize(("batch", "width"), [(1, 32), (1, 144), (3, 144), (4, 20), (9, 24)])
def test_layers(ran, batch, width, is_constant, turned):
    """Of few rows and more, with a matrix that is packed, put in order, or neither; rows of 20 are no whole vectors."""
    xs, w, h, ys = arrays(batch, width, turned=turned)
    expected = expected_of(xs, w, h, ys, turned)
    run = tfrt.compile(lstm(batch, width, turned=turned), opt_level=2)
    with tfrt.HostContext("s", native=True) as host:
        main = tfrt.load(run, host=host)["main"]
        for _ in range(2):
            found = main(xs, constant(w) if is_constant else w, h, ys)
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6)
    # Few rows of a transposed matrix that may change are BLAS's.
    assert ran == ([] if turned and batch < 3 and not is_constant else [STEPS] * 2)
    assert not ys.any()


@LLVM
@pytest.mark.parametrize(("batch", "width"), [(1, 144), (2, 145), (4, 131)])
def test_many_iterations(ran, batch, width):
    """Matrices that may change are put into panels in each call; the last panel may be narrow."""
    steps = 40
    with tfrt.HostContext("s", native=True) as host:
        main = tfrt.load(tfrt.compile(lstm(batch, width, steps=steps), opt_level=2), host=host)["main"]
        xs, w, h, ys = arrays(batch, width, steps=steps)
        for _ in range(2):
            np.testing.assert_allclose(main(xs, w, h, ys), expected_of(xs, w, h, ys), rtol=1e-5, atol=4e-6)
            w += np.float32(0.01)
    assert ran == [steps] * 2


@LLVM
def test_state_is_what_it_was(ran):
    """What a caller has is not written to, nor what an earlier call has given; views are read as what they are."""
    xs, w, h, ys = arrays(2, 32)
    wide = np.zeros((2, 64), np.float32)
    wide[:, ::2] = h
    with tfrt.HostContext("s", native=True) as host:
        main = tfrt.load(tfrt.compile(lstm(2, 32), opt_level=2), host=host)["main"]
        first = main(xs, w, h, ys)
        copy = first.copy()
        second = main(xs, w, wide[:, ::2], ys)
        other = main(xs[::-1], w, h, ys)
    assert np.array_equal(first, copy)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)
    assert ran[:2] == [STEPS] * 2


@LLVM
def test_hosts_that_do_not_ask_for_it(ran, monkeypatch):
    """Machine code takes over once many iterations have run, if it may."""
    monkeypatch.setattr(loops, "AFTER", 2 * STEPS)
    compiled, given = tfrt.compile(lstm(1, 32), opt_level=2), arrays(1, 32)
    results = []
    for native, expected in ((None, [STEPS]), (False, [])):
        with tfrt.HostContext("s", native=native) as host:
            main = tfrt.load(compiled, host=host)["main"]
            results += [main(*given) for _ in range(3)]
        assert ran == expected
        ran.clear()
    for found in results[1:]:
        np.testing.assert_allclose(found, results[0], rtol=1e-5, atol=1e-6)


@LLVM
def test_what_has_no_machine_code_runs_as_ever(ran):
    """Loops of few iterations, and those that threads share elementwise work of."""
    for text, given in (
        (lstm(2, 16, steps=2), arrays(2, 16, steps=2)),
        (lstm(128, 144), arrays(128, 144)),
    ):
        with tfrt.HostContext("mstd:2", native=True) as host:
            found = tfrt.load(tfrt.compile(text, opt_level=2), host=host)["main"](*given)
        np.testing.assert_allclose(found, expected_of(*given), rtol=1e-5, atol=2e-6)
    assert ran == []


@LLVM
@pytest.mark.parametrize(("rows", "width", "is_shared"), [(1, 32, False), (64, 144, True)])
def test_threads(ran, monkeypatch, rows, width, is_shared):
    """They share large products, and what comes is the same."""
    loops_made = []
    own = loops.assembled
    monkeypatch.setattr(loops, "assembled", lambda loop: loops_made.append(loop) or own(loop))
    given, compiled = arrays(rows, width), tfrt.compile(lstm(rows, width), opt_level=2)
    results = []
    for queue in ("s", "mstd:2", "mstd:3"):
        with tfrt.HostContext(queue, native=True) as host:
            main = tfrt.load(compiled, host=host)["main"]
            results += [main(*given) for _ in range(3)]
    np.testing.assert_allclose(results[0], expected_of(*given), rtol=1e-5, atol=2e-6)
    assert all(found.tobytes() == results[0].tobytes() for found in results)
    assert ran == [STEPS] * 9
    assert [loop.is_shared for loop in loops_made] == [False, is_shared, is_shared]


@LLVM
def test_cancelled_requests(monkeypatch):
    """What is left when a request is cancelled is the loop's, which asks, too."""
    own, left = loops._Native.run, []

    def run(self, count, operands, context):
        found = own(self, count, operands, SimpleNamespace(cancellation="cancelled"))
        left.append(found[0])
        return found

    monkeypatch.setattr(loops._Native, "run", run)
    given = arrays(1, 32)
    with tfrt.HostContext("s", native=True) as host:
        found = tfrt.load(tfrt.compile(lstm(1, 32), opt_level=2), host=host)["main"](*given)
    assert left == [STEPS]
    np.testing.assert_allclose(found, expected_of(*given), rtol=1e-5, atol=2e-6)


COUNTING = scan(
    [("a", "%start", "tensor<i32>"), ("xs", "%given", "tensor<9x16xf32>"), ("last", "%row", "tensor<1x16xf32>")],
    """
        %two = stablehlo.constant dense<2> : tensor<i32>
        %step = stablehlo.constant dense<1.0> : tensor<1x16xf32>
        %big = stablehlo.constant dense<2147483647> : tensor<i32>
        %is_less = stablehlo.compare LT, %a, %two : (tensor<i32>, tensor<i32>) -> tensor<i1>
        %from = stablehlo.select %is_less, %two, %i : tensor<i1>, tensor<i32>
        %an = stablehlo.subtract %a, %big : tensor<i32>
        %part = stablehlo.dynamic_slice %xs, %from, %none, sizes = [1, 16]
          : (tensor<9x16xf32>, tensor<i32>, tensor<i32>) -> tensor<1x16xf32>
        %lastn = stablehlo.add %part, %step : tensor<1x16xf32>
        %most = stablehlo.maximum %from, %an : tensor<i32>
        %least = stablehlo.minimum %most, %i : tensor<i32>
        %xsn = stablehlo.dynamic_update_slice %xs, %lastn, %least, %none
          : (tensor<9x16xf32>, tensor<1x16xf32>, tensor<i32>, tensor<i32>) -> tensor<9x16xf32>""",
    (2, "tensor<9x16xf32>"),
    "%given: tensor<9x16xf32>, %row: tensor<1x16xf32>, %start: tensor<i32>",
    steps=12,
)


@pytest.mark.parametrize("start", [0, -5, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("native", [False, pytest.param(True, marks=LLVM)])
def test_counters(ran, start, native):
    """Indices that wrap around and lie beyond an array, and a state that is read and written."""
    given = np.arange(9 * 16, dtype=np.float32).reshape(9, 16)
    row = np.zeros((1, 16), np.float32)
    expected = tfrt.load(tfrt.compile(COUNTING, opt_level=0))["main"](given, row, np.int32(start))
    with tfrt.HostContext("s", native=native) as host:
        found = tfrt.load(tfrt.compile(COUNTING, opt_level=2), host=host)["main"](given, row, np.int32(start))
    assert np.array_equal(found, expected)
    assert ran == ([12] if native else [])


NORMALISED = scan(
    [("h", "%h0", "tensor<3x32xf32>"), ("ys", "%ys0", "tensor<7x3xf32>")],
    """
        %part = stablehlo.dynamic_slice %xs, %i, %none, %none, sizes = [1, 3, 32]
          : (tensor<7x3x32xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x3x32xf32>
        %x = stablehlo.reshape %part : (tensor<1x3x32xf32>) -> tensor<3x32xf32>
        %s = stablehlo.add %h, %x : tensor<3x32xf32>
        %nothing = stablehlo.constant dense<0.0> : tensor<f32>
        %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
        %q = stablehlo.multiply %s, %s : tensor<3x32xf32>
        %sum = stablehlo.reduce(%q init: %nothing) applies stablehlo.add across dimensions = [1]
          : (tensor<3x32xf32>, tensor<f32>) -> tensor<3xf32>
        %most = stablehlo.reduce(%s init: %low) applies stablehlo.maximum across dimensions = [1]
          : (tensor<3x32xf32>, tensor<f32>) -> tensor<3xf32>
        %root = stablehlo.sqrt %sum : tensor<3xf32>
        %wide = stablehlo.broadcast_in_dim %root, dims = [0] : (tensor<3xf32>) -> tensor<3x32xf32>
        %hn = stablehlo.divide %s, %wide : tensor<3x32xf32>
        %both = stablehlo.add %root, %most : tensor<3xf32>
        %row = stablehlo.reshape %both : (tensor<3xf32>) -> tensor<1x3xf32>
        %ysn = stablehlo.dynamic_update_slice %ys, %row, %i, %none
          : (tensor<7x3xf32>, tensor<1x3xf32>, tensor<i32>, tensor<i32>) -> tensor<7x3xf32>""",
    (2, "tensor<7x3xf32>"),
    "%xs: tensor<7x3x32xf32>, %h0: tensor<3x32xf32>, %ys0: tensor<7x3xf32>",
)


@pytest.mark.parametrize("native", [False, pytest.param(True, marks=LLVM)])
def test_reductions(ran, native):
    """Of rows, of which one gives all elements and more than one number for each row."""
    rng = np.random.default_rng(0)
    xs, h = rng.standard_normal((STEPS, 3, 32)).astype(np.float32), rng.standard_normal((3, 32)).astype(np.float32)
    expected, state = np.zeros((STEPS, 3)), h.astype(np.float64)
    for step, x in enumerate(xs):
        summed = state + x
        root = np.sqrt((summed * summed).sum(1))
        expected[step], state = root + summed.max(1), summed / root[:, None]
    with tfrt.HostContext("s", native=native) as host:
        main = tfrt.load(tfrt.compile(NORMALISED, opt_level=2), host=host)["main"]
        for _ in range(2):
            np.testing.assert_allclose(main(xs, h, np.zeros((STEPS, 3), np.float32)), expected, rtol=1e-5)
    assert ran == ([STEPS] * 2 if native else [])


_WRONG = {
    "a chain of more than there is": '["cpu.elementwise", [0], [[f32, 64]], [[f32, 16]], [["stablehlo.tanh", 0]]]',
    "a chain of another type": '["cpu.elementwise", [0], [[f64, 16]], [[f64, 16]], [["stablehlo.negate", 0]]]',
    "a chain of a number": '["cpu.elementwise", [1], [[i32]], [[i32]], [["stablehlo.negate", 0]]]',
    "an array that grows": '["cpu.call", [0], [[f32, 64]], [[f32, 16]], 1, [], "stablehlo.reshape", []]',
    "an array of another type": '["cpu.call", [0], [[f64, 16]], [[f32, 16]], 1, [], "stablehlo.reshape", []]',
    "memory that is too small": '["cpu.settled", [0], [[f32, 64]]]',
    "a part that is larger": """["cpu.call", [0, 1], [[f32, 64]], [[f32, 16], [i32]], 2, [["slice_sizes", [64]]],
      "stablehlo.dynamic_slice", []]""",
    "a part of more dimensions": """["cpu.call", [0, 1], [[f32, 2, 16]], [[f32, 16], [i32]], 2,
      [["slice_sizes", [2, 16]]], "stablehlo.dynamic_slice", []]""",
}


@LLVM
@pytest.mark.parametrize("body", _WRONG.values(), ids=_WRONG)
def test_what_is_said_of_values_must_hold(body):
    """Machine code takes them for what a program says, so none is made where it cannot be so."""
    text = f"""func.func @main(%n: i32, %x: memref<16xf32>) -> (i32, memref<16xf32>, i32) {{
      %left, %o:2 = cpu.iterate %n, %x, %n {{arguments = [[f32, 16], [i32]], body = [{body}], gives = [0, 1]}}
        : (memref<16xf32>, i32) -> (memref<16xf32>, i32)
      tfrt.return %left, %o#0, %o#1 : i32, memref<16xf32>, i32
    }}"""
    x = np.arange(16, dtype=np.float32)
    with tfrt.HostContext("s", native=True) as host:
        left, found, number = tfrt.load(tfrt.compile(text), host=host)["main"](10, x)
    assert (left, number) == (10, 10)
    assert np.array_equal(found, x)
