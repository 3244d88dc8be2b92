"""The core runtime in synchronous functions: `corert_sync`."""

import io

import pytest

import tfrt

SETUP = """
func.func @setup() -> !tfrt.chain {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %ch = corert.register_op_handler %cpu "cpu"
  tfrt.return %ch : !tfrt.chain
}
"""

QUEUES = ["s", "mstd:2"]


def _run(body, queue, returns=""):
    """Run `body` in a synchronous function; the result or error, the lines printed, the diagnostics."""
    out, reported = io.StringIO(), []
    values, _, types = returns.partition(":")
    source = f"""{SETUP}
func.func @main() {f"-> ({types})" if types else ""} attributes {{tfrt.sync}} {{
{body}
  tfrt.return {f"{values} : {types}" if types else ""}
}}"""
    with tfrt.HostContext(queue, out=out, diagnostic_handler=lambda d: reported.append(d.headline())) as host:
        program = tfrt.load(tfrt.compile(source, filename="t.mlir"), host=host)
        program["setup"]()
        try:
            result = program["main"]()
        except tfrt.KernelError as error:
            result = error
        host.quiesce()
    return result, out.getvalue().splitlines(), reported


@pytest.mark.parametrize("queue", QUEUES)
def test_ops_run_where_they_stand(queue):
    body = """
  %cpu = corert_sync.get_op_handler "cpu"
  %a = corert_sync.create_dense_tensor.f32 {shape = [2], value = [1.5 : f32]}
  %b = corert_sync.const_dense_tensor dense<[0.5, 1.0]> : tensor<2xf32>
  %c = corert_sync.executeop(%cpu) "tfrt_test.async.noop"(%a) : 1
  %d = corert_sync.executeop(%cpu) "tfrt_test.add"(%c, %b) : 1
  corert_sync.executeop(%cpu) "tfrt_test.print"(%d)
  corert_sync.executeop(%cpu) "tfrt_test.print"(%b)"""
    result, out, reported = _run(body, queue, "%d : !corert.tensorhandle")
    assert result.numpy().tolist() == [2, 2.5]
    assert out == [
        "DenseHostTensor dtype = f32, shape = [2], values = [2.000000e+00, 2.500000e+00]",
        "DenseHostTensor dtype = f32, shape = [2], values = [5.000000e-01, 1.000000e+00]",
    ]
    assert reported == []


@pytest.mark.parametrize("suffix", ["ui8", "ui16", "ui32", "ui64", "i8", "i16", "i32", "i64"])
def test_integers(suffix):
    body = f"  %a = corert_sync.create_dense_tensor.{suffix} {{shape = [2, 1], value = [1 : {suffix}, 2 : {suffix}]}}"
    result, _, _ = _run(body, "s", "%a : !corert.tensorhandle")
    assert (result.numpy().tolist(), result.dtype.label) == ([[1], [2]], suffix.replace("ui", "u"))


@pytest.mark.parametrize("suffix", ["bf16", "f16", "f32", "f64"])
def test_floats(suffix):
    body = f"  %a = corert_sync.create_dense_tensor.{suffix} {{shape = [2], value = [0.5 : {suffix}]}}"
    result, _, _ = _run(body, "s", "%a : !corert.tensorhandle")
    assert (result.numpy().tolist(), result.dtype.label) == ([0.5, 0.5], suffix)


@pytest.mark.parametrize(
    ("suffix", "values", "expected"),
    [
        ("i1", "[true, false]", [True, False]),
        ("complex64", "[1.0 : f32, 2.0 : f32]", [1 + 2j, 1 + 2j]),
        ("complex128", "[1.0 : f64, 2.0 : f64, 3.0 : f64, 4.0 : f64]", [1 + 2j, 3 + 4j]),
    ],
)
def test_other_elements(suffix, values, expected):
    body = f"  %a = corert_sync.create_dense_tensor.{suffix} {{shape = [2], value = {values}}}"
    result, _, _ = _run(body, "s", "%a : !corert.tensorhandle")
    assert result.numpy().tolist() == expected


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('corert_sync.get_op_handler "tpu"', "op_handler not found: tpu"),
        ('corert_sync.executeop(%cpu) "no.op"() : 1', "no.op was not supported by NullOpHandler."),
        (
            'corert_sync.executeop(%cpu) "tfrt_test.error.tensor"(%a) : 1',
            "error from test.error.tensor implementation",
        ),
        (
            'corert_sync.executeop(%cpu) "tfrt_test.add"(%a, %b) : 1',
            "arguments of test.add must have same shape",
        ),
    ],
)
def test_an_error_ends_the_function(queue, body, message):
    program = f"""
  %cpu = corert_sync.get_op_handler "cpu"
  %a = corert_sync.create_dense_tensor.i32 {{shape = [2], value = [1 : i32]}}
  %b = corert_sync.create_dense_tensor.i32 {{shape = [3], value = [1 : i32]}}
  %c = {body}
  corert_sync.executeop(%cpu) "tfrt_test.print"(%a)"""
    result, out, reported = _run(program, queue, "%a : !corert.tensorhandle")
    assert isinstance(result, tfrt.KernelError) and result.message == message
    assert out == []
    assert reported == [f"t.mlir:14:8: error: runtime error: {message}"]


@pytest.mark.parametrize("queue", QUEUES)
def test_an_error_of_an_op_without_results_ends_the_function(queue):
    body = """
  %cpu = corert_sync.get_op_handler "cpu"
  %a = corert_sync.create_dense_tensor.i32 {shape = [1], value = [1 : i32]}
  corert_sync.executeop(%cpu) "tfrt_test.print"(%a, %a)
  corert_sync.executeop(%cpu) "tfrt_test.print"(%a)"""
    result, out, _ = _run(body, queue, "%a : !corert.tensorhandle")
    assert isinstance(result, tfrt.KernelError)
    assert result.message == "op 'tfrt_test.print' takes 1 inputs and is given 2"
    assert out == []
