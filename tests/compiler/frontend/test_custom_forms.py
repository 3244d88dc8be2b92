"""Custom assembly: rules derived from format strings, and the hand-written ones."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import IntegerAttr, StringAttr, SymbolRefAttr, f32, i1, i32, i64
from xdsl.irdl import (
    IRDLOperation,
    attr_def,
    irdl_op_definition,
    operand_def,
    opt_attr_def,
    result_def,
    var_operand_def,
    var_result_def,
)

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.frontend.assembly import UnsupportedFormat, compile_format
from tfrt.compiler.printer import print_module
from tfrt.dialects import get_dialects
from tfrt.dialects.shared.definitions import SourceDialect
from tfrt.dialects.shared.forms import HandWrittenOp
from tfrt.executor.support.errors import CompileError

OPS = [
    op
    for name, load in get_dialects().items()
    if name not in ("builtin", "func") and not isinstance(load(), SourceDialect)
    for op in load().operations
]
"""Frameworks' dialects have tests of their own."""


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_every_op_has_a_form_and_types_that_it_spells_or_fixes(op):
    format = op.get_irdl_definition().assembly_format
    if format is None:
        assert issubclass(op, HandWrittenOp) and op.FORM
        return
    form = compile_format(op, format)
    spelled = {(slot.kind.partition("_type")[0], slot.name) for slot in form.slots if "_type" in slot.kind}
    for slot in form.slots:
        if slot.kind == "signature":
            spelled |= {("operand", slot.name), ("result", slot.outputs)}
    for what, definitions in (("operand", form.operands), ("result", form.results)):
        for name, is_variadic, fixed in definitions:
            must_be_spelled = fixed is None or (is_variadic and what == "result")
            assert not must_be_spelled or (what, name) in spelled or (what, None) in spelled


def test_ops_of_the_same_shape_share_a_rule():
    rules = set()
    for op in OPS:
        format = op.get_irdl_definition().assembly_format
        if format is not None:
            rules.add(compile_format(op, format).rule)
    assert len(rules) < 25 < len(OPS)


@irdl_op_definition
class EverythingOp(IRDLOperation):
    name = "t.everything"
    first = operand_def(i32)
    rest = var_operand_def()
    key = attr_def(StringAttr)
    size = attr_def(IntegerAttr.constr(i64))
    any_attribute = opt_attr_def()
    target = attr_def(SymbolRefAttr)
    one = result_def()
    others = var_result_def(f32)
    assembly_format = (
        "$target $first `keyword` $key `(` $rest `)` $size (`,` $any_attribute^)? attr-dict-with-keyword"
        " `:` functional-type($rest, $others) `and` type($one)"
    )


def test_directives_become_a_rule_and_slots():
    form = compile_format(EverythingOp, EverythingOp.assembly_format)
    assert form.rule.partition(" ")[2] == (
        'symbol_reference VALUE _KW_KEYWORD STRING "(" opt_values ")" scalar [ "," attribute ]'
        ' opt_attributes_with_keyword ":" signature _KW_AND type -> assembled'
    )
    assert [(slot.kind, slot.name) for slot in form.slots] == [
        ("attribute", "target"),
        ("operand", "first"),
        ("string", "key"),
        ("operands", "rest"),
        ("number", "size"),
        ("attribute", "any_attribute"),
        ("attributes", None),
        ("signature", "rest"),
        ("result_type", "one"),
    ]


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ("$nothing attr-dict", "t.everything: unknown variable '$nothing'"),
        ("$first `+` attr-dict", "t.everything: cannot read literal '+' in assembly format"),
        ("attr-dict custom<X>($first)", "t.everything: no rule reads the directive 'X'"),
        ("attr-dict custom<X>", "t.everything: cannot read assembly format at ' custom<X>'"),
    ],
)
def test_formats_that_cannot_be_read(format, message):
    with pytest.raises(UnsupportedFormat) as raised:
        compile_format(EverythingOp, format)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    "lines",
    [
        ["%a = tfrt.constant.i1 true", "%b = tfrt.constant.f32 -1.500000e+00", "%c = tfrt.add.f32 %b, %b {x}"],
        ["%n = tfrt.constant.i32 2", "%q, %r = tfrt.div.i32 %n, %n", "%e = tfrt.equal.i32 %q, %r"],
        ["%ch = tfrt.new.chain", "%m = tfrt.merge.chains %ch, %ch : !tfrt.chain, !tfrt.chain"],
        ["%x = tfrt.call @g() : () -> !tfrt.chain", "tfrt.call @h(%x) : (!tfrt.chain) -> ()"],
        ["%s = ts.build_shape [1, 2]"],
        ["%ch = tfrt.new.chain", '%h = corert.get_op_handler %ch "cpu"', '%a = corert.executeop(%h) "x.y"() : 2'],
    ],
)
def test_the_printed_form_is_read_back(parse, lines):
    body = "\n".join(f"  {line}" for line in lines)
    module = parse(
        "func.func private @g() -> !tfrt.chain\nfunc.func private @h(!tfrt.chain)\n"
        f"func.func @f() {{\n{body}\n  tfrt.return\n}}".replace(": 2", ": 1")
    )
    text = print_module(module)
    assert print_module(parse(text)) == text


def only_op(module, name):
    return next(op for op in module.walk() if op.name == name)


def test_if_re_declares_its_operands(parse):
    module = parse(
        """
        func.func @f(%c: i1, %x: i32) -> i32 {
          %r = tfrt.if %c, %x attributes {k = 1} : (i32) -> i32 {
            tfrt.return %x : i32
          } else {
            %y = tfrt.add.i32 %x, %x
            tfrt.return %y : i32
          }
          tfrt.if %c : () -> () {
            tfrt.return
          }
          tfrt.return %r : i32
        }
        """
    )
    with_else, without = (op for op in module.walk() if op.name == "tfrt.if")
    (argument,) = with_else.then_region.block.args
    assert with_else.then_region.block.first_op.operands[0] is argument
    assert argument.name_hint == "x"
    assert with_else.attributes == {"k": IntegerAttr(1, i64)}
    assert [op.name for op in without.else_region.block.ops] == ["tfrt.return"]


def test_repeat_of_a_pack(parse):
    module = parse(
        """
        func.func @f(%n: i32) {
          %p:2 = "x.y"() : () -> (i32, f32)
          %r:2 = tfrt.repeat.i32 %n, %p#0, %p#1 : i32, f32 {
            tfrt.return %p#0, %p#1 : i32, f32
          }
          tfrt.repeat.i32 %n {
            tfrt.return
          }
          tfrt.return
        }
        """
    )
    repeat = only_op(module, "tfrt.repeat.i32")
    assert tuple(repeat.region.block.first_op.operands) == repeat.region.block.args


def test_parallel_for_binds_start_and_end(parse):
    module = parse(
        """
        func.func @f(%a: i32, %b: i32, %s: i32, %x: f32) {
          %1 = tfrt.parallel_for.i32 %a to %b fixed %s, %x : f32 {
            %y = "x.y"(%x, %a, %b) : (f32, i32, i32) -> !tfrt.chain
            tfrt.return %y : !tfrt.chain
          }
          %2 = tfrt.parallel_for.i32 %a to %b fixed %s {
            tfrt.return
          }
          tfrt.return
        }
        """
    )
    loop = only_op(module, "tfrt.parallel_for.i32")
    start, end, x = loop.region.block.args
    assert list(loop.region.block.first_op.operands) == [x, start, end]


def test_do_async_and_benchmarks(parse):
    module = parse(
        """
        func.func @g() attributes {tfrt.sync} { tfrt.return }
        func.func @f(%a: i32) {
          %x = tfrt_test.do.async %a : (i32) -> i32 { tfrt.return %a : i32 }
          tfrt_test.do.async : () -> () { tfrt.return }
          %b = tfrt_test.benchmark "name"(%a : i32) duration_secs = 1, max_count = 10 {
            tfrt.return %a : i32
          }
          tfrt_test.sync_benchmark @g() duration_secs = 1, max_count = 2, num_warmup_runs = 3
          tfrt.return
        }
        """
    )
    benchmark = only_op(module, "tfrt_test.benchmark")
    assert {name: str(value) for name, value in benchmark.attributes.items()} == {
        "name": '"name"',
        "duration_secs": "1 : i32",
        "max_count": "10 : i32",
        "num_warmup_runs": "1 : i32",
    }
    sync = only_op(module, "tfrt_test.sync_benchmark")
    assert sync.attributes["num_warmup_runs"] == IntegerAttr(3, i32)
    assert sync.attributes["target_fn"] == SymbolRefAttr("g")


def test_execute_op_keeps_the_order_of_its_attributes(parse):
    module = parse(
        """
        func.func @f(%h: !corert.ophandler, %ch: !tfrt.chain, %t: !corert.tensorhandle) {
          %a:2 = corert.executeop(%h) "x.y"(%t) {z = 1, a = 2} {f = @f} : 2
          %c, %b = corert.executeop.seq(%h, %ch) "x.y"() : 1
          %s = corert_sync.executeop(%h) "x.y"(%t, %t) {k = true} : 1
          corert.executeop(%h) "x.y"()
          tfrt.return
        }
        """
    )
    op = only_op(module, "corert.executeop")
    assert str(op.attributes["op_attrs"]) == '[["z", 1 : i64], ["a", 2 : i64]]'
    assert str(op.attributes["op_func_attrs"]) == '[["f", @f]]'
    assert [str(r.type) for r in only_op(module, "corert.executeop.seq").results] == [
        "!tfrt.chain",
        "!corert.tensorhandle",
    ]
    assert "op_func_attrs" not in only_op(module, "corert_sync.executeop").attributes


def test_op_names_split_ops_that_no_separator_splits(parse):
    module = parse(
        'func.func @f(%ch: !tfrt.chain) { %h = corert.get_op_handler %ch "cpu" "x.y"(%h) : (!corert.ophandler) -> ()'
        " tfrt.return }"
    )
    assert [op.name for op in module.body.block.first_op.body.block.ops] == [
        "corert.get_op_handler",
        "builtin.unregistered",
        "tfrt.return",
    ]


def test_a_forms_keyword_may_be_an_attribute_name_before_and_after(parse):
    module = parse(
        """
        func.func @body(%x: i32) -> (i32, i1)
        "x.y"() {parallel_iterations = 1, to, fixed} : () -> ()
        func.func @f(%c: i1, %x: i32) {
          %r = tfrt.while %c @body(%x) {parallel_iterations2, else} parallel_iterations(3) : (i32) -> (i32)
          tfrt.return
        }
        """
    )
    loop = only_op(module, "tfrt.while")
    assert set(loop.attributes) == {"body_fn", "parallel_iterations", "parallel_iterations2", "else"}


def test_booleans_may_be_written_as_numbers(parse):
    module = parse("func.func @f() { %a = tfrt.constant.i1 1 %b = tfrt.constant.i1 false tfrt.return }")
    first, second, _ = module.body.block.first_op.body.block.ops
    assert first.attributes["value"] == IntegerAttr(1, i1)
    assert second.attributes["value"] == IntegerAttr(0, i1)


def test_casts_of_unknown_kind():
    text = """\
module {
  func.func @f() {
    %0 = builtin.unrealized_conversion_cast to i32 {a = 1 : i32}
    %1:2 = builtin.unrealized_conversion_cast %0, %0 : i32, i32 to f32, f64
    tfrt.return
  }
}
"""
    assert print_module(parse_module(text, "t.mlir")) == text


def test_a_cast_with_a_type_missing():
    text = "func.func @f(%x: i32) {\n  %0 = builtin.unrealized_conversion_cast %x, %x : i32 to f32\n  tfrt.return\n}"
    with pytest.raises(CompileError) as caught:
        parse_module(text, "t.mlir")
    message = "number of operands and types do not match: got 2 operands and 1 types"
    assert str(caught.value) == f"t.mlir:2:43: error: {message}"
