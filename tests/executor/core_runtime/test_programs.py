"""The core runtime from programs: what the goldens leave out."""

import io

import pytest

import tfrt
from tfrt.executor.core_runtime.logging_op_handler import LoggingOpHandler

HEAD = """
func.func @cpu(%ch: !tfrt.chain) -> !corert.ophandler {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null)
    : (!corert.ophandler) -> !corert.ophandler
  tfrt.return %cpu : !corert.ophandler
}
"""


def _run(body, queue="s", function="main", arguments=()):
    out, reported = io.StringIO(), []
    with tfrt.HostContext(queue, out=out, diagnostic_handler=lambda d: reported.append(d.headline())) as host:
        program = tfrt.load(tfrt.compile(HEAD + body, filename="t.mlir"), host=host)
        try:
            result = program[function](*arguments)
        except tfrt.KernelError as error:
            result = error
        host.quiesce()
    return result, out.getvalue(), reported


MAIN = """
func.func @main() -> !tfrt.chain {
  %ch0 = tfrt.new.chain
  %cpu = tfrt.call @cpu(%ch0) : (!tfrt.chain) -> !corert.ophandler
BODY
  tfrt.return %last : !tfrt.chain
}
"""


def _main(body, queue="s", extra=""):
    result, out, reported = _run(extra + MAIN.replace("BODY", body), queue)
    return result, out.splitlines(), reported


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize(
    ("suffix", "values", "printed"),
    [
        ("i32", "[1 : i32, 2 : i32]", "DenseHostTensor dtype = i32, shape = [2], values = [1, 2]"),
        ("i64", "[7 : i64]", "DenseHostTensor dtype = i64, shape = [2], values = [7, 7]"),
        ("f32", "[0.5 : f32]", "DenseHostTensor dtype = f32, shape = [2], values = [5.000000e-01, 5.000000e-01]"),
        ("i1", "[true, false]", "DenseHostTensor dtype = i1, shape = [2], values = [1, 0]"),
        *(
            (suffix, f"[1 : {suffix}, 2 : {suffix}]", f"DenseHostTensor dtype = {label}, shape = [2], values = [1, 2]")
            for suffix, label in [
                ("ui8", "u8"),
                ("ui16", "u16"),
                ("ui32", "u32"),
                ("ui64", "u64"),
                ("i8", "i8"),
                ("i16", "i16"),
            ]
        ),
        ("f16", "[0.5 : f16]", "DenseHostTensor dtype = f16, shape = [2], values = [fp16(14336), fp16(14336)]"),
        ("bf16", "[0.5 : bf16]", "DenseHostTensor dtype = bf16, shape = [2], values = [bf16(16128), bf16(16128)]"),
        ("f64", "[0.5 : f64]", "DenseHostTensor dtype = f64, shape = [2], values = [5.000000e-01, 5.000000e-01]"),
        (
            "complex128",
            "[1.0 : f64, 2.0 : f64]",
            "DenseHostTensor dtype = complex128, shape = [2], "
            "values = [(1.000000e+00,2.000000e+00), (1.000000e+00,2.000000e+00)]",
        ),
        (
            "complex64",
            "[1.0 : f32, 2.0 : f32, 3.0 : f32, 4.0 : f32]",
            "DenseHostTensor dtype = complex64, shape = [2], "
            "values = [(1.000000e+00,2.000000e+00), (3.000000e+00,4.000000e+00)]",
        ),
    ],
)
def test_creating_dense_tensors(queue, suffix, values, printed):
    body = f"""
  %t = corert.create_dense_tensor.{suffix} {{shape = [2], value = {values}}}
  %last = "corert.print_tensorhandle"(%t, %ch0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain"""
    _, out, reported = _main(body, queue)
    assert (out, reported) == ([printed], [])


def test_a_tensor_with_the_wrong_number_of_values():
    body = """
  %t = corert.create_dense_tensor.i32 {shape = [3], value = [1 : i32, 2 : i32]}
  %last = "corert.print_tensorhandle"(%t, %ch0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain"""
    result, _, _ = _main(body)
    assert result.message == "a tensor of shape [3] needs 3 values, not 2"


def test_converting_between_handles_and_tensors():
    body = """
  %a = tfrt_dht.create_uninitialized_tensor.i32.1 [2 : i64]
  %ch1 = tfrt_dht.fill_tensor_with_constant.i32 %a, %ch0 3 : i32
  %h = "corert.ht_to_tensorhandle"(%a, %ch1) : (!tfrt_tensor.tensor, !tfrt.chain) -> !corert.tensorhandle
  %s = "corert.tensorhandle_to_shape"(%h, %ch1) : (!corert.tensorhandle, !tfrt.chain) -> !ts.shape
  %ch2 = ts.print_shape %s, %ch1
  %b = "corert.tensorhandle_to_ht"(%h, %ch2) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt_tensor.tensor
  %last = tfrt_dht.print_tensor %b, %ch2"""
    _, out, _ = _main(body)
    assert out == ["shape = [2]", "DenseHostTensor dtype = i32, shape = [2], values = [3, 3]"]


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        ("corert.const_dense_tensor dense<41> : tensor<1xi32>", 42),
        ("corert.const_dense_tensor dense<-1> : tensor<i32>", 0),
        (
            "corert.const_dense_tensor dense<1> : tensor<i64>",
            "Expecting a DenseHostTensor of int32 as branch index.",
        ),
        (
            "corert.const_dense_tensor dense<1> : tensor<2xi32>",
            "The tensor should have only one element, which is the index.",
        ),
    ],
)
def test_an_index_from_a_tensor(tensor, expected):
    body = f"""
func.func @main() -> i32 {{
  %t = {tensor}
  %i = corert.tensorhandle_to_int32 %t
  %one = tfrt.constant.i32 1
  %j = tfrt.add.i32 %i, %one
  tfrt.return %j : i32
}}"""
    result, _, _ = _run(body)
    assert (result.message if isinstance(result, tfrt.KernelError) else result) == expected


COND = """
func.func @yes(%ch: !tfrt.chain) -> (!tfrt.chain, !corert.tensorhandle) {
  %t = corert.const_string_tensor {shape = [], value = ["yes"]}
  tfrt.return %ch, %t : !tfrt.chain, !corert.tensorhandle
}
func.func @no(%ch: !tfrt.chain) -> (!tfrt.chain, !corert.tensorhandle) {
  %t = corert.const_string_tensor {shape = [], value = ["no"]}
  tfrt.return %ch, %t : !tfrt.chain, !corert.tensorhandle
}
"""


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("corert.const_dense_tensor dense<true> : tensor<i1>", '"yes"'),
        ("corert.const_dense_tensor dense<0> : tensor<1xi64>", '"no"'),
        ('corert.const_string_tensor {shape = [1], value = [""]}', '"no"'),
        ('corert.const_string_tensor {shape = [1], value = ["x"]}', '"yes"'),
        ("corert.const_dense_tensor dense<1.0> : tensor<f32>", "tensor predicate does not support dtype f32"),
        (
            "corert.const_dense_tensor dense<1> : tensor<2xi32>",
            "a tensor predicate must have one element, got shape [2]",
        ),
    ],
)
def test_cond(condition, expected):
    body = f"""
  %c = {condition}
  %r:2 = corert.cond %c @yes @no (%ch0) : () -> (!corert.tensorhandle)
  %last = "corert.print_tensorhandle"(%r#1, %r#0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain"""
    result, out, _ = _main(body, extra=COND)
    if isinstance(result, tfrt.KernelError):
        assert result.message == expected
    else:
        assert out == [f"StringHostTensor shape = [], values = [{expected}]"]


def test_an_error_tensorhandle():
    body = """
  %t = "tfrt_test.error_tensorhandle"() : () -> !corert.tensorhandle
  %last = "corert.print_tensorhandle"(%t, %ch0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain"""
    result, _, reported = _main(body)
    assert result.message == "invalid tensorhandle"
    assert len(reported) == 1


def test_an_unknown_op_handler():
    body = """
  %h = corert.get_op_handler %ch0 "none"
  %last = corert.executeop.seq(%h, %ch0) "x.y"() : 0"""
    result, _, _ = _main(body)
    assert result.message == "op_handler not found: none"


def test_attributes_built_in_a_program_are_frozen():
    body = """
  %a = "corert.create_op_attrs"() : () -> !corert.opattrs
  %ch1 = "corert.op_attrs_set.shape"(%a, %ch0) {key = "s", value = #corert.shape<1x?>}
    : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %f, %ch2 = "tfrt_test.corert.op_attrs_freeze"(%a, %ch1)
    : (!corert.opattrs, !tfrt.chain) -> (!corert.opattrsref, !tfrt.chain)
  %ch3 = "corert.op_attrs_set.aggregate"(%a, %ch2) {key = "g", value = [1 : i32, "x"]}
    : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain
  %ch4 = "tfrt_test.corert.op_attrs_ref_print"(%f, %ch3)
    : (!corert.opattrsref, !tfrt.chain) -> !tfrt.chain
  %last = "tfrt_test.corert.op_attrs_print"(%a, %ch4)
    : (!corert.opattrs, !tfrt.chain) -> !tfrt.chain"""
    _, out, _ = _main(body)
    assert out == [
        "OpAttrs contains 1 entries:",
        "  's' type=SHAPE value=<1x-1>",
        "",
        "OpAttrs contains 2 entries:",
        "  'g' type=AGGREGATE value=elt_count=2 [{unknown}, {unknown}]",
        "  's' type=SHAPE value=<1x-1>",
        "",
    ]


COMPOSITE = """
func.func @echo(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> (!tfrt.chain, !corert.tensorhandle) {
  tfrt.return %ch, %x : !tfrt.chain, !corert.tensorhandle
}
func.func @wrong(%ch: !tfrt.chain, %x: i32) -> !tfrt.chain {
  tfrt.return %ch : !tfrt.chain
}
"""


def test_composite_ops():
    body = """
  %op = "corert.make_composite_op"() {fn = @echo} : () -> !corert.op
  %t = corert.const_dense_tensor dense<5> : tensor<1xi32>
  %r = "corert.execute_crt_op"(%op, %t) {op_attrs = [], op_func_attrs = []}
    : (!corert.op, !corert.tensorhandle) -> !corert.tensorhandle
  %last = "corert.print_tensorhandle"(%r, %ch0) : (!corert.tensorhandle, !tfrt.chain) -> !tfrt.chain"""
    _, out, _ = _main(body, extra=COMPOSITE)
    assert out == ["DenseHostTensor dtype = i32, shape = [1], values = [5]"]


def test_functions_that_are_no_ops():
    body = """
  %op = "corert.make_composite_op"() {fn = @wrong} : () -> !corert.op
  %last = tfrt.merge.chains %op : !corert.op"""
    result, _, _ = _main(body, extra=COMPOSITE)
    assert result.message == (
        "The function should only takes type [!corert.tensorhandle] as input. But the 0-th argument is type [i32]."
    )


def test_the_logging_handler(lab):
    import numpy as np

    log = io.StringIO()
    handler = LoggingOpHandler(lab.handler, True, log)
    (y,) = lab.runtime.execute("t.scale", np.arange(2, dtype=np.int32), handler=handler, factor=3)
    assert y.numpy().tolist() == [0, 3]
    assert log.getvalue() == (
        "[0] dispatch 't.scale' 1 argument, OpAttrs contains 1 entries:\n"
        "  'factor' type=I64 value=3\n\n"
        "Inputs for [0]: 't.scale':\n"
        "  Input for [0] tensor 0: DenseHostTensor dtype = i32, shape = [2], values = [0, 1]\n\n"
        "Outputs for [0]: 't.scale':\n"
        "  Output for [0] tensor 0: DenseHostTensor dtype = i32, shape = [2], values = [0, 3]\n\n"
    )
