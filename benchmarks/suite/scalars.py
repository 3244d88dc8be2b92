"""Scalar programs: recursion, chains, independent kernels, loops, calls, kernels that are ordinary functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import tfrt
from suite.row import WRAP32, Row, program, python
from tfrt.executor.support.native_code import is_available

HOT = 0
"""Generated at once."""
TABLE = 1 << 40
"""Never generated."""

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
}"""

UPSTREAM_FIB = """func.func @fib(%n: i32) -> i32 {
  %one = arith.constant 1 : i32
  %small = arith.cmpi sle, %n, %one : i32
  %r = scf.if %small -> (i32) {
    scf.yield %n : i32
  } else {
    %n1 = arith.subi %n, %one : i32
    %n2 = arith.subi %n1, %one : i32
    %f1 = func.call @fib(%n1) : (i32) -> i32
    %f2 = func.call @fib(%n2) : (i32) -> i32
    %s = arith.addi %f1, %f2 : i32
    scf.yield %s : i32
  }
  func.return %r : i32
}"""

FIB_FLOOR = f"""def fib(n):
    if n <= 1:
        return n
    n1 = {WRAP32.format("n - 1")}
    n2 = {WRAP32.format("n1 - 1")}
    a = fib(n1)
    b = fib(n2)
    return {WRAP32.format("a + b")}
"""


def rows(size: int) -> Iterator[Row]:
    """The rows, for functions of `size` kernels."""
    with ExitStack() as stack:

        def load(text: str, **options: Any) -> tfrt.Program:
            return stack.enter_context(program(text, **options))

        yield from _fib(load, (20, 25) if size >= 1000 else (5, 6))
        yield _interpreted(load, 12 if size >= 1000 else 4)
        yield from _chain(load, size)
        yield _independent(load, size)
        yield from _loops(load, 10 * size)
        yield _ordinary(load, size)


def _fib(load: Any, numbers: tuple[int, ...]) -> Iterator[Row]:
    floor = python(FIB_FLOOR)["fib"]
    fib, dataflow = load(FIB, native=False)["fib"], load(FIB, plans=False)["fib"]
    for n in numbers:
        ways = {"python": lambda n=n: floor(n), "tfrt": lambda n=n: fib(n)}
        if n == numbers[0]:
            ways["no plans"] = lambda n=n: dataflow(n)
        if is_available():
            compiled = load(FIB, plan_threshold=HOT, native=True)["fib"]
            ways["native"] = lambda n=n, compiled=compiled: compiled(n)
        limit = {"native": 300.0} if n == 20 else {}
        yield Row(f"fib({n})", ways, "python", target={"tfrt": 1.6}, limit=limit)


def _interpreted(load: Any, n: int) -> Row:
    """The same in upstream dialects, which xDSL interprets."""
    from xdsl.context import Context
    from xdsl.dialects import arith, builtin, func, scf
    from xdsl.interpreter import Interpreter
    from xdsl.interpreters import register_implementations
    from xdsl.parser import Parser

    context = Context()
    for dialect in (arith.Arith, builtin.Builtin, func.Func, scf.Scf):
        context.load_dialect(dialect)
    module = Parser(context, UPSTREAM_FIB).parse_module()
    interpreter = Interpreter(module)
    register_implementations(interpreter, context)
    fib = load(FIB, native=False)["fib"]
    ways = {"xDSL's interpreter": lambda: interpreter.call_op("fib", (n,))[0], "tfrt": lambda: fib(n)}
    return Row(f"fib({n}), interpreted", ways, "xDSL's interpreter", warm_up=1)


def _chain(load: Any, size: int) -> Iterator[Row]:
    body = "\n".join(f"  %r{i + 1} = tfrt.add.i32 %r{i}, %b" for i in range(size))
    text = f"func.func @f(%r0: i32, %b: i32) -> i32 {{\n{body}\n  tfrt.return %r{size} : i32\n}}"
    lines = "\n".join(f"    r{i + 1} = {WRAP32.format(f'r{i} + b')}" for i in range(size))
    floor = python(f"def f(r0, b):\n{lines}\n    return r{size}\n")["f"]
    add = python(f"def add(a, b):\n    return {WRAP32.format('a + b')}\n")["add"]
    table = [(2, add, i, size + 1, i + 1) for i in range(size)]

    def loop() -> Any:
        registers = [0] * (size + 2)
        registers[size + 1] = 1
        for arity, function, a, b, result in table:
            if arity == 2:
                registers[result] = function(registers[a], registers[b])
            elif arity == 1:
                registers[result] = function(registers[a])
        return registers[size]

    hot, cold = load(text, plan_threshold=HOT)["f"], load(text, plan_threshold=TABLE)["f"]
    dataflow = load(text, plans=False)["f"]
    ways = {"python": lambda: floor(0, 1), "tfrt": lambda: hot(0, 1), "no plans": lambda: dataflow(0, 1)}
    yield Row(f"chain of {size}, hot", ways, "python", "kernel", size, {"tfrt": 1.5}, warm_up=10)
    ways = {"a table's loop": loop, "tfrt": lambda: cold(0, 1)}
    yield Row(f"chain of {size}, from the table", ways, "a table's loop", "kernel", size, {"tfrt": 1.3})


def _independent(load: Any, size: int) -> Row:
    adds = "\n".join(f"  %x{i} = tfrt.add.i32 %a, %b" for i in range(size))
    sums = "\n".join(f"  %s{i + 1} = tfrt.add.i32 %s{i}, %x{i}" for i in range(size))
    text = (
        f"func.func @f(%a: i32, %b: i32) -> i32 {{\n{adds}\n  %s0 = tfrt.constant.i32 0\n{sums}\n"
        f"  tfrt.return %s{size} : i32\n}}"
    )
    lines = [f"    x{i} = {WRAP32.format('a + b')}" for i in range(size)]
    lines += ["    s0 = 0", *(f"    s{i + 1} = {WRAP32.format(f's{i} + x{i}')}" for i in range(size))]
    source = "\n".join(lines)
    floor = python(f"def f(a, b):\n{source}\n    return s{size}\n")["f"]
    hot = load(text, plan_threshold=HOT)["f"]
    ways = {"python": lambda: floor(1, 2), "tfrt": lambda: hot(1, 2)}
    return Row(f"{size} independent adds, reduced", ways, "python", "kernel", 2 * size, {"tfrt": 1.5}, warm_up=10)


def _loops(load: Any, count: int) -> Iterator[Row]:
    text = """func.func @repeat(%n: i32, %a: i32, %b: i32) -> i32 {
  %r:2 = tfrt.repeat.i32 %n, %a, %b : i32, i32 {
    %s = tfrt.add.i32 %a, %b
    tfrt.return %s, %b : i32, i32
  }
  tfrt.return %r#0 : i32
}
func.func @add(%a: i32, %b: i32) -> i32 {
  %s = tfrt.add.i32 %a, %b
  tfrt.return %s : i32
}
func.func @calls(%n: i32, %a: i32, %b: i32) -> i32 {
  %r:2 = tfrt.repeat.i32 %n, %a, %b : i32, i32 {
    %s = tfrt.call @add(%a, %b) : (i32, i32) -> i32
    tfrt.return %s, %b : i32, i32
  }
  tfrt.return %r#0 : i32
}"""
    floors = python(f"""def repeat(n, a, b):
    for _ in range(n):
        a = {WRAP32.format("a + b")}
    return a
def add(a, b):
    return {WRAP32.format("a + b")}
def calls(n, a, b):
    for _ in range(n):
        a = add(a, b)
    return a
""")
    loaded = load(text, native=False)
    for name, title in (("repeat", f"repeat {count}"), ("calls", f"{count} calls in a loop")):
        ways = {
            "python": lambda name=name: floors[name](count, 0, 1),
            "tfrt": lambda name=name: loaded[name](count, 0, 1),
        }
        yield Row(title, ways, "python", "iteration", count, {"tfrt": 1.5})


def _ordinary(load: Any, size: int) -> Row:
    @tfrt.kernel("benchmark.step")
    def step(x: float, y: float) -> float:
        return x * y + 1.0

    body = "\n".join(f'  %r{i + 1} = "benchmark.step"(%r{i}, %y) : (f64, f64) -> f64' for i in range(size))
    text = f"func.func @f(%r0: f64, %y: f64) -> f64 {{\n{body}\n  tfrt.return %r{size} : f64\n}}"
    lines = "\n".join(f"    r{i + 1} = step(r{i}, y)" for i in range(size))
    floor = python(f"def f(r0, y):\n{lines}\n    return r{size}\n", step=step)["f"]
    hot = load(text, plan_threshold=HOT)["f"]
    ways = {"python": lambda: floor(1.0, 0.5), "tfrt": lambda: hot(1.0, 0.5)}
    return Row(f"{size} ordinary kernels", ways, "python", "kernel", size, {"tfrt": 1.5}, warm_up=10)
