"""Scalar and test kernels in programs: from MLIR text through BEF to values, diagnostics and what is printed."""

import io

import pytest

import tfrt
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.resources import ResourceContext

QUEUES = ["s", "mstd:2"]


class Run:
    """`main` of a program, run: its results, what it printed, and the diagnostics of kernels that failed.

    Results that are errors appear as the error's text.
    """

    def __init__(self, text, *arguments, queue="s", data=(), resources=None):
        out = io.StringIO()
        self.diagnostics = []
        with tfrt.HostContext(queue, out=out, diagnostic_handler=self.diagnostics.append) as host:
            function = tfrt.load(tfrt.compile(text, "main.mlir"), host=host)["main"]
            context = ExecutionContext(host, data=data, resources=resources)
            results = function.start(*arguments, context=context)
            host.wait(results)
            host.quiesce()
            self.results = [_plain(result) for result in results]
        self.printed = out.getvalue()
        self.errors = [d.headline() for d in self.diagnostics]


def _plain(result):
    if not isinstance(result, tfrt.AsyncValue):
        return result
    return f"error: {result.error.message}" if result.is_error else result.value


def main(body, returns="", **options):
    """Run ``func @main() -> (RETURNS)`` with a chain ``%ch``; `body` holds everything after it."""
    return Run(f"func.func @main() -> ({returns}) {{\n%ch = tfrt.new.chain\n{body}\n}}", **options)


def test_scalars_of_every_type():
    run = main(
        """
  %i1 = tfrt.constant.i1 true
  %i32 = tfrt.constant.i32 -5
  %i64 = tfrt.constant.i64 1099511627776
  %f16 = tfrt.constant.f16 1.5
  %f32 = tfrt.constant.f32 0.1
  %f64 = tfrt.constant.f64 0.1
  %c64 = tfrt.constant.complex64 1.0, -2.0
  %c128 = tfrt.constant.complex128 0.25, 3.0
  %ch1 = tfrt.print.i1 %i1, %ch
  %ch2 = tfrt.print.i32 %i32, %ch1
  %ch3 = tfrt.print.i64 %i64, %ch2
  %ch4 = "tfrt.print.f16"(%f16, %ch3) : (f16, !tfrt.chain) -> !tfrt.chain
  %ch5 = tfrt.print.f32 %f32, %ch4
  %ch6 = tfrt.print.f64 %f64, %ch5
  %ch7 = "tfrt.print.complex64"(%c64, %ch6) : (complex<f32>, !tfrt.chain) -> !tfrt.chain
  %ch8 = "tfrt.print.complex128"(%c128, %ch7) : (complex<f64>, !tfrt.chain) -> !tfrt.chain
  %ui32 = tfrt.constant.ui32 4000000000
  %ui64 = tfrt.constant.ui64 18446744073709551615
  %bf16 = tfrt.constant.bf16 0.5
  tfrt.return %ui32, %ui64, %bf16 : ui32, ui64, bf16""",
        "ui32, ui64, bf16",
    )
    assert run.results == [4000000000, 18446744073709551615, 0.5]
    assert run.printed == (
        "int1 = 1\nint32 = -5\nint64 = 1099511627776\nf16 = 15872\nf32 = 0.100000\nf64 = 0.100000\n"
        "complex64 = 1.000000+-2.000000i\ncomplex128 = 0.250000+3.000000i\n"
    )


@pytest.mark.parametrize(
    ("type", "arguments", "expected"),
    [
        ("i32", (2147483647, -2), [2147483645, -2147483647, 2, -1073741823, 1, False, False]),
        ("i64", (-(1 << 63), -1), [(1 << 63) - 1, -(1 << 63) + 1, -(1 << 63), -(1 << 63), 0, False, True]),
    ],
)
def test_integer_arithmetic(type, arguments, expected):
    run = Run(
        f"""
func.func @main(%a: {type}, %b: {type}) -> ({type}, {type}, {type}, {type}, {type}, i1, i1) {{
  %add = tfrt.add.{type} %a, %b
  %minus = "tfrt.minus.{type}"(%a, %b) : ({type}, {type}) -> {type}
  %mul = tfrt.mul.{type} %a, %b
  %q, %r = tfrt.div.{type} %a, %b
  %eq = tfrt.equal.{type} %a, %b
  %le = "tfrt.lessequal.{type}"(%a, %b) : ({type}, {type}) -> i1
  tfrt.return %add, %minus, %mul, %q, %r, %eq, %le : {type}, {type}, {type}, {type}, {type}, i1, i1
}}""",
        *arguments,
    )
    assert run.results == expected


@pytest.mark.parametrize(("type", "tenth"), [("f32", 0.10000000149011612), ("f64", 0.1)])
def test_float_arithmetic(type, tenth):
    run = Run(
        f"""
func.func @main(%a: {type}, %b: {type}, %i: i64) -> ({type}, {type}, {type}, {type}, {type}, i64) {{
  %add = tfrt.add.{type} %a, %b
  %mul = "tfrt.multiply.{type}"(%a, %b) : ({type}, {type}) -> {type}
  %div = "tfrt.div.{type}"(%a, %b) : ({type}, {type}) -> {type}
  %min = "tfrt.minimum.{type}"(%a, %b) : ({type}, {type}) -> {type}
  %cast = "tfrt.cast.i64_to_{type}"(%i) : (i64) -> {type}
  %back = "tfrt.cast.{type}_to_i64"(%cast) : ({type}) -> i64
  tfrt.return %add, %mul, %div, %min, %cast, %back : {type}, {type}, {type}, {type}, {type}, i64
}}""",
        1.0,
        10.0,
        7,
    )
    assert run.results == [11.0, 10.0, tenth, 1.0, 7.0, 7]


@pytest.mark.parametrize(("type", "zero"), [("i32", "0"), ("i64", "0")])
def test_division_by_zero(type, zero):
    run = main(
        f"""  %zero = tfrt.constant.{type} {zero}
  %q, %r = tfrt.div.{type} %zero, %zero
  tfrt.return %q : {type}""",
        type,
    )
    assert run.results == ["error: Divide by zero"]
    assert run.errors == ["main.mlir:4:12: error: runtime error: Divide by zero"]


def test_an_op_may_pass_a_chain_that_the_kernel_does_not_declare():
    run = main(
        """  %one = tfrt.constant.i32 1
  %ch1 = tfrt.print.i32 %one, %ch
  %sum = "tfrt.minus.i32"(%one, %one, %ch1) : (i32, i32, !tfrt.chain) -> i32
  tfrt.return %sum : i32""",
        "i32",
    )
    assert run.results == [0]


def test_an_op_may_not_pass_another_operand_too_many():
    run = main(
        """  %one = tfrt.constant.i32 1
  %sum = "tfrt.minus.i32"(%one, %one, %one) : (i32, i32, i32) -> i32
  tfrt.return %sum : i32""",
        "i32",
    )
    assert run.results == ["error: cannot run 'tfrt.minus.i32': it takes 2 operands and is given 3"]


def test_devices():
    run = main(
        """  %cpu = tfrt.get_device %ch {device_name = "CPU:0"}
  %gpu = tfrt.get_device %ch {device_name = "GPU:1"}
  tfrt.return %cpu, %gpu : !tfrt.device, !tfrt.device""",
        "!tfrt.device, !tfrt.device",
    )
    assert run.results[0].name == "CPU:0"
    assert run.results[1] == "error: cannot find device GPU:1"
    assert run.errors == ["main.mlir:4:10: error: runtime error: cannot find device GPU:1"]


def test_alias_value_carries_the_chains_error():
    run = main(
        """  %one = tfrt.constant.i32 1
  %bad = "tfrt_test.error_chain"(%ch) : (!tfrt.chain) -> !tfrt.chain
  %a = "tfrt.alias.value"(%ch, %one) : (!tfrt.chain, i32) -> i32
  %b = "tfrt.alias.value"(%bad, %one) : (!tfrt.chain, i32) -> i32
  tfrt.return %a, %b : i32, i32""",
        "i32, i32",
    )
    assert run.results == [1, "error: error chain"]


def test_tutorial():
    run = main(
        """  %x = tfrt.constant.i32 2
  %y = tfrt.constant.i32 4
  %point = "tfrt_tutorial.create_coordinate"(%x, %y) : (i32, i32) -> !tfrt_tutorial.coordinate
  %ch1 = "tfrt_tutorial.print_coordinate"(%point, %ch) : (!tfrt_tutorial.coordinate, !tfrt.chain) -> !tfrt.chain
  tfrt.return"""
    )
    assert run.printed == "(2, 4)\n"


def test_shapes():
    run = main(
        """  %s = ts.build_shape [2 : i64, 3 : i64]
  %p = ts.build_partial_shape [2 : i64, -1 : i64]
  %u = ts.build_unranked_partial_shape
  %fixed = ts.as_fixed_rank_shape.2 %s
  %ch1 = ts.print_shape %s, %ch
  %ch2 = ts.print_partial_shape %p, %ch1
  %ch3 = ts.print_partial_shape %u, %ch2
  %ch4 = ts.print_fixed_rank_shape.2 %fixed, %ch3
  %n = ts.get_num_elements %s
  %i = tfrt.constant.i32 1
  %d = ts.get_dimension %s, %i
  %back = ts.to_partial_shape %s
  %again = ts.to_shape %back
  %eq = ts.equal_shape %s, %again
  %bad = ts.to_shape %p
  tfrt.return %n, %d, %eq, %bad : i64, i64, i1, !ts.shape""",
        "i64, i64, i1, !ts.shape",
    )
    assert run.results == [6, 3, True, "error: Unknown dimensions at following indices = [1]"]
    assert run.printed == (
        "shape = [2, 3]\npartial_tensor_shape = [2, -1]\npartial_tensor_shape = Unknown rank\n"
        "fixed_rank_shape = [2, 3]\n"
    )


@pytest.mark.parametrize("queue", QUEUES)
def test_asynchronous_kernels(queue):
    run = main(
        """  %yes = "tfrt_test.async_constant.i1"() {value = true} : () -> i1
  %two = "tfrt_test.async_constant.i32"() {value = 2 : i32} : () -> i32
  %four = "tfrt_test.async_add.i32"(%two, %two) : (i32, i32) -> i32
  %a = "tfrt_test.async_copy.i32"(%four) : (i32) -> i32
  %b = "tfrt_test.async_copy_2.i32"(%a) : (i32) -> i32
  %c = "tfrt_test.async_copy.with_delay.i32"(%b) : (i32) -> i32
  %d = "tfrt_test.copy.with_delay.i32"(%c) : (i32) -> i32
  %wide = tfrt.constant.i64 7
  %e = "tfrt_test.async_copy.with_delay.i64"(%wide) : (i64) -> i64
  %f = "tfrt_test.copy.with_delay.i64"(%e) : (i64) -> i64
  %x, %y = tfrt_test.do.async %d, %yes : (i32, i1) -> (i32, i1) {
    %sum = "tfrt_test.async_add.i32"(%d, %d) : (i32, i32) -> i32
    tfrt.return %sum, %yes : i32, i1
  }
  %ch1 = "tfrt_test.as_chain"(%x) : (i32) -> !tfrt.chain
  %ch2 = tfrt.print.i32 %x, %ch1
  %ch3 = "tfrt_test.quiesce"(%ch2) : (!tfrt.chain) -> !tfrt.chain
  tfrt.return %x, %y, %f : i32, i1, i64""",
        "i32, i1, i64",
        queue=queue,
    )
    assert run.results == [8, True, 7]
    assert run.printed == "int32 = 8\n"


@pytest.mark.parametrize("queue", QUEUES)
def test_sleeping(queue):
    run = main(
        """  %a = tfrt.constant.i32 999
  "tfrt_test.usleep"(%a) : (i32) -> ()
  %ch1 = "tfrt_test.blocking.usleep"(%a) : (i32) -> !tfrt.chain
  %ch2 = "tfrt_test.print_hello"(%ch1) : (!tfrt.chain) -> !tfrt.chain
  tfrt.return""",
        queue=queue,
    )
    slept = "Slept for 999 microseconds"
    assert sorted(run.printed.splitlines()) == [slept, slept, "hello host executor!"]


@pytest.mark.parametrize("queue", QUEUES)
def test_errors_reach_the_dependants_and_are_reported_once(queue):
    run = main(
        """  %one = tfrt.constant.i32 1
  %zero = tfrt.constant.i32 0
  %a = "tfrt_test.fail"() : () -> i32
  %b, %c = "tfrt_test.partial_fail"() : () -> (i32, i32)
  %d = "tfrt_test.report_error_async"() : () -> i32
  %e = "tfrt_test.report_error_concrete_async"(%one) : (i32) -> i32
  %f = "tfrt_test.report_error_indirect_async"(%one) : (i32) -> i32
  %g = "tfrt_test.report_error_concrete_async"(%zero) : (i32) -> i32
  %h = "tfrt_test.report_error_indirect_async"(%zero) : (i32) -> i32
  %i = tfrt.add.i32 %a, %b
  %j = "tfrt_test.async_add.i32"(%d, %b) : (i32, i32) -> i32
  tfrt.return %a, %b, %c, %d, %e, %f, %g, %h, %i, %j : i32, i32, i32, i32, i32, i32, i32, i32, i32, i32""",
        "i32, i32, i32, i32, i32, i32, i32, i32, i32, i32",
        queue=queue,
    )
    bad, later = "something bad happened", "something bad happened asynchronously"
    wrapped = [f"error: {message}" for message in (bad, bad, later, later, later, bad, later)]
    a, c, d, e, f, i, j = wrapped
    assert run.results == [a, 1, c, d, e, f, 0, 0, i, j]
    places = {"5:8": bad, "6:12": bad, "7:8": later, "8:8": later, "9:8": later}
    assert sorted(run.errors) == [
        f"main.mlir:{place}: error: runtime error: {message}" for place, message in sorted(places.items())
    ]


@pytest.mark.parametrize("queue", QUEUES)
def test_cancellation_skips_what_has_not_started(queue):
    run = main(
        """  %x, %ch1 = "tfrt_test.cancel"(%ch) : (!tfrt.chain) -> (i32, !tfrt.chain)
  %ch2 = tfrt.print.i32 %x, %ch1
  tfrt.return %x, %ch2 : i32, !tfrt.chain""",
        "i32, !tfrt.chain",
        queue=queue,
    )
    assert run.results == [0, "error: Cancelled"]
    assert run.printed == ""
    assert run.errors == []


@pytest.mark.parametrize("queue", QUEUES)
def test_atomics(queue):
    run = main(
        """  %n = tfrt.constant.i32 100
  %five = tfrt.constant.i32 5
  %counter = "tfrt_test.atomic.create.i32"() : () -> !test.atomic.i32
  %done, %c = tfrt.repeat.i32 %n, %ch, %counter : !tfrt.chain, !test.atomic.i32 {
    %start = tfrt.new.chain
    %once = tfrt_test.do.async %counter, %start : (!test.atomic.i32, !tfrt.chain) -> (!tfrt.chain) {
      %inc = "tfrt_test.atomic.inc.i32"(%counter, %start) : (!test.atomic.i32, !tfrt.chain) -> !tfrt.chain
      tfrt.return %inc : !tfrt.chain
    }
    %all = tfrt.merge.chains %ch, %once : !tfrt.chain, !tfrt.chain
    tfrt.return %all, %counter : !tfrt.chain, !test.atomic.i32
  }
  %ch1 = "tfrt_test.atomic.add.i32"(%c, %five, %done) : (!test.atomic.i32, i32, !tfrt.chain) -> !tfrt.chain
  %v, %ch2 = "tfrt_test.atomic.get.i32"(%c, %ch1) : (!test.atomic.i32, !tfrt.chain) -> (i32, !tfrt.chain)
  tfrt.return %v : i32""",
        "i32",
        queue=queue,
    )
    assert run.results == [105]


def test_strings(tmp_path):
    file = tmp_path / "file"
    file.write_text("content")
    run = main(
        f"""  %a = "tfrt_test.get_string"() {{value = "bark"}} : () -> !tfrt.string
  %b = "tfrt_test.get_string"() {{value = "{file}"}} : () -> !tfrt.string
  %t = "tfrt_test.get_string"() {{value = "part-%03d"}} : () -> !tfrt.string
  %n = tfrt.constant.i32 7
  %f = "tfrt_test.format_string"(%t, %n) : (!tfrt.string, i32) -> !tfrt.string
  %c = "tfrt_test.append_string"(%a, %f) : (!tfrt.string, !tfrt.string) -> !tfrt.string
  %d = "tfrt_test.read_string_from_file"(%b) : (!tfrt.string) -> !tfrt.string
  %e = "tfrt_test.string_equal"(%a, %d) : (!tfrt.string, !tfrt.string) -> i1
  %none = "tfrt_test.read_string_from_file"(%c) : (!tfrt.string) -> !tfrt.string
  %ch1 = "tfrt_test.print_string"(%c, %ch) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain
  %ch2 = "tfrt_test.logging"(%a, %ch1) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain
  tfrt.return %d, %e, %none : !tfrt.string, i1, !tfrt.string""",
        "!tfrt.string, i1, !tfrt.string",
    )
    assert run.results == ["content", False, "error: failed to read from file barkpart-007"]
    assert run.printed == "string = barkpart-007\n"


def test_what_the_runtime_knows():
    run = main(
        """  %ch1 = "tfrt_test.print_debug_info"(%ch) : (!tfrt.chain) -> !tfrt.chain loc("scope/op")
  %ch2 = "tfrt_test.print_debug_info"(%ch1) : (!tfrt.chain) -> !tfrt.chain
  %ch3 = "tfrt_test.print_debug_info"(%ch2) : (!tfrt.chain) -> !tfrt.chain loc(fused["foo", "bar"])
  %ch4 = "tfrt_test.unique_loc"() {name = "a"} : () -> !tfrt.chain loc("a.py":1:1)
  %ch5 = "tfrt_test.unique_loc"() {name = "b"} : () -> !tfrt.chain loc("a.py":1:1)
  %c6 = "tfrt_test.unique_loc"() {name = "c"} : () -> !tfrt.chain loc(unknown)
  %c7 = "tfrt_test.unique_loc"() {name = "d"} : () -> !tfrt.chain loc(unknown)
  %both = tfrt.merge.chains %c6, %c7 : !tfrt.chain, !tfrt.chain
  %unique = "tfrt_test.get_uniqueness"(%ch) : (!tfrt.chain) -> i1
  %ch8 = "tfrt_test.print_bool"(%ch3, %unique) : (!tfrt.chain, i1) -> !tfrt.chain
  %t0 = "tfrt_test.get_thread_id"(%ch) : (!tfrt.chain) -> i32
  %t1 = "tfrt_test.get_thread_id"(%ch) : (!tfrt.chain) -> i32
  %data = "tfrt_test.get_request_context_data.i32"() : () -> i32
  %name, %ch9 = "tfrt_test.use_sample_shared_context"(%ch) : (!tfrt.chain) -> (!tfrt.string, !tfrt.chain)
  %same = tfrt.equal.i32 %t0, %t1
  "tfrt_test.memory_leak_one_int32"() : () -> ()
  tfrt.return %same, %data, %name : i1, i32, !tfrt.string""",
        "i1, i32, !tfrt.string",
        data=[41],
    )
    assert run.results == [True, 41, "sample_shared_context0"]
    assert run.printed == "scope/op\nKernel has no debug info\nfoobar\nfalse\n"
    assert run.errors == ["a.py:1:1: error: runtime error: duplicate locations a.py:1:1"]


def test_values_and_attributes():
    resources = ResourceContext()
    resources.get_or_create("val", lambda: 4)
    run = main(
        """  %one = tfrt.constant.i32 1
  %x = tfrt.constant.i64 10
  %a = "tfrt_test.identity"(%ch, %one) : (!tfrt.chain, i32) -> i32
  %b, %c = "tfrt_test.multi_arg_result"(%one, %one) : (i32, i32) -> (i32, i32)
  %d, %e = "tfrt_test.share_to_two"(%a) : (i32) -> (i32, i32)
  %f = "tfrt_test.make_indirect"(%b) : (i32) -> i32
  %g, %h, %i = tfrt_test.count3.i32 %f
  %j, %k, %l = tfrt_test.count3.i64 %x
  %sum = "tfrt_test.sum"(%g, %h, %i) : (i32, i32, i32) -> i32
  %s32 = "tfrt_test.sum_array_attr.i32"() {a = "11", b = [1 : i32, 2 : i32]} : () -> i32
  %s64 = "tfrt_test.sum_array_attr.i64"() {a = "0x10", b = [1, 2]} : () -> i64
  %t, %u, %v, %w = "tfrt_test.flat"() {value = [["string", [1 : i32, 0 : i32]], [1.5 : f32]]}
    : () -> (!tfrt.string, i32, i32, f32)
  %g1 = "tfrt_test.async_value_get"() : () -> !tfrt.string
  %g2 = "tfrt_test.async_value_ref"() : () -> !tfrt.string
  %cost = tfrt_test.test_cost %one {id = 3 : i64, _tfrt_cost = 1 : i64} : i32
  tfrt.return %sum, %l, %s32, %s64, %t, %u, %v, %w, %g1, %g2, %cost :
    i32, i64, i32, i64, !tfrt.string, i32, i32, f32, !tfrt.string, !tfrt.string, i32""",
        "i32, i64, i32, i64, !tfrt.string, i32, i32, f32, !tfrt.string, !tfrt.string, i32",
        data=[2],
        resources=resources,
    )
    assert run.results == [
        9,
        13,
        20,
        25,
        "string",
        1,
        0,
        1.5,
        "base1:base2:final_class:3",
        "available:2;unavailable;(3);available:3;unavailable;available:4",
        0,
    ]
    assert run.printed == "id: 3\n"


def test_dense_attributes():
    run = main(
        """  %t = "tfrt_test.const_dense_attr"() {value = dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>}
    : () -> !tfrt_tensor.tensor
  %ch1 = "tfrt_dht.print_tensor"(%t, %ch) : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  %type = "tfrt_test.get_static_tensor_type"() {tensor_type = "DenseHost"} : () -> !tfrt.tensor_type
  %ch2 = "tfrt_test.print_tensor_type"(%type, %ch1) : (!tfrt.tensor_type, !tfrt.chain) -> !tfrt.chain
  tfrt.return"""
    )
    assert run.printed == (
        "DenseHostTensor dtype = i32, shape = [2, 2], values = [1, 2, 3, 4]\ntensor_type = DenseHost\n"
    )


@pytest.mark.parametrize("queue", QUEUES)
def test_resources_are_destroyed(queue):
    run = main(
        """  %r, %ch1 = "tfrt_test.allocate_resource"(%ch) : (!tfrt.chain) -> (!tfrt.test.resource, !tfrt.chain)
  %ch2 = "tfrt_test.deallocate_resource"(%r, %ch1) : (!tfrt.test.resource, !tfrt.chain) -> !tfrt.chain
  tfrt.return""",
        queue=queue,
    )
    assert run.printed == ("Allocated TestResource\nDestroyed TestResource\ntfrt_test.deallocate_resource done\n")


@pytest.mark.parametrize("queue", QUEUES)
def test_resources_are_destroyed_after_a_cancellation(queue):
    run = main(
        """  %r, %ch1 = "tfrt_test.allocate_resource"(%ch) : (!tfrt.chain) -> (!tfrt.test.resource, !tfrt.chain)
  %x, %ch2 = "tfrt_test.cancel"(%ch1) : (!tfrt.chain) -> (i32, !tfrt.chain)
  %ch3 = "tfrt_test.deallocate_resource"(%r, %ch2) : (!tfrt.test.resource, !tfrt.chain) -> !tfrt.chain
  tfrt.return %ch3 : !tfrt.chain""",
        "!tfrt.chain",
        queue=queue,
    )
    assert run.results == ["error: Cancelled"]
    assert run.printed == "Allocated TestResource\nDestroyed TestResource\n"


SYNC_FUNCTIONS = """
func.func @product(%a: i32, %b: i32) -> i32 attributes {tfrt.sync} {
  %p = "tfrt.mul_s.i32"(%a, %b) : (i32, i32) -> i32
  tfrt.return %p : i32
}
func.func @quotient(%a: i32, %b: i32) -> (i32, i32) attributes {tfrt.sync} {
  %q, %r = tfrt.div.i32 %a, %b
  tfrt.return %q, %r : i32, i32
}
func.func @constants() attributes {tfrt.sync} {
  %a = "tfrt.constant_s.i64"() {value = 3 : i64} : () -> i64
  %b = "tfrt.mul_s.i64"(%a, %a) : (i64, i64) -> i64
  tfrt.return
}
"""


@pytest.mark.parametrize("how", ["invoke_sync_function", "sync_function_runner"])
def test_synchronous_functions(how):
    run = Run(
        SYNC_FUNCTIONS
        + f"""
func.func @main(%a: i32, %b: i32) -> (i32, i32, i32) {{
  %p = "tfrt_test.{how}.i32_i32.i32"(%a, %b) {{fn = @product}} : (i32, i32) -> i32
  %q, %r = "tfrt_test.{how}.i32_i32.i32_i32"(%a, %b) {{fn = @quotient}} : (i32, i32) -> (i32, i32)
  tfrt.return %p, %q, %r : i32, i32, i32
}}""",
        -7,
        2,
    )
    assert run.results == [-14, -3, -1]


def test_errors_in_synchronous_functions():
    run = Run(
        SYNC_FUNCTIONS
        + """
func.func @main(%a: i32, %b: i32) -> (i32, i32) {
  %q, %r = "tfrt_test.invoke_sync_function.i32_i32.i32_i32"(%a, %b) {fn = @quotient} : (i32, i32) -> (i32, i32)
  tfrt.return %q, %r : i32, i32
}""",
        1,
        0,
    )
    assert run.results == ["error: Divide by zero"] * 2
    assert run.errors == ["main.mlir:7:12: error: runtime error: Divide by zero"]


def test_attributes_of_a_synchronous_function():
    run = Run(
        """
func.func @main() -> i32 attributes {tfrt.sync} {
  %sum = "tfrt_test.sync_sum_attributes"() {a = 1 : i32, b = 2 : i32, c = 3 : i32} : () -> i32
  tfrt.return %sum : i32
}"""
    )
    assert run.results == [6]


@pytest.mark.parametrize("queue", QUEUES)
def test_benchmarks(queue):
    run = Run(
        SYNC_FUNCTIONS
        + """
func.func @main() -> !tfrt.chain {
  %c = tfrt.constant.i32 42
  %done = tfrt_test.benchmark "adds"(%c : i32) duration_secs = 100, max_count = 30, num_warmup_runs = 2 {
    %x = "tfrt_test.async_add.i32"(%c, %c) : (i32, i32) -> i32
    tfrt.return %x : i32
  }
  tfrt_test.sync_benchmark @constants() duration_secs = 100, max_count = 20, num_warmup_runs = 1
  tfrt.return %done : !tfrt.chain
}""",
        queue=queue,
    )
    assert "BM:adds:Count: 30\n" in run.printed
    assert "BM:constants:Count: 20\n" in run.printed
    assert run.printed.count("CPU utilization(percent): ") == 2
    assert run.errors == []


@pytest.mark.parametrize("queue", QUEUES)
def test_native_functions(queue):
    run = Run(
        """
func.func private @native_add(%a: i32, %b: i32) -> i32 attributes {tfrt.native}
func.func private @native_async_add(%a: i32, %b: i32) -> i32 attributes {tfrt.native}
func.func private @native_error() -> i32 attributes {tfrt.native}
func.func private @native_sink(%a: i32) attributes {tfrt.native}
func.func private @native_async_sink(%a: i32) -> !tfrt.chain attributes {tfrt.native}
func.func @main() -> (i32, i32, i32, !tfrt.chain) {
  %one = tfrt.constant.i32 1
  %two = "tfrt_test.async_add.i32"(%one, %one) : (i32, i32) -> i32
  %a = tfrt.call @native_add(%one, %two) : (i32, i32) -> i32
  %b = tfrt.call @native_async_add(%a, %two) : (i32, i32) -> i32
  %c = tfrt.call @native_error() : () -> i32
  tfrt.call @native_sink(%two) : (i32) -> ()
  %d = tfrt.call @native_async_sink(%two) : (i32) -> !tfrt.chain
  tfrt.return %a, %b, %c, %d : i32, i32, i32, !tfrt.chain
}""",
        queue=queue,
    )
    a, b, c, _ = run.results
    assert (a, b, c) == (3, 5, "error: something bad happened")
