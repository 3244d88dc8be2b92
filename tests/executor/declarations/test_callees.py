"""Files whose functions do not fit the kernels that run them: valid records that no text makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import tfrt
from tests.executor.bef.records import connect, encode
from tfrt.compiler import compile as compile_text
from tfrt.executor.bef import BefFile, KernelRecord, read_bef
from tfrt.executor.bef.format import SectionId
from tfrt.executor.declarations.annotations import Attributes
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.engines.function import Function
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError, LoadError
from tfrt.executor.values.attributes import I32

FUNCTIONS = """\
func.func @none() { tfrt.return }
func.func @one(%a: i32) -> i32 { tfrt.return %a : i32 }
func.func @two(%a: i32, %b: i32) -> i32 { tfrt.return %b : i32 }
func.func @pair(%a: i32) -> (i32, i32) { tfrt.return %a, %a : i32, i32 }
func.func @other(%a: f32) -> i32 { %r = tfrt.constant.i32 1
  tfrt.return %r : i32 }
func.func @float(%a: i32) -> f32 { %r = tfrt.constant.f32 1.0
  tfrt.return %r : f32 }
func.func @step(%a: i32) -> (i32, i1) { %r = tfrt.constant.i1 false
  tfrt.return %a, %r : i32, i1 }
func.func @block(%a: i32, %b: i32, %c: i32) { tfrt.return }
func.func @sync(%a: i32, %b: i32) -> i32 attributes {tfrt.sync} {
  %r = tfrt.add.i32 %a, %b
  tfrt.return %r : i32 }
func.func @sync_none(%a: i32) attributes {tfrt.sync} { tfrt.return }
func.func @tensor(%c: !tfrt.chain, %a: !corert.tensorhandle) -> (!tfrt.chain, !corert.tensorhandle) {
  tfrt.return %c, %a : !tfrt.chain, !corert.tensorhandle }
func.func @chain(%c: !tfrt.chain, %a: !corert.tensorhandle) -> !tfrt.chain { tfrt.return %c : !tfrt.chain }
"""

SITES = {
    "tfrt.call": "%r = tfrt.call @one(%x) : (i32) -> i32",
    "tfrt.cond": "%r = tfrt.cond %t @one @one (%x) : (i32) -> (i32)",
    "tfrt.case": "%r = tfrt.case %x [@one, @one] (%x) : (i32) -> (i32)",
    "tfrt.if": """%r = tfrt.if %t, %x : (i32) -> (i32) { tfrt.return %x : i32 } else { tfrt.return %x : i32 }""",
    "tfrt.repeat.i32": "%r = tfrt.repeat.i32 %x, %x : i32 { tfrt.return %x : i32 }",
    "tfrt.while": "%r = tfrt.while %t @step (%x) parallel_iterations(1) : (i32) -> (i32)",
    "tfrt.once": "%r = tfrt.once @one(%x) : (i32) -> (i32)",
    "tfrt.parallel_for.i32": "%r = tfrt.parallel_for.i32 %x to %y fixed %x, %z : i32 { tfrt.return }",
    "tfrt.parallel_call.i32": "%r = tfrt.parallel_call.i32 %x to %x fixed %x @block(%x) : i32",
    "tfrt_test.do.async": "%r = tfrt_test.do.async %x : (i32) -> (i32) { tfrt.return %x : i32 }",
    "tfrt_test.benchmark": """%r = tfrt_test.benchmark "b"(%x : i32) duration_secs = 1, max_count = 1,
      num_warmup_runs = 0 { tfrt.return %x : i32 }""",
    "tfrt_test.sync_benchmark": """tfrt_test.sync_benchmark @sync_none(%x : i32) duration_secs = 1, max_count = 1,
      num_warmup_runs = 0""",
    "tfrt_test.invoke_sync_function.i32_i32.i32": """%r = "tfrt_test.invoke_sync_function.i32_i32.i32"(%x, %x)
      {fn = @sync} : (i32, i32) -> i32""",
    "tfrt_test.sync_function_runner.i32_i32.i32": """%r = "tfrt_test.sync_function_runner.i32_i32.i32"(%x, %x)
      {fn = @sync} : (i32, i32) -> i32""",
    "corert.cond": "%r:2 = corert.cond %h @tensor @tensor (%c, %h) : (!corert.tensorhandle) -> (!corert.tensorhandle)",
    "corert.while": "%r:2 = corert.while @tensor @tensor (%c, %h) : (!corert.tensorhandle) -> (!corert.tensorhandle)",
}

CASES = [
    ("tfrt.call", 0, "two", "it has 2 arguments, not 1"),
    ("tfrt.call", 0, "none", "it has 0 arguments, not 1"),
    ("tfrt.call", 0, "other", "argument 0 of it is f32, not i32"),
    ("tfrt.call", 0, "pair", "it has 2 results, not 1"),
    ("tfrt.call", 0, "float", "result 0 of it is f32, not i32"),
    ("tfrt.cond", 1, "two", "it has 2 arguments, not 1"),
    ("tfrt.case", 1, "pair", "it has 2 results, not 1"),
    ("tfrt.if", 0, "none", "it has 0 arguments, not 1"),
    ("tfrt.repeat.i32", 0, "step", "it has 2 results, not 1"),
    ("tfrt.repeat.i32", 0, "two", "it has 2 arguments, not 1"),
    ("tfrt.while", 0, "one", "it has 1 result, not 2"),
    ("tfrt.while", 0, "pair", "result 1 of it is i32, not i1"),
    ("tfrt.once", 0, "two", "it has 2 arguments, not 1"),
    ("tfrt.parallel_for.i32", 0, "one", "it has 1 argument, not 3"),
    ("tfrt.parallel_call.i32", 0, "two", "it has 2 arguments, not 3"),
    ("tfrt_test.do.async", 0, "none", "it has 0 arguments, not 1"),
    ("tfrt_test.do.async", 0, "float", "result 0 of it is f32, not i32"),
    ("tfrt_test.benchmark", 0, "pair", "it has 2 results, not 1"),
    ("tfrt_test.sync_benchmark", 0, "one", "it is not synchronous"),
    ("tfrt_test.sync_benchmark", 0, "sync", "it has 2 arguments, not 1"),
    ("tfrt_test.invoke_sync_function.i32_i32.i32", 0, "two", "it is not synchronous"),
    ("tfrt_test.sync_function_runner.i32_i32.i32", 0, "sync_none", "it has 1 argument, not 2"),
    ("corert.cond", 0, "chain", "it has 1 result, not 2"),
    ("corert.while", 0, "chain", "it has 1 result, not 2"),
    ("corert.while", 1, "one", "it has 1 argument, not 2"),
]


def program(name: str, *, optional_sections: bool = True) -> BefFile:
    has_handle = name.startswith("corert")
    handle = ", %c: !tfrt.chain, %h: !corert.tensorhandle" if has_handle else ""
    constants = "  %y = tfrt.constant.i32 2\n  %z = tfrt.constant.i32 3\n"
    text = f"func.func @main(%x: i32, %t: i1{handle}) {{\n{constants}  {SITES[name]}\n  tfrt.return\n}}\n"
    return read_bef(compile_text(FUNCTIONS + text, "f.mlir", optional_sections=optional_sections))


def change(bef: BefFile, kernel: str, **changes: Any) -> bytes:
    """The file with the fields of its one kernel of that name changed; see `KernelRecord`."""

    def changed(record: KernelRecord) -> KernelRecord:
        return record._replace(**changes) if record.name == kernel else record

    return encode(bef, [connect(replace(f, kernels=tuple(map(changed, f.kernels)))) for f in bef.functions])


def site(bef: BefFile, name: str) -> KernelRecord:
    return next(kernel for function in bef.functions for kernel in function.kernels if kernel.name == name)


def index(bef: BefFile, name: str) -> int:
    return next(function.index for function in bef.functions if function.name == name)


@pytest.mark.parametrize("name", SITES)
def test_functions_that_fit(name: str) -> None:
    bef = program(name)
    assert "main" in tfrt.load(encode(bef, bef.functions))


@pytest.mark.parametrize(("name", "place", "callee", "problem"), CASES)
def test_functions_that_do_not_fit(name: str, place: int, callee: str, problem: str) -> None:
    bef = program(name)
    functions = list(site(bef, name).functions)
    functions[place] = index(bef, callee)
    with pytest.raises(LoadError) as caught:
        tfrt.load(change(bef, name, functions=tuple(functions)))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == f"'{name}' cannot run @{callee}: {problem}"
    assert str(diagnostic.location).startswith("f.mlir:22:")


def test_regions_that_do_not_fit() -> None:
    bef = program("tfrt.if")
    with pytest.raises(LoadError) as caught:
        tfrt.load(change(bef, "tfrt.if", arguments=(1,)))
    assert caught.value.diagnostics[0].message == "'tfrt.if' cannot run its region: it has 1 argument, not 0"


LOOPS = """\
func.func @once(%a: i32) -> (i32, i32) { tfrt.return %a, %a : i32, i32 }
func.func @until(%a: i32) -> (i32, i32, i1) { %r = tfrt.constant.i1 false
  tfrt.return %a, %a, %r : i32, i32, i1 }
func.func @both(%a: i32, %b: i32) -> (i32, i32, i1) { %r = tfrt.constant.i1 false
  tfrt.return %a, %b, %r : i32, i32, i1 }
func.func @main(%x: i32, %y: i32, %t: i1) {
  %r:2 = tfrt.repeat.i32 %x, %x, %y : i32, i32 { tfrt.return %x, %x : i32, i32 }
  %s:2 = tfrt.while %t @both (%x, %x) parallel_iterations(1) : (i32, i32) -> (i32, i32)
  tfrt.return
}
"""


@pytest.mark.parametrize(("name", "callee"), [("tfrt.repeat.i32", "once"), ("tfrt.while", "until")])
def test_loops_that_give_something_else_than_they_take(name: str, callee: str) -> None:
    bef = read_bef(tfrt.compile(LOOPS))
    operands = site(bef, name).arguments[:2]
    with pytest.raises(LoadError) as caught:
        tfrt.load(change(bef, name, arguments=operands, functions=(index(bef, callee),)))
    assert caught.value.diagnostics[0].message == f"'{name}' cannot run @{callee}: the op has 2 results, not 1"


@pytest.mark.parametrize("name", SITES)
def test_numbers_are_checked_where_the_file_records_no_types(name: str) -> None:
    bef = program(name, optional_sections=False)
    assert "main" in tfrt.load(encode(bef, bef.functions))
    wrong = index(bef, "none" if "parallel" in name else "block")
    with pytest.raises(LoadError, match=f"'{name}' cannot run @"):
        tfrt.load(change(bef, name, functions=(wrong,) * len(site(bef, name).functions)))


def test_a_case_without_branches() -> None:
    with tfrt.HostContext() as host:
        main = tfrt.load(change(program("tfrt.case"), "tfrt.case", functions=()), host=host)["main"]
        found: list[tfrt.Diagnostic] = []
        host.diagnostic_handler = found.append
        main(1, True)
    assert [d.message for d in found] == [
        "runtime error: cannot run 'tfrt.case': it takes at least 1 function and is given 0"
    ]


def test_fewer_attributes_than_a_kernel_names(registry: KernelRegistry) -> None:
    def names_one(*, a: I32, rest: Attributes) -> int:
        return a

    registry.register(Kernel("t.names_one", names_one))
    text = 'func.func @f() -> i32 { %r = "t.names_one"() : () -> i32 tfrt.return %r : i32 }'
    with HostContext(registry=registry) as host:
        program = tfrt.load(tfrt.compile(text), host=host)
        with pytest.raises(KernelError) as caught:
            program["f"]()
    assert caught.value.message == "cannot run 't.names_one': it takes at least 1 attribute and is given 0"


@pytest.mark.parametrize("plans", [True, False])
@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize("callee", ["@none", "@one", "@sync", "@native_add"])
def test_kernels_that_declare_nothing(registry: KernelRegistry, callee: str, queue: str, plans: bool) -> None:
    def careless(*, f: Function, context: ExecutionContext) -> Any:
        return f.execute(context, [1, 2, 3])[0]

    registry.register(Kernel("t.careless", careless))
    text = f"""func.func private @native_add(i32, i32) -> i32 attributes {{tfrt.native}}
{FUNCTIONS}func.func @main() -> i32 {{ %r = "t.careless"() {{f = {callee}}} : () -> i32 tfrt.return %r : i32 }}"""
    with HostContext(queue, registry=registry, plans=plans) as host:
        main = tfrt.load(tfrt.compile(text), host=host)["main"]
        takes = {"@none": 0, "@one": 1}.get(callee, 2)
        with pytest.raises(KernelError) as caught:
            main()
    assert caught.value.message == f"{callee} takes {takes} argument{'s' * (takes != 1)} and is given 3"


def test_a_corrupt_location_hides_nothing() -> None:
    """Of a kernel that nobody registered, and of one whose functions do not fit."""
    bef = program("tfrt.call")
    two = index(bef, "two")
    data = change(bef, "tfrt.call", functions=(two,))
    start = read_bef(data).section(SectionId.LOCATIONS).position
    data = (
        data[: start + site(bef, "tfrt.call").location] + b"\x63" + data[start + site(bef, "tfrt.call").location + 1 :]
    )
    with pytest.raises(LoadError) as caught:
        tfrt.load(data)
    assert str(caught.value) == "error: 'tfrt.call' cannot run @two: it has 2 arguments, not 1"
    with HostContext(registry=KernelRegistry()) as host, pytest.raises(LoadError) as caught:
        tfrt.load(data, host=host)
    assert "error: unknown kernel name 'tfrt.call'" in str(caught.value).split("\n")


@pytest.fixture
def registry() -> KernelRegistry:
    return KernelRegistry(BUILTIN)
