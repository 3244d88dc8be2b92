"""Modules that break rules: one located message for a mistake, and never an exception of another kind."""

from __future__ import annotations

import pytest

from tfrt import compile
from tfrt.executor.support.errors import CompileError

MALFORMED = [
    (
        r"""func.func @f(%x: i32, %c: i1) -> i32 { %r = "tfrt.if"(%c, %x) : (i1, i32) -> i32
tfrt.return %r : i32 }""",
        "1:45: error: 'tfrt.if' op Expected 2 regions, but got 0",
    ),
    (
        r"""func.func @f(%x: i32) -> i32 { %r = "tfrt.repeat.i32"(%x) ({^bb0: }) : (i32) -> ()
tfrt.return %x : i32 }""",
        "1:32: error: cannot name an operation with no results",
    ),
    (
        r"""func.func @f(%x: i32) -> i32 { "tfrt.repeat.i32"() ({^bb0: tfrt.return}) : () -> ()
tfrt.return %x : i32 }""",
        "1:32: error: 'tfrt.repeat.i32' op expected 1 or more operands, but found 0",
    ),
    (
        r"""func.func @f(%x: i32) -> i32 { %r = "tfrt.case"() {branches=[@f]} : () -> i32
tfrt.return %x : i32 }""",
        "1:37: error: 'tfrt.case' op expected 1 or more operands, but found 0",
    ),
    (
        r"""func.func @f(%x: i32) -> i32 { %r = "tfrt.call"(%x) : (i32) -> i32
tfrt.return %x : i32 }""",
        "1:37: error: 'tfrt.call' op requires attribute 'callee'",
    ),
    (
        r"""func.func @f(%x: i32) -> i32 { "x.y"() ({ %r = func.call @f(%x): (i32) -> i32
}) : () -> ()
tfrt.return %x : i32 }""",
        "1:48: error: BEF executor only supports references to kernels within the current region",
    ),
    (
        r"""func.func @f(%x: i32) -> i32 { "x.y"() ({ func.return %x: i32
}) : () -> ()
tfrt.return %x : i32 }""",
        "1:43: error: 'func.return' op 'func.return' expects parent op 'func.func'",
    ),
    (
        r""""func.func"() ({}) {sym_name = 3, function_type = () -> ()} : () -> ()""",
        "1:1: error: 'func.func' op attribute 'sym_name' failed to satisfy constraint: string attribute",
    ),
    (
        r""""func.func"() {sym_name = "a", function_type = () -> ()} : () -> ()
func.func @g() { tfrt.call @a() : () -> ()
tfrt.return }""",
        "1:1: error: 'func.func' op Expected 1 region, but got 0",
    ),
    (
        r""""func.func"() ({}) {sym_name = "a"} : () -> ()
func.func @g() { tfrt.call @a() : () -> ()
tfrt.return }""",
        "1:1: error: 'func.func' op requires attribute 'function_type'",
    ),
    (
        r""""func.func"() ({}) : () -> ()
func.func @g() { tfrt.call @a() : () -> ()
tfrt.return }""",
        "1:1: error: 'func.func' op requires attribute 'sym_name'",
    ),
    (
        r"""func.func @g() { tfrt.call @a() : () -> ()
tfrt.return }
"x.y"() {sym_name="a"}: () -> ()""",
        "1:18: error: 'tfrt.call' op 'a' does not reference a valid function",
    ),
    (
        r"""func.func @g() { "builtin.module"() : () -> ()
tfrt.return }""",
        "1:18: error: 'builtin.module' op Expected 1 region, but got 0",
    ),
    (
        r"""func.func @g() { "builtin.module"() ({^a:
^b:}) : () -> ()
tfrt.return }""",
        "1:18: error: empty block: expect at least a terminator",
    ),
    (
        r"""func.func @g() { "builtin.module"() ({"tfrt.call"() {callee=@g} : () -> ()
}, {}) : () -> ()
tfrt.return }""",
        "1:39: error: 'tfrt.call' op 'g' does not reference a valid function",
    ),
    (
        r"""func.func @g() { "builtin.module"() ({^a: "tfrt.call"() {callee=@g} : () -> ()
^b: "tfrt.call"() {callee=@g} : () -> ()
}) : () -> ()
tfrt.return }""",
        "1:43: error: 'tfrt.call' op 'g' does not reference a valid function",
    ),
    (
        r"""func.func @g(%h: !corert.ophandler) { "corert.executeop"(%h) {op_name="a"} : (!corert.ophandler) -> ()
tfrt.return }""",
        "1:39: error: 'corert.executeop' op requires attribute 'op_attrs'",
    ),
    (
        r"""func.func @g(%h: !corert.ophandler) {
"corert.executeop"(%h) {op_name="a", op_attrs=3, op_func_attrs=4} : (!corert.ophandler) -> ()
tfrt.return }""",
        "2:1: error: 'corert.executeop' op attribute 'op_attrs' failed to satisfy constraint: array attribute",
    ),
    (
        r"""func.func @g(%a: memref<2xi32>) {
%b = "cpu.call"(%a) {op_attrs=[], op_name="a",
metadata=[], arguments=[], steps=[], inputs=1} : (memref<2xi32>) -> memref<*xf32>
tfrt.return }""",
        "2:6: error: 'cpu.call' op result 'arrays' at position 0 does not verify:",
    ),
    (
        r"""func.return""",
        "1:1: error: 'func.return' op 'func.return' expects parent op 'func.func'",
    ),
    (
        r""""func.return"() : () -> ()""",
        "1:1: error: 'func.return' op 'func.return' expects parent op 'func.func'",
    ),
    (
        r"""func.func @g() { "func.call"() : () -> ()
tfrt.return }""",
        "1:18: error: 'func.call' op requires attribute 'callee'",
    ),
    (
        r"""%x = "x.y"() ({ "a.b"(%x) : (i32) -> () }) : () -> i32""",
        "1:23: error: operand '%x' does not dominate this use",
    ),
    (
        r"""func.func @g() { "tfrt.return"()[^bb1] : () -> ()
^bb1: tfrt.return }""",
        "1:18: error: 'tfrt.return' op Expected 0 successors, but got 1",
    ),
    (
        r"""func.func @g() { "x.br"()[^bb1] : () -> ()
^bb1(%x: i32): "x.br"(%x)[^bb2] : (i32) -> ()
^bb2: tfrt.return }""",
        "1:18: error: all functions need to have a tfrt.return",
    ),
    (
        r"""func.func @g() { %a = "x.a"() : () -> i32
"x.br"()[^bb2] : () -> ()
^bb1: "x.br"(%a)[^bb2] : (i32) -> ()
^bb2: "x.use"(%a) : (i32) -> ()
tfrt.return }""",
        "3:7: error: operand #0 does not dominate this use",
    ),
]


@pytest.mark.parametrize(("text", "message"), MALFORMED)
@pytest.mark.parametrize("opt_level", [0, 3])
def test_is_refused_where_it_is_wrong(text: str, message: str, opt_level: int) -> None:
    with pytest.raises(CompileError) as caught:
        compile(text, opt_level=opt_level)
    assert str(caught.value).partition("\n")[0] == f"-:{message}"
