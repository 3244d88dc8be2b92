"""xDSL's passes do the right thing with our ops: purity, terminators and canonicalizations are declared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr
from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination
from xdsl.transforms.dead_code_elimination import DeadCodeElimination

from tfrt.compiler.printer import print_module
from tfrt.dialects import context

Parse = Callable[[str], ModuleOp]

PASSES: dict[str, Callable[[], ModulePass]] = {
    "canonicalize": CanonicalizePass,
    "cse": CommonSubexpressionElimination,
    "dce": DeadCodeElimination,
}


def run(name: str, module: ModuleOp) -> list[str]:
    """The lines inside the first function after a pass."""
    PASSES[name]().apply(context(allow_unregistered=True), module)
    module.verify()
    lines = [line.strip() for line in print_module(module).splitlines()]
    start = next(i for i, line in enumerate(lines) if line.startswith("func.func"))
    return lines[start + 1 : lines.index("}", start)]


def test_cse_merges_equal_constants(parse: Parse) -> None:
    module = parse("""func.func @f() -> (i32, i32) {
      %a = tfrt.constant.i32 7
      %b = tfrt.constant.i32 7
      %c = tfrt.constant.i32 8
      %x = tfrt.add.i32 %a, %c
      %y = tfrt.add.i32 %b, %c
      tfrt.return %x, %y : i32, i32
    }""")
    assert run("cse", module) == [
        "%a = tfrt.constant.i32 7",
        "%c = tfrt.constant.i32 8",
        "%x = tfrt.add.i32 %a, %c",
        "tfrt.return %x, %x : i32, i32",
    ]


def test_cse_keeps_ops_with_effects_apart(parse: Parse) -> None:
    module = parse("""func.func @f(%ch: !tfrt.chain, %x: i32) -> (!tfrt.chain, !tfrt.chain) {
      %a = tfrt.print.i32 %x, %ch
      %b = tfrt.print.i32 %x, %ch
      tfrt.return %a, %b : !tfrt.chain, !tfrt.chain
    }""")
    assert run("cse", module) == [
        "%a = tfrt.print.i32 %x, %ch",
        "%b = tfrt.print.i32 %x, %ch",
        "tfrt.return %a, %b : !tfrt.chain, !tfrt.chain",
    ]


def test_dce_removes_what_is_pure_and_unused(parse: Parse) -> None:
    module = parse("""func.func @f(%h: !corert.ophandler) {
      %a = tfrt.constant.i32 7
      %b = tfrt.add.i32 %a, %a
      %s = ts.build_shape [1, 2]
      %t = tfrt_dht.create_uninitialized_tensor.f32.1 [2]
      %u = corert.create_dense_tensor.i32 {shape = [1], value = [1 : i32]}
      %ch = tfrt.new.chain
      tfrt.return
    }""")
    assert run("dce", module) == ["tfrt.return"]


@pytest.mark.parametrize(
    "op",
    [
        "%r = tfrt.print.i32 %x, %ch",
        "%r = tfrt.call @g(%x) : (i32) -> i32",
        "%r = tfrt_dht.allocate_buffer %n, %n",
        '%r = "tfrt_test.never.heard.of"() : () -> i32',
    ],
)
@pytest.mark.parametrize("name", PASSES)
def test_no_pass_removes_an_effect(name: str, op: str, parse: Parse) -> None:
    module = parse(f"""func.func @f(%x: i32, %n: i64, %ch: !tfrt.chain) {{
      {op}
      tfrt.return
    }}
    func.func private @g(i32) -> i32""")
    assert run(name, module) == [op, "tfrt.return"]


@pytest.mark.parametrize("name", PASSES)
def test_regions_are_cleaned_too(name: str, parse: Parse) -> None:
    module = parse("""func.func @f(%n: i32, %x: i32) -> i32 {
      %r = "tfrt.repeat.i32"(%n, %x) ({
        ^bb0(%a: i32):
        %unused = tfrt.add.i32 %a, %a
        tfrt.return %a : i32
      }) : (i32, i32) -> i32
      tfrt.return %r : i32
    }""")
    lines = run(name, module)
    assert lines[0] == "%r = tfrt.repeat.i32 %n, %x : i32 {"
    assert not any("tfrt.add.i32" in line for line in lines)


def test_cse_does_not_look_through_isolated_regions(parse: Parse) -> None:
    module = parse("""func.func @f(%n: i32, %x: i32) -> (i32, i32) {
      %outer = tfrt.constant.i32 1
      %r = "tfrt.repeat.i32"(%n, %x) ({
        ^bb0(%a: i32):
        %inner = tfrt.constant.i32 1
        tfrt.return %inner : i32
      }) : (i32, i32) -> i32
      tfrt.return %r, %outer : i32, i32
    }""")
    assert "%inner = tfrt.constant.i32 1" in run("cse", module)


AFTER = '%c = "my.effect"(%a) : (!tfrt.chain) -> !tfrt.chain'
MERGES = {
    "one chain": ("%m = tfrt.merge.chains %a : !tfrt.chain", "%a, %m", [], "%a, %a"),
    "one chain twice": ("%m = tfrt.merge.chains %a, %a : !tfrt.chain, !tfrt.chain", "%m", [], "%a"),
    "a new chain": (
        "%n = tfrt.new.chain\n%m = tfrt.merge.chains %n, %a : !tfrt.chain, !tfrt.chain",
        "%n, %m",
        ["%n = tfrt.new.chain"],
        "%n, %a",
    ),
    "one after the other": (f"{AFTER}\n%m = tfrt.merge.chains %a, %c : !tfrt.chain, !tfrt.chain", "%m", [AFTER], "%c"),
    "used elsewhere": (
        "%m = tfrt.merge.chains %a, %b : !tfrt.chain, !tfrt.chain",
        "%a, %m",
        ["%m = tfrt.merge.chains %a, %b : !tfrt.chain, !tfrt.chain"],
        "%a, %m",
    ),
    "used nowhere else": (
        "%m = tfrt.merge.chains %a, %b : !tfrt.chain, !tfrt.chain",
        "%m",
        ["%m = tfrt.merge.chains %a, %b : !tfrt.chain, !tfrt.chain"],
        "%m",
    ),
    "nothing to merge": ("%m = tfrt.merge.chains : ", "%m", ["%m = tfrt.new.chain"], "%m"),
}


@pytest.mark.parametrize(("merge", "returned", "left", "returns"), MERGES.values(), ids=MERGES.keys())
def test_merging_drops_chains_that_another_one_waits_for(
    merge: str, returned: str, left: list[str], returns: str, parse: Parse
) -> None:
    def types(values: str) -> str:
        return ", ".join("!tfrt.chain" for _ in values.split(","))

    module = parse(f"""func.func @f(%a: !tfrt.chain, %b: !tfrt.chain) -> ({types(returned)}) {{
      {merge}
      tfrt.return {returned} : {types(returned)}
    }}""")
    assert run("canonicalize", module) == [*left, f"tfrt.return {returns} : {types(returns)}"]


@pytest.mark.parametrize("dialect", ["corert", "corert_sync"])
def test_executing_a_constant_stays(dialect: str, parse: Parse) -> None:
    """The op handler may log it, or not know it, and the op may fail."""
    functions = "op_func_attrs = [], " if dialect == "corert" else ""
    module = parse(f"""func.func @f(%h: !corert.ophandler) -> !corert.tensorhandle {{
      %r = "{dialect}.executeop"(%h) {{{functions}op_name = "tf.Const", op_attrs = [["dtype", i32],
        ["value", dense<[1, 2]> : tensor<2xi32>]]}} : (!corert.ophandler) -> !corert.tensorhandle
      tfrt.return %r : !corert.tensorhandle
    }}""")
    assert run("canonicalize", module)[0].startswith(f'%r = {dialect}.executeop(%h) "tf.Const"()')


def test_rewritten_ops_keep_their_location(parse: Parse) -> None:
    module = parse("""func.func @f(%a: !tfrt.chain, %b: !tfrt.chain) -> (!tfrt.chain, !tfrt.chain) {
      %m = tfrt.merge.chains %a, %b, %b : !tfrt.chain, !tfrt.chain, !tfrt.chain
      tfrt.return %a, %m : !tfrt.chain, !tfrt.chain
    }""")
    here = FileLineColLoc(StringAttr("f.mlir"), IntAttr(2), IntAttr(12))
    (merge,) = [op for op in module.walk() if op.name == "tfrt.merge.chains"]
    merge.location = here
    run("canonicalize", module)
    (merge,) = [op for op in module.walk() if op.name == "tfrt.merge.chains"]
    assert merge.location == here
