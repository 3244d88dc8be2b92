"""What a program demands of kernels, and what they may ask for."""

import pytest

import tfrt
from tests.loading import load


def test_unknown_kernels_are_all_named_with_their_places():
    bef = tfrt.compile(
        'func.func @f() {\n  "no.one"() : () -> ()\n  "no.two"() : () -> ()\n  "no.one"() : () -> ()\n  tfrt.return\n}',
        filename="x.mlir",
    )
    with pytest.raises(tfrt.LoadError) as caught:
        tfrt.load(bef)
    assert str(caught.value) == (
        "x.mlir:2:3: error: unknown kernel name 'no.one'\nx.mlir:3:3: error: unknown kernel name 'no.two'"
    )


def test_unknown_kernels_whose_names_are_not_utf_8():
    bef = tfrt.compile('func.func @f() {\n  "no.\\80"() : () -> ()\n  "\\80"() : () -> ()\n  tfrt.return\n}', "x.mlir")
    with pytest.raises(tfrt.LoadError) as caught:
        tfrt.load(bef)
    assert str(caught.value) == (
        "x.mlir:2:3: error: unknown kernel name 'no.\udc80'\nx.mlir:3:3: error: unknown kernel name '\udc80'"
    )


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ('"tfrt.add.i32"(%a) : (i32) -> i32', "cannot run 'tfrt.add.i32': it takes 2 operands and is given 1"),
        (
            '"my.two"(%a) {x = 1 : i32} : (i32) -> i32',
            "cannot run 'my.two': it takes 2 attributes (x, y) and is given 1",
        ),
        ('"my.f"(%a) : (i32) -> i32', "cannot run 'my.f': it takes 1 function and is given 0"),
        ('"my.least"() : () -> i32', "cannot run 'my.least': it takes at least 1 operand and is given 0"),
        (
            '"my.two"(%a) {x = 1 : i32, y = 1 : i64} : (i32) -> i32',
            "cannot run 'my.two': invalid BEF file: the kernel declares i32 and the file records i64 "
            "in section Attributes at offset ",
        ),
    ],
)
def test_ops_that_do_not_fit_their_kernel(op, message, temporary_kernels):
    @tfrt.kernel("my.two")
    def two(a: int, *, x: tfrt.I32, y: tfrt.I32) -> int:
        return a

    @tfrt.kernel("my.f")
    def with_function(a: int, *, f: tfrt.Function) -> int:
        return a

    @tfrt.kernel("my.least")
    def least(a: int, *rest: int) -> int:
        return a

    text = f"func.func @f(%a: i32) -> i32 {{\n  %x = {op}\n  tfrt.return %x : i32\n}}"
    from tfrt.compiler.emitter import emit
    from tfrt.compiler.frontend.pipeline import read_module

    program = tfrt.load(emit(read_module(text, "t.mlir", allow_unregistered=True, verified=False)))
    with pytest.raises(tfrt.KernelError) as caught:
        program["f"](1)
    assert caught.value.message.startswith(message)
    assert str(caught.value).startswith("t.mlir:2:8: ")


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (
            lambda: tfrt.kernel("my.bad")(_unsorted),
            "kernel 'my.bad': attributes must be declared in alphabetical order, as the file stores them: a, b",
        ),
        (lambda: tfrt.kernel("my.bad")(_keywords), "kernel 'my.bad': '**rest' is not allowed in a kernel"),
        (lambda: tfrt.kernel("my.bad")(_late), "kernel 'my.bad': operand 'a' must come before host"),
        (
            lambda: tfrt.kernel("my.bad")(_misspelt),
            "kernel 'my.bad': its annotations cannot be resolved: name 'Intt' is not defined",
        ),
        (
            lambda: tfrt.kernel("my.bad")(_metadata),
            "kernel 'my.bad': 'metadata' is what only ops of the core runtime are given",
        ),
    ],
)
def test_declarations_that_break_the_rules(declare, message, temporary_kernels):
    from tfrt.executor.declarations.kernel_registry import BUILTIN

    declare()
    with pytest.raises(tfrt.UsageError) as caught:
        BUILTIN.get("my.bad").signature  # noqa: B018
    assert str(caught.value) == message


def _unsorted(*, b: tfrt.I32, a: tfrt.I32) -> None: ...


def _keywords(**rest: int) -> None: ...


def _metadata(a: int, metadata: tfrt.ResultMetadata) -> None: ...


def _late(host: tfrt.HostContext, a: int) -> None: ...


def _misspelt(a: "Intt") -> None: ...  # noqa: F821


def test_everything_a_kernel_can_ask_for(temporary_kernels):
    seen = {}

    @tfrt.kernel("my.all")
    def everything(
        a: int,
        *rest: int,
        s: tfrt.String,
        others: tfrt.Attributes,
        callee: tfrt.Function,
        more: tfrt.Functions,
        host: tfrt.HostContext,
        context: tfrt.ExecutionContext,
        location: tfrt.Location,
        results: tfrt.ResultCount,
    ) -> tuple[int, ...]:
        seen.update(locals())
        return (a,) * results

    text = """
func.func @add(%a: i32, %b: i32) -> i32 {
  %c = tfrt.add.i32 %a, %b
  tfrt.return %c : i32
}
func.func @swap(%a: i32, %b: f32) -> (f32, i32) {
  tfrt.return %b, %a : f32, i32
}
func.func @f(%a: i32) -> (i32, i32) {
  %x:2 = "my.all"(%a, %a, %a) {f0 = @add, f1 = @swap, s = "text", t = [1 : i32], u = 2.5 : f64}
    : (i32, i32, i32) -> (i32, i32)
  tfrt.return %x#0, %x#1 : i32, i32
}"""
    program = load(text)
    assert program["f"](7) == (7, 7)
    assert seen["rest"] == (7, 7) and seen["s"] == "text" and seen["others"] == ((1,), 2.5)
    assert seen["callee"].name == "add" and [f.name for f in seen["more"]] == ["swap"]
    assert seen["host"] is program.host and seen["context"].host is program.host
    assert str(seen["location"]) == "test.mlir:10:10" and seen["results"] == 2
