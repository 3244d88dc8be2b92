"""Values, packs, blocks, regions, aliases, locations, comments: what grammar.lark says beside attributes."""

from __future__ import annotations

import contextlib
import gc

import pytest
from xdsl.dialects.builtin import FileLineColLoc, ModuleOp, UnknownLoc, i32
from xdsl.dialects.func import FuncOp

from tfrt.compiler.frontend import lexer, parse_module, pipeline, split_input
from tfrt.compiler.locations import location_of
from tfrt.executor.support.errors import CompileError
from tfrt.executor.support.location import FileLineCol


def op_named(module, name):
    return next(op for op in module.walk() if _name(op) == name)


def _name(op):
    stored = op.attributes.get("op_name__")
    return op.name if stored is None else stored.data


def test_a_single_module_is_the_module(parse):
    assert parse("module @m attributes {a = 1} { }").sym_name.data == "m"


def test_other_texts_are_wrapped(parse):
    for text in ("", "module {} module {}", "func.func private @f()"):
        module = parse(text)
        assert isinstance(module, ModuleOp)
        assert module.sym_name is None


def test_generic_op_with_everything(parse):
    module = parse(
        """
        "x.loop"() ({
          %a:2, %b = "x.make"() <{p = 1 : i32}> {q} : () -> (i32, i64, f32)
          "x.branch"(%a#1, %a, %b)[^exit, ^other] : (i64, i32, f32) -> ()
        ^exit(%c: i64 loc("arg"), %d: f32):
          "x.use"(%c, %a#0) : (i64, i32) -> ()
        ^other:
          "x.end"() : () -> ()
        }, {}) : () -> ()
        """
    )
    loop = op_named(module, "x.loop")
    entry, exit_block, other = loop.regions[0].blocks
    assert not loop.regions[1].blocks
    make, branch = entry.ops
    assert dict(make.properties) == {"p": make.properties["p"]}
    assert list(branch.operands) == [make.results[1], make.results[0], make.results[2]]
    assert list(branch.successors) == [exit_block, other]
    assert str(location_of(exit_block.args[0].location)) == "arg"
    assert exit_block.first_op.operands[1] is make.results[0]


def test_a_value_of_a_dominating_block_may_be_used_before_its_text(parse):
    module = parse(
        """
        "x.r"() ({
          "x.br"()[^second] : () -> ()
        ^first:
          "x.use"(%v) : (i32) -> ()
        ^second:
          %v = "x.def"() : () -> i32
          "x.br"()[^first] : () -> ()
        }) : () -> ()
        """
    )
    assert op_named(module, "x.use").operands[0] is op_named(module, "x.def").results[0]


def test_names_may_be_reused_in_sibling_regions(parse):
    parse('"x.r"() ({ %v = "x.d"() : () -> i32 }, { %v = "x.d"() : () -> f32 }) : () -> ()')


def test_functions(parse):
    module = parse(
        """
        func.func private @declared(i32, f32 {a}) -> (i32 {b = 1}, f32)
        func.func public @defined(%x: i32 {k = 2} loc("here")) -> i32 attributes {tfrt.sync} {
          tfrt.return %x : i32
        }
        """
    )
    declared, defined = module.body.block.ops
    assert isinstance(declared, FuncOp)
    assert declared.is_declaration
    assert declared.sym_visibility.data == "private"
    assert [len(d.data) for d in declared.arg_attrs] == [0, 1]
    assert [len(d.data) for d in declared.res_attrs] == [1, 0]
    assert list(defined.attributes) == ["tfrt.sync"]
    assert defined.args[0].name_hint == "x"
    assert str(location_of(defined.args[0].location)) == "here"


def test_functions_in_generic_form(parse):
    module = parse(
        '"func.func"() ({\n^bb0(%x: i32):\n "tfrt.return"(%x) : (i32) -> ()\n})'
        ' {sym_name = "f", function_type = (i32) -> i32} : () -> ()'
    )
    function = module.body.block.first_op
    assert function.sym_name.data == "f"
    assert not function.attributes


def test_properties_become_what_the_op_declares(parse):
    constant, function = parse(
        '%a = "tfrt.constant.i32"() <{value = 1 : i32}> {x} : () -> i32\n'
        '"func.func"() <{sym_name = "f"}> ({}) {function_type = () -> (), y} : () -> ()'
    ).body.block.ops
    assert set(constant.attributes) == {"value", "x"}
    assert not constant.properties
    assert set(function.properties) == {"sym_name", "function_type"}
    assert set(function.attributes) == {"y"}


def test_every_op_has_the_position_of_its_name(parse):
    module = parse('func.func @f() {\n  %long, %ch = "x.y"() : () -> (i32, i32)\n\ttfrt.return\n}\n')
    positions = [location_of(op.location) for op in module.walk()][1:]
    assert positions == [FileLineCol("t.mlir", 1, 1), FileLineCol("t.mlir", 2, 16), FileLineCol("t.mlir", 3, 2)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('"a.py":10:4', "a.py:10:4"),
        ('"name"', "name"),
        ('"name"("a.py":1:2)', "name (a.py:1:2)"),
        ('callsite("inner" at "outer.py":3:4)', "inner at outer.py:3:4"),
        ('fused["a", "b.py":2:2]', "a, b.py:2:2"),
        ('fused<{k = 1}>["a"]', "a"),
        ("unknown", "unknown"),
        ("#later", "later.py:5:6"),
        ("callsite(#later at unknown)", "later.py:5:6 at unknown"),
    ],
)
def test_explicit_locations(parse, text, shown):
    module = parse(f'"x.y"() : () -> () loc({text})\nmodule {{}} loc({text})\n#later = loc("later.py":5:6)')
    assert [str(location_of(op.location)) for op in module.body.block.ops] == [shown, shown]


def test_location_as_attribute(first_op):
    op = first_op('"x.y"() {a = loc("f":1:2), b = loc(unknown)} : () -> ()')
    assert isinstance(op.attributes["a"], FileLineColLoc)
    assert isinstance(op.attributes["b"], UnknownLoc)


def test_aliases_before_and_after_use(parse):
    module = parse(
        """
        !before = tensor<2xi32>
        #first = [#second, 1 : i8]
        %x = "x.y"() {a = #first, t = !after} : () -> !before
        #second = dense<0> : !before
        !after = (!before) -> i32
        """
    )
    op = op_named(module, "x.y")
    assert str(op.results[0].type) == "tensor<2xi32>"
    assert str(op.attributes["a"]) == "[dense<0> : tensor<2xi32>, 1 : i8]"
    assert str(op.attributes["t"]) == "(tensor<2xi32>) -> i32"


def test_keywords_and_op_names_are_words_where_a_name_is_wanted(first_op):
    text = '"x.y"() {loc = 1, i32, tfrt.call, dense = @x, tensor, true, module = 2} : () -> ()'
    assert set(first_op(text).attributes) == {
        "loc",
        "i32",
        "tfrt.call",
        "dense",
        "tensor",
        "true",
        "module",
        "op_name__",
    }


def test_comments_anywhere(parse):
    (op,) = parse('// one\n"x.y"( // two\n) : () // ) three\n -> () // four').ops
    assert op.op_name.data == "x.y"


@pytest.mark.parametrize("usual", [(700, 10, 10), (100_000, 20, 5), (0, 10, 10)])
@pytest.mark.parametrize("text", ["func.func @f() { tfrt.return }", "func.func @f( {"])
def test_the_collector_is_never_switched_off(usual, text, monkeypatch):
    """It runs less often while a text is read, and as often as before afterwards."""
    during = []

    def tokenize(*arguments):
        during.append((gc.isenabled(), gc.get_threshold()))
        return lexer.tokenize(*arguments)

    monkeypatch.setattr(pipeline, "tokenize", tokenize)
    before = gc.get_threshold()
    gc.set_threshold(*usual)
    try:
        with contextlib.suppress(CompileError):
            parse_module(text)
        assert gc.get_threshold() == usual
    finally:
        gc.set_threshold(*before)
    (found,) = during
    assert found == (True, (50_000, *usual[1:]) if 0 < usual[0] < 50_000 else usual)


def test_split_input():
    text = "a\n// ----- more\nb\nc\n// -----\n"
    assert split_input(text) == [(0, "a\n"), (2, "b\nc\n"), (5, "")]
    assert split_input("x // -----") == [(0, "x // -----")]


def test_unknown_ops_of_open_dialects_need_no_permission():
    module = parse_module('%0 = "tfrt_test.nobody.knows"() : () -> i32')
    assert module.body.block.first_op.results[0].type == i32


@pytest.mark.parametrize("depth", [90])
@pytest.mark.parametrize(("start", "end"), [("module {", "}"), ('"x.y"() {a = [', "]} : () -> ()")])
def test_nesting_below_the_limit(parse, depth, start, end):
    if start.endswith("["):
        parse(start + "[" * depth + "]" * depth + end)
    else:
        parse(start * depth + end * depth)
