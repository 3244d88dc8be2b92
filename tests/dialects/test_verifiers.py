"""What the ops' verifiers refuse, with the exact message and the op it points at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.traits import OpTrait
from xdsl.utils.exceptions import VerifyException

from tfrt.dialects.shared.verification import OpVerifyError

Parse = Callable[[str], ModuleOp]

FUNCTIONS = """
func.func private @unary(i32) -> i32
func.func private @binary(i32, i32) -> i32
func.func private @float(f32) -> f32
func.func private @pair(i32) -> (i32, i32)
func.func private @block(i32, i32, f32) -> !tfrt.chain
func.func private @block_of_floats(f32, i32, f32) -> !tfrt.chain
func.func private @block_of_two(i32, i32, f32) -> (!tfrt.chain, i32)
func.func private @block_to_int(i32, i32, f32) -> i32
func.func private @step(!tfrt.chain, i32) -> (!tfrt.chain, i32)
func.func private @more(i32) -> (i32, i1)
func.func private @goes_on(!tfrt.chain, i32) -> (!tfrt.chain, !corert.tensorhandle)
func.func private @nothing()
%c, %x, %y, %ch = "x.values"() : () -> (i1, i32, f32, !tfrt.chain)
%h, %t = "x.handles"() : () -> (!corert.ophandler, !corert.tensorhandle)
"""

RETURN_I32 = "{ ^bb0(%a: i32): tfrt.return %a : i32 }"
RETURN_NOTHING = "{ ^bb0(%a: i32): tfrt.return }"
NO_RETURN = '{ ^bb0(%a: i32): "x.end"() : () -> () }'
BLOCK_WITHOUT_RETURN = '{ ^bb0(%a: i32, %b: i32): "x.end"() : () -> () }'
EMPTY = "{ ^bb0(%a: i32): }"

REFUSED = {
    "tfrt.call": [
        ("tfrt.call @missing(%x) : (i32) -> i32", "'missing' does not reference a valid function"),
        (
            '"tfrt.call"(%x) {callee = @a::@b} : (i32) -> i32',
            "Expected SymbolRefAttr with no nested symbols.",
        ),
        ("tfrt.call @unary() : () -> i32", "incorrect number of operands for callee"),
        ("tfrt.call @unary(%y) : (f32) -> i32", "operand type mismatch"),
        ("tfrt.call @unary(%x) : (i32) -> ()", "incorrect number of results for callee"),
        ("tfrt.call @unary(%x) : (i32) -> f32", "result type mismatch"),
    ],
    "tfrt.cond": [
        ("tfrt.cond %c @unary @gone(%x) : (i32) -> (i32)", "'gone' does not reference a valid function"),
        (
            "tfrt.cond %c @binary @unary(%x) : (i32) -> (i32)",
            "incorrect number of operands for true function",
        ),
        (
            "tfrt.cond %c @unary @binary(%x) : (i32) -> (i32)",
            "incorrect number of operands for false function",
        ),
        ("tfrt.cond %c @float @unary(%x) : (i32) -> (i32)", "operand type mismatch for true function"),
        ("tfrt.cond %c @unary @float(%x) : (i32) -> (i32)", "operand type mismatch for false function"),
        ("tfrt.cond %c @pair @unary(%x) : (i32) -> (i32)", "incorrect number of results for true function"),
        ("tfrt.cond %c @unary @pair(%x) : (i32) -> (i32)", "incorrect number of results for false function"),
        ("tfrt.cond %c @unary @unary(%x) : (i32) -> (f32)", "result type mismatch for true function"),
    ],
    "tfrt.if": [
        (
            f'"tfrt.if"(%c) ({RETURN_I32}, {RETURN_I32}) : (i1) -> i32',
            "incorrect number of arguments to 'then' block",
        ),
        (
            f'"tfrt.if"(%c, %x) ({RETURN_I32}, {{ tfrt.return }}) : (i1, i32) -> i32',
            "incorrect number of arguments to 'else' block",
        ),
        (
            f'"tfrt.if"(%c, %y) ({RETURN_I32}, {RETURN_I32}) : (i1, f32) -> i32',
            "operand/argument type mismatch",
        ),
        (f'"tfrt.if"(%c, %x) ({RETURN_I32}, {NO_RETURN}) : (i1, i32) -> i32', "expected tfrt.return in body"),
        (f'"tfrt.if"(%c, %x) ({EMPTY}, {RETURN_I32}) : (i1, i32) -> i32', "expected tfrt.return in body"),
    ],
    "tfrt.case": [
        ("tfrt.case %x [@gone] (%x) : (i32) -> (i32)", "'gone' does not reference a valid function"),
        ("tfrt.case %x [] (%x) : (i32) -> (i32)", "requires at least one function in 'branches'"),
        ("tfrt.case %x [1] (%x) : (i32) -> (i32)", "requires a 'branches' symbol reference attribute"),
        (
            "tfrt.case %x [@unary, @binary] (%x) : (i32) -> (i32)",
            "incorrect number of operands for branch 'binary': it takes 2, but is given 1",
        ),
        (
            "tfrt.case %x [@unary, @float] (%x) : (i32) -> (i32)",
            "operand type mismatch for branch 'float': it takes (f32), but is given (i32)",
        ),
        (
            "tfrt.case %x [@pair] (%x) : (i32) -> (i32)",
            "incorrect number of results for branch 'pair': it gives 2, but 1 is expected",
        ),
        (
            "tfrt.case %x [@unary] (%x) : (i32) -> (f32)",
            "result type mismatch for branch 'unary': it gives (i32), but (f32) is expected",
        ),
    ],
    "tfrt.while": [
        (f"tfrt.while %c @{function}({operands}) parallel_iterations(1) : ({types}) -> ({results})", message)
        for function, operands, types, results, message in [
            ("gone", "%x", "i32", "i32", "'gone' does not reference a valid function"),
            ("more", "%x", "i32", "i32, i32", "incorrect number of operands"),
            ("more", "%x", "i32", "f32", "operand/result type mismatch"),
            (
                "more",
                "%x, %x",
                "i32, i32",
                "i32, i32",
                "incorrect number of operands for body function 'more': it takes 1, but is given 2",
            ),
            (
                "more",
                "%y",
                "f32",
                "f32",
                "operand type mismatch for body function 'more': it takes (i32), but is given (f32)",
            ),
            (
                "unary",
                "%x",
                "i32",
                "i32",
                "incorrect number of results for body function 'unary': it gives 1, but 2 are expected",
            ),
            (
                "pair",
                "%x",
                "i32",
                "i32",
                "result type mismatch for body function 'pair': it gives (i32, i32), but (i32, i1) is expected",
            ),
        ]
    ],
    "tfrt.once": [
        ("tfrt.once @gone(%x) : (i32) -> (i32)", "'gone' does not reference a valid function"),
        (
            "tfrt.once @binary(%x) : (i32) -> (i32)",
            "incorrect number of operands for function 'binary': it takes 2, but is given 1",
        ),
        (
            "tfrt.once @float(%x) : (i32) -> (i32)",
            "operand type mismatch for function 'float': it takes (f32), but is given (i32)",
        ),
        (
            "tfrt.once @nothing() : () -> (i32)",
            "incorrect number of results for function 'nothing': it gives 0, but 1 is expected",
        ),
        (
            "tfrt.once @unary(%x) : (i32) -> (f32)",
            "result type mismatch for function 'unary': it gives (i32), but (f32) is expected",
        ),
    ],
    "tfrt.repeat.i32": [
        (f'"tfrt.repeat.i32"(%x) ({RETURN_NOTHING}) : (i32) -> ()', "incorrect number of arguments to its block"),
        (f'"tfrt.repeat.i32"(%x, %y) ({RETURN_I32}) : (i32, f32) -> f32', "operand/argument type mismatch"),
        (f'"tfrt.repeat.i32"(%x, %x) ({RETURN_NOTHING}) : (i32, i32) -> ()', "incorrect number of operands"),
        (f'"tfrt.repeat.i32"(%x, %x) ({RETURN_I32}) : (i32, i32) -> f32', "operand/result type mismatch"),
        (f'"tfrt.repeat.i32"(%x, %x) ({NO_RETURN}) : (i32, i32) -> i32', "expected tfrt.return in body"),
    ],
    "tfrt.parallel_for.i32": [
        (
            '"tfrt.parallel_for.i32"(%x, %x, %x, %y) ({ ^bb0(%a: i32, %b: i32): tfrt.return })'
            " : (i32, i32, i32, f32) -> !tfrt.chain",
            "incorrect number of arguments to its block",
        ),
        (
            '"tfrt.parallel_for.i32"(%x, %x, %x, %y) ({ ^bb0(%a: i32, %b: i32, %d: i32): tfrt.return })'
            " : (i32, i32, i32, f32) -> !tfrt.chain",
            "operand/argument type mismatch",
        ),
        (
            f'"tfrt.parallel_for.i32"(%x, %x, %x) ({BLOCK_WITHOUT_RETURN}) : (i32, i32, i32) -> !tfrt.chain',
            "expected tfrt.return in body",
        ),
    ],
    "tfrt.parallel_call.i32": [
        (
            "tfrt.parallel_call.i32 %x to %x fixed %x @gone(%y) : f32",
            "'gone' does not reference a valid function",
        ),
        ("tfrt.parallel_call.i32 %x to %x fixed %x @block()", "incorrect number of callee operands"),
        (
            "tfrt.parallel_call.i32 %x to %x fixed %x @block_of_floats(%y) : f32",
            "callee must take stard and end indices first",
        ),
        ("tfrt.parallel_call.i32 %x to %x fixed %x @block(%x) : i32", "operand type mismatch"),
        ("tfrt.parallel_call.i32 %x to %x fixed %x @block_of_two(%y) : f32", "invalid callee result type"),
        (
            "tfrt.parallel_call.i32 %x to %x fixed %x @block_to_int(%y) : f32",
            "async callee must return a chain",
        ),
    ],
    "tfrt_test.do.async": [
        (
            f'"tfrt_test.do.async"() ({RETURN_I32}) : () -> i32',
            "incorrect number of arguments to its block",
        ),
        (f'"tfrt_test.do.async"(%y) ({RETURN_I32}) : (f32) -> i32', "operand/argument type mismatch"),
        (f'"tfrt_test.do.async"(%x) ({NO_RETURN}) : (i32) -> i32', "expected tfrt.return in body"),
    ],
    "tfrt_test.benchmark": [
        (
            f'"tfrt_test.benchmark"() ({RETURN_I32}) {{name = "b", duration_secs = 1 : i32,'
            " max_count = 1 : i32} : () -> !tfrt.chain",
            "incorrect number of arguments to its block",
        ),
        (
            f'"tfrt_test.benchmark"(%x) ({NO_RETURN}) {{name = "b", duration_secs = 1 : i32,'
            " max_count = 1 : i32} : (i32) -> !tfrt.chain",
            "missing return statement",
        ),
        (
            f'"tfrt_test.benchmark"(%x) ({RETURN_NOTHING}) {{name = "b", duration_secs = 1 : i32,'
            " max_count = 1 : i32} : (i32) -> !tfrt.chain",
            "incorrect number of return values. One return value is expected",
        ),
    ],
    "tfrt_test.sync_benchmark": [
        (
            f'"tfrt_test.sync_benchmark"({operands}) {{target_fn = @{function}, duration_secs = 1 : i32,'
            f" max_count = 1 : i32}} : ({types}) -> ()",
            message,
        )
        for operands, types, function, message in [
            ("%x", "i32", "gone", "'gone' does not reference a valid function"),
            ("%x", "i32", "nothing", "incorrect number of operands for callee"),
            ("%x", "i32", "float", "operand type mismatch"),
            ("%x", "i32", "unary", "Target benchmark function must return zero value."),
            ("", "", "nothing", "cannot run 'nothing', which is not synchronous: mark it 'tfrt.sync'"),
        ]
    ],
    "tfrt_test.test_cost": [
        (
            "tfrt_test.test_cost %x {id = 0, _tfrt_cost = 0} : i32",
            "cost value must be larger than 0",
        ),
        (
            "tfrt_test.test_cost %x {id = 0, _tfrt_cost = -4} : i32",
            "cost value must be larger than 0",
        ),
    ],
    "corert.executeop": [
        (
            f'"corert.executeop"(%h) {{op_name = "a.b", op_attrs = {pairs}, op_func_attrs = []}}'
            " : (!corert.ophandler) -> ()",
            "each op_attr should be a key-value pair, where the key is a string",
        )
        for pairs in ("[1 : i32]", '[["k"]]', '[["k", 1, 2]]', "[[1, 1]]")
    ],
    "corert.executeop.seq": [
        (
            '"corert.executeop.seq"(%h, %ch) {op_name = "a.b", op_attrs = ["k"], op_func_attrs = []}'
            " : (!corert.ophandler, !tfrt.chain) -> !tfrt.chain",
            "each op_attr should be a key-value pair, where the key is a string",
        ),
    ],
    "corert_sync.executeop": [
        (
            '"corert_sync.executeop"(%h) {op_name = "a.b", op_attrs = ["k"]} : (!corert.ophandler) -> ()',
            "each op_attr should be a key-value pair, where the key is a string",
        ),
    ],
    "corert.cond": [
        (
            "corert.cond %t @gone @step(%ch, %x) : (i32) -> (i32)",
            "'gone' does not reference a valid function",
        ),
        ("corert.cond %t @unary @step(%ch, %x) : (i32) -> (i32)", "'unary' has mismatching operand types"),
        ("corert.cond %t @step @step(%ch, %x) : (i32) -> (f32)", "'step' has mismatching result types"),
    ],
    "corert.while": [
        ("corert.while @gone @step(%ch, %x) : (i32) -> (i32)", "'gone' does not reference a valid function"),
        ("corert.while @unary @step(%ch, %x) : (i32) -> (i32)", "'unary' has mismatching operand types"),
        ("corert.while @step @step(%ch, %x) : (i32) -> (i32)", "'step' has mismatching result types"),
        ("corert.while @goes_on @unary(%ch, %x) : (i32) -> (i32)", "'unary' has mismatching operand types"),
        ("corert.while @goes_on @goes_on(%ch, %x) : (i32) -> (i32)", "'goes_on' has mismatching result types"),
        ("corert.while @goes_on @step(%ch, %x) : (i32) -> (f32)", "operand/result type mismatch"),
        ("corert.while @goes_on @step(%ch, %x) : (i32) -> ()", "incorrect number of operands"),
    ],
}


def verify(op: Operation) -> None:
    """The op's own verifier, and those of its traits, without what xDSL adds to messages."""
    op.verify_()
    for trait in op.get_traits_of_type(OpTrait):
        trait.verify(op)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [(name, text, message) for name, cases in REFUSED.items() for text, message in cases],
)
def test_refuses(name: str, text: str, message: str, parse: Parse) -> None:
    (op,) = [op for op in parse(FUNCTIONS + text).ops if op.name == name]
    with pytest.raises(VerifyException) as caught:
        verify(op)
    if isinstance(caught.value, OpVerifyError):
        assert str(caught.value) == f"'{name}' op {message}"
        assert caught.value.op is op
    else:
        assert message in str(caught.value)


RETURNS_OTHER_TYPES = {
    "tfrt.if": f'"tfrt.if"(%c, %x) ({RETURN_I32}, {RETURN_NOTHING}) : (i1, i32) -> i32',
    "tfrt.repeat.i32": f'"tfrt.repeat.i32"(%x, %x) ({RETURN_NOTHING}) : (i32, i32) -> i32',
    "tfrt.parallel_for.i32": """"tfrt.parallel_for.i32"(%x, %x, %x) ({
        ^bb0(%a: i32, %b: i32): tfrt.return %a : i32 }) : (i32, i32, i32) -> !tfrt.chain""",
    "tfrt_test.do.async": f'"tfrt_test.do.async"(%x) ({RETURN_NOTHING}) : (i32) -> i32',
}


@pytest.mark.parametrize(("name", "text"), RETURNS_OTHER_TYPES.items(), ids=RETURNS_OTHER_TYPES.keys())
def test_a_wrong_return_is_reported_at_the_return(name: str, text: str, parse: Parse) -> None:
    (op,) = [op for op in parse(FUNCTIONS + text).ops if op.name == name]
    with pytest.raises(OpVerifyError) as caught:
        verify(op)
    assert str(caught.value) == f"'tfrt.return' op operand types don't match '{name}' result"
    assert caught.value.op is op.regions[-1].block.last_op


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            "func.func @f() -> i32 { tfrt.return }",
            "'tfrt.return' op has 0 operands, but enclosing function returns 1",
        ),
        (
            "func.func @f(%x: i32, %y: f32) -> (i32, i32) { tfrt.return %x, %y : i32, f32 }",
            "type of return operand 1 ('f32') doesn't match function result type ('i32')",
        ),
    ],
)
def test_a_function_returns_what_it_says(function: str, message: str, parse: Parse) -> None:
    (op,) = [op for op in parse(function).walk() if op.name == "tfrt.return"]
    with pytest.raises(OpVerifyError) as caught:
        verify(op)
    assert str(caught.value) == message
    assert caught.value.op is op


ACCEPTED = {
    "a call": "tfrt.call @unary(%x) : (i32) -> i32",
    "a return outside of functions": f'"x.region"() ({RETURN_I32}) : () -> ()',
    "a loop that returns nothing": """"tfrt.parallel_for.i32"(%x, %x, %x) ({
        ^bb0(%a: i32, %b: i32): tfrt.return }) : (i32, i32, i32) -> !tfrt.chain""",
    "a parallel call": "tfrt.parallel_call.i32 %x to %x fixed %x @block(%y) : f32",
    "a loop on a tensor": "corert.while @goes_on @step(%ch, %x) : (i32) -> (i32)",
    "a condition on a tensor": "corert.cond %t @step @step(%ch, %x) : (i32) -> (i32)",
    "a function of the module around": "module { tfrt.call @inner() : () -> () func.func private @inner() }",
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepts(text: str, parse: Parse) -> None:
    for op in parse(FUNCTIONS + text).walk():
        if op.name.startswith(("tfrt", "corert")):
            verify(op)


def test_functions_are_looked_up_in_the_nearest_module(parse: Parse) -> None:
    module = parse("func.func private @outer() module { tfrt.call @outer() : () -> () }")
    (op,) = [op for op in module.walk() if op.name == "tfrt.call"]
    with pytest.raises(OpVerifyError, match="'outer' does not reference a valid function"):
        verify(op)
