"""The custom form of ops that print themselves, from the generic form, exactly."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp

from tfrt.compiler.printer import print_module

Parse = Callable[[str], ModuleOp]

VALUES = '%c, %n, %x, %y, %z = "x.values"() : () -> (i1, i32, i32, f32, i32)\n'
HANDLES = '%h, %ch, %t = "x.values"() : () -> (!corert.ophandler, !tfrt.chain, !corert.tensorhandle)\n'

FORMS = {
    "if": (
        VALUES
        + """%r = "tfrt.if"(%c, %x, %y) ({
          ^bb0(%a: i32, %b: f32): "tfrt.return"(%a) : (i32) -> ()
        }, {
          ^bb0(%a: i32, %b: f32): "tfrt.return"(%a) : (i32) -> ()
        }) : (i1, i32, f32) -> i32""",
        """%r = tfrt.if %c, %x, %y : (i32, f32) -> (i32) {
    tfrt.return %x : i32
  } else {
    tfrt.return %x : i32
  }""",
    ),
    "if without values": (
        VALUES
        + """"tfrt.if"(%c) ({ "tfrt.return"() : () -> () }, { "tfrt.return"() : () -> () }) {k = 1 : i32}
        : (i1) -> ()""",
        """tfrt.if %c attributes {k = 1 : i32} : () -> () {
    tfrt.return
  } else {
    tfrt.return
  }""",
    ),
    "repeat": (
        VALUES
        + """%r, %s = "tfrt.repeat.i32"(%n, %x, %y) ({
          ^bb0(%a: i32, %b: f32):
          %d = "tfrt.add.i32"(%a, %a) : (i32, i32) -> i32
          "tfrt.return"(%d, %b) : (i32, f32) -> ()
        }) : (i32, i32, f32) -> (i32, f32)""",
        """%r, %s = tfrt.repeat.i32 %n, %x, %y : i32, f32 {
    %d = tfrt.add.i32 %x, %x
    tfrt.return %d, %y : i32, f32
  }""",
    ),
    "repeat without values": (
        VALUES + """"tfrt.repeat.i32"(%n) ({ "tfrt.return"() : () -> () }) : (i32) -> ()""",
        """tfrt.repeat.i32 %n {
    tfrt.return
  }""",
    ),
    "parallel_for": (
        VALUES
        + """%d = "tfrt.parallel_for.i32"(%n, %x, %z, %y) ({
          ^bb0(%a: i32, %b: i32, %v: f32):
          "x.use"(%a, %b, %v) : (i32, i32, f32) -> ()
          "tfrt.return"() : () -> ()
        }) : (i32, i32, i32, f32) -> !tfrt.chain""",
        """%d = tfrt.parallel_for.i32 %n to %x fixed %z, %y : f32 {
    "x.use"(%n, %x, %y) : (i32, i32, f32) -> ()
    tfrt.return
  }""",
    ),
    "do.async": (
        VALUES
        + """%r = "tfrt_test.do.async"(%x) ({
          ^bb0(%a: i32): "tfrt.return"(%a) : (i32) -> ()
        }) : (i32) -> i32""",
        """%r = tfrt_test.do.async %x : (i32) -> (i32) {
    tfrt.return %x : i32
  }""",
    ),
    "do.async without values": (
        """"tfrt_test.do.async"() ({ "tfrt.return"() : () -> () }) {k} : () -> ()""",
        """tfrt_test.do.async attributes {k} : () -> () {
    tfrt.return
  }""",
    ),
    "benchmark": (
        VALUES
        + """%d = "tfrt_test.benchmark"(%x, %y) ({
          ^bb0(%a: i32, %b: f32): "tfrt.return"(%a) : (i32) -> ()
        }) {name = "add", max_count = 9 : i32, duration_secs = 1 : i32, num_warmup_runs = 1 : i32}
        : (i32, f32) -> !tfrt.chain""",
        """%d = tfrt_test.benchmark "add"(%x : i32, %y : f32) """
        """duration_secs = 1, max_count = 9, num_warmup_runs = 1 {
    tfrt.return %x : i32
  }""",
    ),
    "sync_benchmark": (
        VALUES
        + """"tfrt_test.sync_benchmark"(%x) {target_fn = @f, max_count = 9 : i32, duration_secs = 1 : i32,
        num_warmup_runs = 3 : i32} : (i32) -> ()""",
        "tfrt_test.sync_benchmark @f(%x : i32) duration_secs = 1, max_count = 9, num_warmup_runs = 3",
    ),
    "executeop": (
        HANDLES
        + """%r, %s = "corert.executeop"(%h, %t, %t) {op_name = "tf.MatMul",
        op_attrs = [["b", 1], ["a", true]], op_func_attrs = []}
        : (!corert.ophandler, !corert.tensorhandle, !corert.tensorhandle)
        -> (!corert.tensorhandle, !corert.tensorhandle)""",
        """%r, %s = corert.executeop(%h) "tf.MatMul"(%t, %t) {b = 1 : i64, a = true} : 2""",
    ),
    "executeop without anything": (
        HANDLES
        + """"corert.executeop"(%h) {op_name = "a.b", op_attrs = [], op_func_attrs = []}
        : (!corert.ophandler) -> ()""",
        """corert.executeop(%h) "a.b"()""",
    ),
    "executeop with functions only": (
        HANDLES
        + """"corert.executeop"(%h) {op_name = "a.b", op_attrs = [], op_func_attrs = [["then", @f]]}
        : (!corert.ophandler) -> ()""",
        """corert.executeop(%h) "a.b"() {} {then = @f}""",
    ),
    "executeop.seq": (
        HANDLES
        + """%c, %r = "corert.executeop.seq"(%h, %ch, %t) {op_name = "a.b", op_func_attrs = [["f", "g"]],
        op_attrs = [["strange key", [1 : i32]]]}
        : (!corert.ophandler, !tfrt.chain, !corert.tensorhandle) -> (!tfrt.chain, !corert.tensorhandle)""",
        """%c, %r = corert.executeop.seq(%h, %ch) "a.b"(%t) {"strange key" = [1 : i32]} {f = "g"} : 1""",
    ),
    "executeop.seq without results": (
        HANDLES
        + """%c = "corert.executeop.seq"(%h, %ch) {op_name = "a.b", op_func_attrs = [], op_attrs = []}
        : (!corert.ophandler, !tfrt.chain) -> !tfrt.chain""",
        """%c = corert.executeop.seq(%h, %ch) "a.b"()""",
    ),
    "sync executeop": (
        HANDLES
        + """%r = "corert_sync.executeop"(%h, %t) {op_name = "a.b", op_attrs = [["x", f32]]}
        : (!corert.ophandler, !corert.tensorhandle) -> !corert.tensorhandle""",
        """%r = corert_sync.executeop(%h) "a.b"(%t) {x = f32} : 1""",
    ),
}


@pytest.mark.parametrize(("generic", "custom"), FORMS.values(), ids=FORMS.keys())
def test_custom_form(generic: str, custom: str, parse: Parse) -> None:
    assert custom in print_module(parse(generic))


@pytest.mark.parametrize(("generic", "custom"), FORMS.values(), ids=FORMS.keys())
def test_generic_form_loses_nothing(generic: str, custom: str, parse: Parse) -> None:
    module = parse(generic)
    assert parse(print_module(module, generic=True)).is_structurally_equivalent(module)


REFUSED = {
    "an operand twice": VALUES
    + """%r, %s = "tfrt.repeat.i32"(%n, %x, %x) ({
          ^bb0(%a: i32, %b: i32): "tfrt.return"(%a, %b) : (i32, i32) -> ()
        }) : (i32, i32, i32) -> (i32, i32)""",
    "arguments of other types": VALUES
    + """"tfrt.if"(%c, %x) ({
          ^bb0(%a: f32): "tfrt.return"() : () -> ()
        }, {
          ^bb0(%a: f32): "tfrt.return"() : () -> ()
        }) : (i1, i32) -> ()""",
    "several blocks": """"tfrt_test.do.async"() ({
          "x.branch"() [^bb1] : () -> ()
        ^bb1:
          "tfrt.return"() : () -> ()
        }) : () -> ()""",
    "attributes of a loop that has no place for them": VALUES
    + """%d = "tfrt.parallel_for.i32"(%n, %x, %n) ({
          ^bb0(%a: i32, %b: i32): "tfrt.return"() : () -> ()
        }) {k = 1} : (i32, i32, i32) -> !tfrt.chain""",
    "settings of a benchmark that are no i32": """"tfrt_test.sync_benchmark"() {target_fn = @f,
        max_count = 9 : i32, duration_secs = 1 : i32, num_warmup_runs = 3 : i32, note = "x"} : () -> ()""",
    "a benchmark without warm-up, which the custom form cannot say": """"tfrt_test.sync_benchmark"() {
        target_fn = @f, max_count = 9 : i32, duration_secs = 1 : i32} : () -> ()""",
    "an attribute beside those of the executed op": HANDLES
    + """"corert.executeop"(%h) {op_name = "a.b",
        op_attrs = [], op_func_attrs = [], extra} : (!corert.ophandler) -> ()""",
    "the same key twice": HANDLES
    + """"corert.executeop"(%h) {op_name = "a.b",
        op_attrs = [["k", 1], ["k", 2]], op_func_attrs = []} : (!corert.ophandler) -> ()""",
    "attributes that are no pairs": HANDLES
    + """"corert.executeop"(%h) {op_name = "a.b",
        op_attrs = [1], op_func_attrs = []} : (!corert.ophandler) -> ()""",
}


@pytest.mark.parametrize("generic", REFUSED.values(), ids=REFUSED.keys())
def test_stays_generic_where_the_custom_form_would_lose_something(generic: str, parse: Parse) -> None:
    module = parse(generic)
    text = print_module(module)
    (name,) = [op.name for op in module.walk() if op.name.split(".")[0] in ("tfrt", "tfrt_test", "corert")][:1]
    assert f'"{name}"(' in text
    assert parse(text).is_structurally_equivalent(module)
