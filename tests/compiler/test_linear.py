"""What the compiler does is linear in the size of a module, counted in steps; chains of functions are no limit.

A step is a line of Python that is executed. Modules of several kinds are made in three sizes, each twice the one
before: what grows with the square takes four times as many more steps from one size to the next, not twice as many.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import pytest

from tfrt.compiler.emitter import emit
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.passes import fuse_cpu_ops, inline
from tfrt.compiler.passes.shared import block_buffers
from tfrt.compiler.pipelines.manager import run_passes
from tfrt.compiler.pipelines.pipeline import PIPELINES, parse_pipeline
from tfrt.compiler.printer import print_module
from tfrt.compiler.verifier import verify
from tfrt.dialects import context

HANDLE, CHAIN = "!corert.tensorhandle", "!tfrt.chain"


def lines(format: str, count: int, start: int = 0) -> str:
    """The format for each number, with `{i}` for it and `{j}` for the next one."""
    return "\n".join(format.replace("{i}", str(i)).replace("{j}", str(i + 1)) for i in range(start, start + count))


def main(body: str, result: str, arguments: str = "%n: i32, %c: i1", type: str = "i32") -> str:
    return f"func.func @main({arguments}) -> {type} {{\n{body}\ntfrt.return {result} : {type}\n}}\n"


def many_functions(n: int) -> str:
    function = "func.func private @f{i}(%x: i32) -> i32 { %r = tfrt.mul.i32 %x, %x\n tfrt.return %r : i32 }"
    calls = "%r{j} = tfrt.call @f{i}(%r{i}) : (i32) -> i32"
    return lines(function, n) + "\n" + main("%r0 = tfrt.add.i32 %n, %n\n" + lines(calls, n), f"%r{n}")


def many_references(n: int) -> str:
    function = """func.func @f{i}(%x: i32) -> i32 {
      %r = tfrt.once @f{j}(%x) : (i32) -> (i32)
      %s = tfrt.case %r [@f{i}, @f{j}] (%x) : (i32) -> (i32)
      %t = func.call @f{j}(%s) : (i32) -> i32
      tfrt.return %t : i32
    }"""
    return lines(function, n) + f"\nfunc.func @f{n}(%x: i32) -> i32 {{ tfrt.return %x : i32 }}"


def chain_of_calls(n: int) -> str:
    function = "func.func @f{i}(%x: i32) -> i32 { %r = tfrt.call @f{j}(%x) : (i32) -> i32\n tfrt.return %r : i32 }"
    return lines(function, n) + f"\nfunc.func @f{n}(%x: i32) -> i32 {{ tfrt.return %x : i32 }}"


def nested_loop_functions(n: int) -> str:
    function = """func.func private @f{i}(%x: i32, %c: i1) -> (i32, i1, i1) {
      %z = tfrt.mul.i32 %x, %x
      %y, %d = tfrt.while %c @f{j}(%x, %c) parallel_iterations(1) : (i32, i1) -> (i32, i1)
      tfrt.return %x, %c, %d : i32, i1, i1
    }"""
    last = f"""func.func private @f{n}(%x: i32, %c: i1) -> (i32, i1, i1) {{
      %y = tfrt.add.i32 %x, %x
      tfrt.return %y, %c, %c : i32, i1, i1
    }}\n"""
    loop = "%y, %d = tfrt.while %c @f0(%n, %c) parallel_iterations(1) : (i32, i1) -> (i32, i1)"
    return lines(function, n) + last + main(loop, "%y")


def dead_arguments_through_calls(n: int) -> str:
    work = "%q0 = tfrt.mul.i32 %x, %x\n" + lines("%q{j} = tfrt.mul.i32 %q{i}, %q{i}", 101)
    function = f"""func.func private @f{{i}}(%x: i32, %u: i32, %k: i32) -> (i32, i32) {{
      {work.replace("{", "{{").replace("}", "}}")}
      %z, %c = tfrt.call @f{{j}}(%q101, %u, %k) : (i32, i32, i32) -> (i32, i32)
      tfrt.return %z, %c : i32, i32
    }}"""
    last = (
        f"func.func private @f{n // 4}(%x: i32, %u: i32, %k: i32) -> (i32, i32) {{ tfrt.return %x, %k : i32, i32 }}\n"
    )
    call = "%k = tfrt.constant.i32 7\n%a, %b = tfrt.call @f0(%n, %n, %k) : (i32, i32, i32) -> (i32, i32)"
    return lines(function, n // 4) + last + main(call, "%b")


def calls_of_one_function(n: int) -> str:
    function = "func.func private @f(%x: i32) -> i32 { %r = tfrt.add.i32 %x, %x\n tfrt.return %r : i32 }\n"
    return function + main(
        "%r0 = tfrt.mul.i32 %n, %n\n" + lines("%r{j} = tfrt.call @f(%r{i}) : (i32) -> i32", n), f"%r{n}"
    )


def long_function(n: int) -> str:
    return main("%r0 = tfrt.add.i32 %n, %n\n" + lines("%r{j} = tfrt.mul.i32 %r{i}, %r{i}", n), f"%r{n}")


def constants(n: int) -> str:
    return main("%r0 = tfrt.constant.i32 3\n" + lines("%r{j} = tfrt.mul.i32 %r{i}, %r{i}", n), f"%r{n}")


def sums_with_constants(n: int) -> str:
    return main(
        "%r0 = tfrt.constant.i32 1\n%s0 = tfrt.mul.i32 %n, %n\n" + lines("%s{j} = tfrt.add.i32 %s{i}, %r0", n), f"%s{n}"
    )


def products_with_zero(n: int) -> str:
    body = lines("%z{i} = tfrt.mul.i32 %r{i}, %o\n%r{j} = tfrt.mul.i32 %r{i}, %z{i}", n)
    return main("%o = tfrt.constant.i32 0\n%r0 = tfrt.mul.i32 %n, %n\n" + body, f"%r{n}")


def chained_effects(n: int) -> str:
    return main(lines("%c{j} = tfrt.print.i32 %n, %c{i}", n), f"%c{n}", "%c0: !tfrt.chain, %n: i32", CHAIN)


def merged_chains(n: int) -> str:
    merge = f"%m = tfrt.merge.chains {', '.join(f'%a{i}' for i in range(n))} : {', '.join([CHAIN] * n)}"
    return main(lines("%a{i} = tfrt.print.i32 %n, %ch", n) + "\n" + merge, "%m", "%ch: !tfrt.chain, %n: i32", CHAIN)


def wide_regions(n: int) -> str:
    branch = """%r{i} = tfrt.if %c, %n : (i32) -> (i32) {
      %a = tfrt.add.i32 %n, %n
      tfrt.return %a : i32
    } else { tfrt.return %n : i32 }"""
    return main(lines(branch, n), "%n")


def known_branches(n: int) -> str:
    branch = """%r{j} = tfrt.if %t, %r{i} : (i32) -> (i32) {
      %a = tfrt.mul.i32 %r{i}, %r{i}
      tfrt.return %a : i32
    } else { tfrt.return %r{i} : i32 }"""
    return main("%t = tfrt.constant.i1 true\n%r0 = tfrt.mul.i32 %n, %n\n" + lines(branch, n), f"%r{n}")


def invariants(n: int) -> str:
    body = (
        lines("%x{j} = tfrt.mul.i32 %x{i}, %x0", n)
        + "\n%w0 = tfrt.add.i32 %y, %y\n"
        + lines("%w{j} = tfrt.add.i32 %w{i}, %x{i}", n)
    )
    loop = f"%r, %s = tfrt.repeat.i32 %n, %x0, %y : i32, i32 {{\n{body}\ntfrt.return %x0, %w{n} : i32, i32 }}"
    return main(loop, "%s", "%n: i32, %x0: i32, %y: i32")


def known_trip_counts(n: int) -> str:
    loop = "%r{j} = tfrt.repeat.i32 %two, %r{i} : i32 { %a = tfrt.mul.i32 %r{i}, %r{i}\n tfrt.return %a : i32 }"
    return main("%two = tfrt.constant.i32 2\n%r0 = tfrt.add.i32 %n, %n\n" + lines(loop, n), f"%r{n}")


def tensors(n: int) -> str:
    head = """%null = "corert.create_null_op_handler"() : () -> !corert.ophandler
    %h = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
    %ch1 = corert.register_op_handler %h "cpu"
    %cpu = corert.get_op_handler %ch1 "cpu"
    %r0 = corert.ensure_metadata %x {metadata = [[f32, 64, 64]]} : (!corert.tensorhandle) -> !corert.tensorhandle
    """
    ops = lines(
        """%e{i} = corert.ensure_metadata %x {metadata = [[f32, 64, 64]]}
          : (!corert.tensorhandle) -> !corert.tensorhandle
        %m{i} = corert.executeop(%cpu) "tf.MatMul"(%e{i}, %e{i}) {transpose_a = false, transpose_b = false} : 1
        %r{j} = corert.executeop(%cpu) "tf.AddV2"(%r{i}, %m{i}) : 1""",
        n,
    )
    return main(head + ops, f"%r{n}", f"%ch: {CHAIN}, %x: {HANDLE}", HANDLE)


def compiled_modules(n: int) -> str:
    module = "module @k{i} attributes {tfrt.compiled} { func.func @k(%x: i32) -> i32 { tfrt.return %x : i32 } }"
    return lines(module, n) + "\n" + main(lines('"tfrt.x"() {u = @k{i}::@k} : () -> ()', n), "%n")


Make = Callable[[int], str]

# With the smallest size of each.
KINDS: dict[Make, int] = {
    many_functions: 8,
    many_references: 8,
    chain_of_calls: 13,
    nested_loop_functions: 8,
    dead_arguments_through_calls: 8,
    calls_of_one_function: 20,
    long_function: 20,
    constants: 20,
    sums_with_constants: 20,
    products_with_zero: 13,
    chained_effects: 20,
    merged_chains: 20,
    wide_regions: 7,
    known_branches: 8,
    invariants: 13,
    known_trip_counts: 7,
    tensors: 8,
    compiled_modules: 8,
}

PASSES = f"{PIPELINES[3]},dce,outline-regions,relax-chains"


def steps(run: Callable[[], Any]) -> int:
    """How many lines of Python are executed."""
    count = 0

    def line(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += 1
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        run()
    finally:
        sys.settrace(before)
    return count


def steps_of_stages(text: str) -> dict[str, int]:
    """The steps that each part of the compiler takes for a module."""
    module = parse_module(text)
    found = {
        "verify": steps(lambda: verify(module)),
        "print": steps(lambda: print_module(module)),
        "print generic": steps(lambda: print_module(module, generic=True, locations=True)),
        "emit": steps(lambda: emit(module)),
    }
    ctx = context()
    for number, each in enumerate(parse_pipeline(PASSES)):
        found[f"{each.name} ({number})"] = steps(lambda each=each: each.apply(ctx, module))  # type: ignore[misc]
    assert verify(module) == []
    found["emit optimised"] = steps(lambda: emit(module))
    return found


@pytest.mark.parametrize(("make", "size"), KINDS.items(), ids=[make.__name__ for make in KINDS])
def test_steps_grow_with_the_module(make: Make, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Some work grows with the square up to a bound, here one that even the smallest module reaches.
    monkeypatch.setattr(fuse_cpu_ops, "_MOST_STEPS", 4)
    monkeypatch.setattr(block_buffers, "_MOST_IN_ARENA", 4)
    # What is done once, such as importing a dialect, is done before.
    steps_of_stages(make(size))
    sizes: Sequence[dict[str, int]] = [steps_of_stages(make(size << doubled)) for doubled in range(3)]
    for stage in sizes[0]:
        small, medium, large = (found[stage] for found in sizes)
        assert large - medium <= 2.2 * (medium - small) + 300, f"{stage} takes {small}, {medium}, {large} steps"


DEEP: dict[Make, str] = {
    chain_of_calls: "inline",
    nested_loop_functions: "loop-invariant-code-motion",
}


@pytest.mark.parametrize(("make", "name"), DEEP.items(), ids=[make.__name__ for make in DEEP])
def test_functions_nest_as_deep_as_they_like(make: Make, name: str) -> None:
    module = parse_module(make(1200))
    run_passes(module, parse_pipeline(name))
    emit(module)


def test_inlining_nests_regions_no_deeper_than_text_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inline, "MAX_NESTING", 12)
    function = """func.func @f{i}(%x: i32) -> i32 {
      %c = tfrt.equal.i32 %x, %x
      %r = tfrt.if %c, %x : (i32) -> (i32) {
        %s = tfrt.call @f{j}(%x) : (i32) -> i32
        tfrt.return %s : i32
      } else { tfrt.return %x : i32 }
      tfrt.return %r : i32
    }"""
    module = parse_module(lines(function, 15) + "\nfunc.func @f15(%x: i32) -> i32 { tfrt.return %x : i32 }")
    run_passes(module, parse_pipeline("inline{threshold=1000}"))
    depths = dict.fromkeys(module.ops, 0)
    for op in module.walk():
        if (parent := op.parent_op()) in depths:
            depths[op] = depths[parent] + 1
    # The bound counts the function and the module.
    assert max(depths.values()) == 9
