"""Tensor kernels in programs: from MLIR text through BEF to what is printed."""

import io
import struct

import numpy as np
import pytest

import tfrt
from tfrt.executor.values.tensor_files import write_btf


def run(body, **paths):
    """What `main` prints; `body` gets a chain %ch0, and paths fill its {placeholders}."""
    text = f"func.func @main() {{\n  %ch0 = tfrt.new.chain\n{body.format(**paths)}\n  tfrt.return\n}}"
    out = io.StringIO()
    with tfrt.HostContext("s", out=out) as host:
        tfrt.load(tfrt.compile(text), host=host)["main"]()
        host.quiesce()
    return out.getvalue()


@pytest.mark.parametrize(
    ("suffix", "value", "printed"),
    [
        ("ui8", "200 : ui8", "dtype = u8, shape = [2], values = [200, 200]"),
        ("ui32", "4000000000 : ui32", "dtype = u32, shape = [2], values = [4000000000, 4000000000]"),
        ("ui64", "7 : ui64", "dtype = u64, shape = [2], values = [7, 7]"),
        ("i8", "-7 : i8", "dtype = i8, shape = [2], values = [-7, -7]"),
        ("i32", "-7 : i32", "dtype = i32, shape = [2], values = [-7, -7]"),
        ("i64", "-7 : i64", "dtype = i64, shape = [2], values = [-7, -7]"),
        ("bool", "true", "dtype = i1, shape = [2], values = [1, 1]"),
        ("f32", "0.1 : f32", "dtype = f32, shape = [2], values = [1.000000e-01, 1.000000e-01]"),
        ("f64", "0.1 : f64", "dtype = f64, shape = [2], values = [1.000000e-01, 1.000000e-01]"),
        ("f16", "1.0 : f16", "dtype = f16, shape = [2], values = [fp16(15360), fp16(15360)]"),
        ("bf16", "1.0 : bf16", "dtype = bf16, shape = [2], values = [bf16(16256), bf16(16256)]"),
        (
            "complex64",
            "[1.0 : f32, -2.0 : f32]",
            "dtype = complex64, shape = [2], values = [(1.000000e+00,-2.000000e+00), (1.000000e+00,-2.000000e+00)]",
        ),
    ],
)
def test_constants_of_every_type(suffix, value, printed):
    generic = f"""
  %t = "tfrt_dht.create_uninitialized_tensor.{suffix}.1"() {{{{shape = [2 : i64]}}}}
    : () -> !tfrt_tensor.tensor
  %ch1 = "tfrt_dht.fill_tensor_with_constant.{suffix}"(%t, %ch0) {{{{value = {value}}}}}
    : (!tfrt_tensor.tensor, !tfrt.chain) -> !tfrt.chain
  %ch2 = tfrt_dht.print_tensor %t, %ch1"""
    assert run(generic) == f"DenseHostTensor {printed}\n"


@pytest.mark.parametrize(
    ("suffix", "values", "printed"),
    [
        ("ui8", "[1 : ui8, 255 : ui8]", "u8, shape = [2], values = [1, 255]"),
        ("i64", "[1 : i64, -1 : i64]", "i64, shape = [2], values = [1, -1]"),
        ("bool", "[true, false]", "i1, shape = [2], values = [1, 0]"),
        ("f32", "[1.0 : f32, -0.5 : f32]", "f32, shape = [2], values = [1.000000e+00, -5.000000e-01]"),
        (
            "complex128",
            "[1.0 : f64, 2.0 : f64, 3.0 : f64, 4.0 : f64]",
            "complex128, shape = [2], values = [(1.000000e+00,2.000000e+00), (3.000000e+00,4.000000e+00)]",
        ),
    ],
)
def test_arrays_of_constants(suffix, values, printed):
    body = f"""
  %t = tfrt_dht.create_uninitialized_tensor.{suffix}.1 [2 : i64]
  %ch1 = tfrt_dht.set_tensor_with_constant_values.{suffix} %t, %ch0 {values}
  %ch2 = tfrt_dht.print_tensor %t, %ch1"""
    assert run(body) == f"DenseHostTensor dtype = {printed}\n"


def test_empty_tensors():
    body = """
  %t = tfrt_dht.create_uninitialized_tensor.f32.2 [0 : i64, 3 : i64]
  %ch1 = tfrt_dht.set_tensor_with_constant_values.f32 %t, %ch0 []
  %ch2 = tfrt_dht.print_tensor %t, %ch1
  %s = tfrt_dht.create_uninitialized_tensor.i32.0 []
  %ch3 = tfrt_dht.fill_tensor_with_constant.i32 %s, %ch2 5 : i32
  %ch4 = tfrt_dht.print_tensor %s, %ch3"""
    assert run(body) == (
        "DenseHostTensor dtype = f32, shape = [0, 3], values = []\n"
        "DenseHostTensor dtype = i32, shape = [], values = [5]\n"
    )


def test_buffers_are_shared():
    body = """
  %size = tfrt.constant.i64 16
  %alignment = tfrt.constant.i64 8
  %offset = tfrt.constant.i64 8
  %rest = tfrt.constant.i64 8
  %buffer = tfrt_dht.allocate_buffer %size, %alignment
  %shape = ts.build_shape [4 : i64]
  %whole, %ch1 = tfrt_dht.make_tensor.i32 %buffer, %shape, %ch0
  %one = tfrt.constant.i32 1
  %two = tfrt.constant.i32 2
  %ch2 = "tfrt_dht.set_tensor_with_values.i32"(%whole, %ch1, %one, %two, %one, %two)
    : (!tfrt_tensor.tensor, !tfrt.chain, i32, i32, i32, i32) -> !tfrt.chain
  %part = tfrt_dht.get_buffer_slice %buffer, %offset, %rest
  %half = ts.build_shape [2 : i64]
  %tail, %ch3 = tfrt_dht.make_tensor.i32 %part, %half, %ch2
  %ch4 = tfrt_dht.fill_tensor_with_constant.i32 %tail, %ch3 9 : i32
  %ch5 = tfrt_dht.print_tensor %whole, %ch4
  %same = tfrt_dht.get_tensor_shape %whole
  %ch6 = ts.print_shape %same, %ch5"""
    assert run(body) == ("DenseHostTensor dtype = i32, shape = [4], values = [1, 2, 9, 9]\nshape = [4]\n")


READ = """
  %path = "tfrt_test.get_string"() {{value = "{path}"}} : () -> !tfrt.string
  %i = tfrt.constant.i32 1
  %t = "btf.read_dense_tensor.f32.1"(%path, %i) : (!tfrt.string, i32) -> !tfrt_tensor.tensor
  %ch1 = tfrt_dht.print_tensor %t, %ch0"""


def test_tensors_from_files(tmp_path):
    path = tmp_path / "t.btf"
    write_btf(path, [np.zeros(1, np.int8), np.array([0.5], np.float32)])
    assert run(READ, path=path) == "DenseHostTensor dtype = f32, shape = [1], values = [5.000000e-01]\n"

    npy = tmp_path / "t.npy"
    np.save(npy, np.array([[1], [2]], np.int64))
    body = """
  %path = "tfrt_test.get_string"() {{value = "{path}"}} : () -> !tfrt.string
  %t = "tfrt_npy.read_dense_tensor.i64.2"(%path, %ch0) : (!tfrt.string, !tfrt.chain) -> !tfrt_tensor.tensor
  %ch1 = tfrt_dht.print_tensor %t, %ch0"""
    assert run(body, path=npy) == "DenseHostTensor dtype = i64, shape = [2, 1], values = [1, 2]\n"


@pytest.mark.parametrize("content", [None, struct.pack("<QQ", 1, 16)])
def test_failed_reads_fail_what_depends_on_them(tmp_path, content):
    path = tmp_path / "t.btf"
    message = f"failed to open file {path} for reading"
    if content is not None:
        path.write_bytes(content)
        message = f"invalid tensor index 1 to read tensor from path {path} which contains 1 tensors"
    text = f"""func.func @main() -> !tfrt.chain {{
  %ch0 = tfrt.new.chain
{READ.format(path=path)}
  tfrt.return %ch1 : !tfrt.chain
}}"""
    diagnostics = []
    out = io.StringIO()
    with tfrt.HostContext("s", out=out, diagnostic_handler=diagnostics.append) as host:
        main = tfrt.load(tfrt.compile(text, "t.mlir"), host=host)["main"]
        with pytest.raises(tfrt.KernelError) as caught:
            main()
    assert caught.value.message == message
    assert out.getvalue() == ""
    assert [d.headline() for d in diagnostics] == [f"t.mlir:6:8: error: runtime error: {message}"]
