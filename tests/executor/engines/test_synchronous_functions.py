"""Functions that run their kernels in order, how deeply they nest, and what ends them."""

import asyncio
import re

import pytest

import tfrt
from tests.loading import load

SYNC = """
func.func @f(%a: i32) -> i32 attributes {tfrt.sync} {
  %b = "tfrt.mul_s.i32"(%a, %a) : (i32, i32) -> i32
  %c = "my.later"(%b) : (i32) -> i32
  tfrt.return %c : i32
}
func.func @fails() -> (i32, i32) attributes {tfrt.sync} {
  %a = "my.count"() : () -> i32
  %b = "tfrt_test.fail"() : () -> i32
  %c = "my.count"() : () -> i32
  tfrt.return %a, %c : i32, i32
}
func.func @calls(%a: i32) -> i32 {
  %b = tfrt.call @f(%a) : (i32) -> i32
  tfrt.return %b : i32
}"""


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_synchronous_functions(queue, temporary_kernels):
    counted = []

    @tfrt.kernel("my.later")
    def later(a: int, host: tfrt.HostContext) -> int:
        value = tfrt.AsyncValue()
        host.enqueue(lambda: value.set(a + 1))
        return value

    @tfrt.kernel("my.count")
    def count() -> int:
        counted.append(1)
        return len(counted)

    with tfrt.HostContext(queue) as host:
        program = load(SYNC, host)
        assert program["f"](3) == 10
        assert program["calls"](3) == 10
        first, second = program["fails"].start()
        assert first is second and first.error.message == "something bad happened"
        assert counted == [1]


def test_a_failing_synchronous_function_without_results(temporary_kernels):
    counted = []
    tfrt.kernel("my.count")(lambda: counted.append(1))
    program = load("""
func.func @fails() attributes {tfrt.sync} {
  %a = "tfrt_test.fail"() : () -> i32
  tfrt.return
}
func.func @calls() attributes {tfrt.sync} {
  tfrt.call @fails() : () -> ()
  "my.count"() : () -> ()
  tfrt.return
}
func.func @starts() -> i32 {
  tfrt.call @fails() : () -> ()
  %r = tfrt.constant.i32 1
  tfrt.return %r : i32
}
func.func @block(%first: i32, %last: i32) attributes {tfrt.sync} {
  %a = "tfrt_test.fail"() : () -> i32
  tfrt.return
}
func.func @parallel(%n: i32, %zero: i32) -> !tfrt.chain {
  %done = tfrt.parallel_call.i32 %zero to %n fixed %n @block()
  tfrt.return %done : !tfrt.chain
}""")
    diagnostics = []
    program.host.diagnostic_handler = diagnostics.append
    for name in ("fails", "calls"):
        with pytest.raises(tfrt.KernelError, match=r"(?m)^test.mlir:3:8: something bad happened$"):
            program[name]()
        with pytest.raises(tfrt.KernelError, match=r"(?m)^test.mlir:3:8: something bad happened$"):
            asyncio.run(program[name].call_async())
    assert len(diagnostics) == 4 and not counted
    # Nothing in a dataflow function depends on a call without results.
    assert program["starts"]() == 1
    with pytest.raises(tfrt.KernelError, match=r"(?m)^test.mlir:17:8: something bad happened$"):
        program["parallel"](2, 0)


def _nested(levels, sync=lambda level: True, host=None):
    """@f0 calls @f1 calls … calls the last function, which returns 7."""
    text = []
    for level in range(levels):
        op = "tfrt.constant.i32 7" if level + 1 == levels else f"tfrt.call @f{level + 1}() : () -> i32"
        attributes = "attributes {tfrt.sync} " if sync(level) else ""
        text.append(f"func.func @f{level}() -> i32 {attributes}{{\n  %r = {op}\n  tfrt.return %r : i32\n}}\n")
    return load("".join(text), host)


TOO_DEEP = (
    "cannot call '{}': more than 100 calls are nested, which is too deep for a synchronous function; "
    "recurse in a function without tfrt.sync, or use a loop"
)


def test_synchronous_functions_nest_so_deep():
    assert _nested(100)["f0"]() == 7
    program = _nested(300)
    diagnostics = []
    program.host.diagnostic_handler = diagnostics.append
    with pytest.raises(tfrt.KernelError) as caught:
        program["f0"]()
    assert caught.value.message == TOO_DEEP.format("f100")
    assert [str(d.location) for d in diagnostics] == ["test.mlir:398:8"]  # the call in @f99
    assert program["f200"]() == 7


@pytest.mark.parametrize(
    ("levels", "sync", "refused"),
    [
        (184, lambda level: level >= 150, None),
        (250, lambda level: level >= 150, "f228"),
        (90, lambda level: level % 2 == 0, None),
        (250, lambda level: level % 2 == 0, "f100"),
        (300, lambda level: level == 299, None),
    ],
)
def test_synchronous_functions_nested_in_others(levels, sync, refused):
    """Others that are nested deeply run as tasks, on the stack of a synchronous one that waits for them."""
    program = _nested(levels, sync, tfrt.HostContext(plans=False))
    if refused is None:
        assert program["f0"]() == 7
        return
    with pytest.raises(tfrt.KernelError) as caught:
        program["f0"]()
    assert caught.value.message == TOO_DEEP.format(refused)


@pytest.mark.parametrize("levels", [90, 250, 400])
@pytest.mark.parametrize("first", [0, 100, 200])
@pytest.mark.parametrize("threshold", [0, 1000])
def test_nesting_in_plans(levels, first, threshold):
    """How deeply plans nest is their own business; what is too deep for Python's stack is refused as ever."""
    program = _nested(levels, lambda level: level >= first, tfrt.HostContext(plan_threshold=threshold))
    try:
        assert program["f0"]() == 7
    except tfrt.KernelError as error:
        assert levels - first > 36
        assert re.fullmatch(re.escape(TOO_DEEP).replace(r"\{\}", r"f\d+"), error.message)


def test_endless_recursion_of_synchronous_functions():
    program = load("""
func.func @f() attributes {tfrt.sync} {
  tfrt.call @f() : () -> ()
  tfrt.return
}""")
    for _ in range(2):
        with pytest.raises(tfrt.KernelError) as caught:
            program["f"]()
        assert caught.value.message == TOO_DEEP.format("f")


def test_a_cancelled_synchronous_function(temporary_kernels):
    tfrt.kernel("my.later")(lambda a: a)
    tfrt.kernel("my.count")(lambda: 0)
    with tfrt.HostContext() as host:
        context = tfrt.ExecutionContext(host)
        context.cancel()
        (result,) = load(SYNC, host)["f"].start(1, context=context)
        assert isinstance(result.error, tfrt.CancelledError)
